"""Tridiagonal matrices: products, linear systems and eigenvalues."""

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import broadcast_static_shape
from tfc.ops import primitives as p
from tfc.ops.array import stack
from tfc.ops.convert import convert_to_tensor, operand, operands, static_value
from tfc.ops.decompositions import eigh, one_batch
from tfc.ops.diagonals import diag_part
from tfc.ops.gradients import conj, scalar
from tfc.ops.math import ANALYTIC
from tfc.ops.rows.spectral import neighbours, rows_of
from tfc.ops.shapes import rank_of
from tfc.ops.triangles import transposed

_FORMATS = ("compact", "matrix", "sequence")


def compact_diagonals(diagonals, layout, op) -> Tensor:
    """Diagonals in one of TensorFlow's three layouts as `[..., 3, n]`: right of the main one, it, left of it."""
    if layout == "compact":
        x = operand(op, diagonals, ANALYTIC)
        if rank_of(x, op) < 2 or x.shape_tuple[-2] not in (None, 3):
            raise argument_error(None, op, f"expected diagonals of shape [..., 3, n], got {x.shape} [Op:{op}]")
        return x
    if layout == "matrix":
        x = operand(op, diagonals, ANALYTIC)
        if rank_of(x, op) < 2:
            raise argument_error(None, op, f"Expected last two dimensions of diagonals to be equal, got {x.shape}")
        if x.shape_tuple[-1] == 1:
            zero = p.mul(x, scalar(0, x))
            return p.concat(zero, x, zero, axis=len(x.shape_tuple) - 2)
        return diag_part(x, k=(-1, 1), align="LEFT_RIGHT")
    if layout == "sequence":
        parts = [operand(op, d, ANALYTIC) for d in diagonals]
        if len(parts) != 3:
            raise ValueError(f"Expected diagonals to be a sequence of length 3, got {len(parts)}")
        right, middle, left = parts
        n = middle.shape_tuple[-1]
        if n is not None and right.shape_tuple[-1] == n - 1:
            right, left = _padded(right, 0, 1), _padded(left, 1, 0)
        shape = middle.shape
        for t in (right, left):
            shape = broadcast_static_shape(shape, t.shape)
        if None in shape.as_list():
            return stack([right, middle, left], -2)
        return stack([p.broadcast_to(t, shape=tuple(shape.as_list())) for t in (right, middle, left)], -2)
    raise ValueError(f"Unrecognized diagonals_format: {layout!r}, expected one of {', '.join(_FORMATS)}")


def _padded(x, low, high) -> Tensor:
    rank = len(x.shape_tuple)
    zeros = (0,) * (rank - 1)
    return p.pad(x, scalar(0, x), low=(*zeros, low), high=(*zeros, high))


def tridiagonal_solve(
    diagonals,
    rhs,
    diagonals_format="compact",
    transpose_rhs=False,
    conjugate_rhs=False,
    name=None,
    partial_pivoting=True,
    perturb_singular=False,
) -> Tensor:
    """X with `A @ X == rhs` for tridiagonal matrices A, in linear time.

    `diagonals`: "compact" `[..., 3, n]` (right of the main one, whose last element does not count; the main one; left
    of it, whose first element does not count), "matrix" `[..., n, n]`, or a "sequence" of the three. `rhs`: `[..., n]`
    or `[..., n, k]`. Without `partial_pivoting` rows are not exchanged. Of singular matrices, not finite. Raises
    `ValueError` for sizes that do not match.
    """
    if perturb_singular:
        raise ValueError("perturb_singular is not supported: add to the diagonal what makes the matrix regular")
    a = compact_diagonals(diagonals, diagonals_format, "tridiagonal_solve")
    a, b = operands("tridiagonal_solve", a, rhs, ANALYTIC)
    n = len(a.shape_tuple)
    is_vector = len(b.shape_tuple) == n - 1
    if is_vector:
        b = p.expand_dims(b, axes=(n - 1,))
    elif transpose_rhs:
        b = transposed(b)
    if conjugate_rhs:
        b = conj(b)
    if len(b.shape_tuple) < 2:
        raise argument_error(None, "tridiagonal_solve", f"Expected rhs of rank {n - 1} or {n}, got {b.shape}")
    sizes = (a.shape_tuple[-1], b.shape_tuple[-2])
    if None not in sizes and sizes[0] != sizes[1]:
        raise ValueError(
            f"Expected the same number of left-hand sides and right-hand sides, got {sizes[0]} and {sizes[1]}"
        )
    out = p.tridiagonal_solve(*one_batch(a, b), pivoting=bool(partial_pivoting))
    return p.squeeze(out, axes=(len(out.shape_tuple) - 1,)) if is_vector else out


def tridiagonal_matmul(diagonals, rhs, diagonals_format="compact", name=None) -> Tensor:
    """`A @ rhs` for tridiagonal matrices A, in linear time. `diagonals` as in `tridiagonal_solve`."""
    a = compact_diagonals(diagonals, diagonals_format, "tridiagonal_matmul")
    a, b = operands("tridiagonal_matmul", a, rhs, ANALYTIC)
    rank = len(b.shape_tuple)
    if rank < 2:
        raise argument_error(None, "tridiagonal_matmul", f"Expected rhs of rank at least 2, got {b.shape}")
    right, middle, left = (p.expand_dims(d, axes=(len(d.shape_tuple),)) for d in rows_of(a, 3))
    above, below = neighbours(b, -1, rank - 2), neighbours(b, 1, rank - 2)
    return p.add(p.add(p.mul(middle, b), p.mul(right, above)), p.mul(left, below))


def eigh_tridiagonal(alpha, beta, eigvals_only=True, select="a", select_range=None, tol=None, name=None):
    """Eigenvalues of Hermitian tridiagonal matrices with the diagonal `alpha` `[n]` and `beta` `[n - 1]` beside it.

    With `eigvals_only=False`, (eigenvalues, eigenvectors). `select`: "a" all; "i" those with the indices
    `select_range` (both included); "v" those in the interval `(select_range[0], select_range[1]]`. `tol` is accepted:
    results are exact to rounding.
    """
    a, b = convert_to_tensor(alpha), convert_to_tensor(beta)
    if rank_of(a, "eigh_tridiagonal") != 1 or rank_of(b, "eigh_tridiagonal") != 1:
        raise ValueError(f"expected vectors, got shapes {a.shape} and {b.shape}")
    if a.dtype is not b.dtype:
        raise TypeError(f"Both inputs must have the same dtype, got {a.dtype.name} and {b.dtype.name}")
    n = a.shape_tuple[0]
    if n is None:
        raise NotImplementedError("tf.linalg.eigh_tridiagonal needs to know the number of rows while tracing")
    if b.shape_tuple[0] not in (None, max(n - 1, 0)):
        raise ValueError(f"expected beta to have {n - 1} elements, got {b.shape}")
    # The lower triangle: the main diagonal, and conj(beta) below it.
    row = p.expand_dims(_padded(conj(b), 1, 0) if n else a, axes=(1,))
    index = np.arange(n)
    place = p.constant(value=index[None, :] - index[:, None])
    zero = scalar(0, a)
    below = p.select(p.equal(place, scalar(-1, place)), row, zero)
    matrix = p.select(p.equal(place, scalar(0, place)), p.expand_dims(a, axes=(1,)), below)
    values, vectors = eigh(matrix)
    if select == "a":
        pass
    elif select == "i":
        first, last = (int(v) for v in np.asarray(static_value(select_range)))
        if not 0 <= first <= last < n:
            raise ValueError(f"Invalid index in select_range, got {first} and {last} for {n} eigenvalues")
        take = p.constant(value=np.arange(first, last + 1))
        values, vectors = (p.gather(t, take, axis=len(t.shape_tuple) - 1, batch_dims=0) for t in (values, vectors))
    elif select == "v":
        low, high = (convert_to_tensor(v, values.dtype) for v in select_range)
        inside = p.logical_and(p.greater(values, low), p.less_equal(values, high))
        take = p.squeeze(p.nonzero(inside), axes=(1,))
        values, vectors = (p.gather(t, take, axis=len(t.shape_tuple) - 1, batch_dims=0) for t in (values, vectors))
    else:
        raise ValueError(f"'select' must be 'a', 'i' or 'v', got {select!r}")
    return values if eigvals_only else (values, vectors)
