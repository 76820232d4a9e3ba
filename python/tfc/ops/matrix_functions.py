"""Functions of matrices by composition of factorizations: determinants, inverses, exponentials, least squares."""

import collections
import math

import numpy as np

from tfc.core import Tensor, argument_error, at_once, executing_eagerly
from tfc.dtypes import complex128, float32, float64, int32, int64
from tfc.ops import primitives as p
from tfc.ops import triangles
from tfc.ops.control_flow import cond, while_loop
from tfc.ops.convert import convert_to_tensor, operand, operands
from tfc.ops.decompositions import (
    _eye_like,
    all_true,
    cholesky,
    cholesky_solve,
    diagonal_of_factors,
    inv,
    lu,
    one_batch,
    qr,
    square_matrix,
    svd,
    triangular_solve,
)
from tfc.ops.diagonals import diag
from tfc.ops.gradients import scalar
from tfc.ops.math import ANALYTIC
from tfc.ops.reductions import reduce_max, reduce_prod, reduce_sum
from tfc.ops.shapes import rank_of
from tfc.ops.sizes import sizes_of_tensor

SLogDet = collections.namedtuple("LogMatrixDeterminant", ["sign", "log_abs_determinant"])


def _permutation_sign(order, dtype) -> Tensor:
    """1 or -1: the parity of the pairs that are out of order."""
    if executing_eagerly():
        return p.constant(value=_sign(order, dtype))
    rank = len(order.shape_tuple)
    before, after = p.expand_dims(order, axes=(rank,)), p.expand_dims(order, axes=(rank - 1,))
    crossed = triangles.upper(p.cast(p.greater(before, after), dtype=int32), 1)
    count = p.reduce_sum(crossed, axes=(rank - 1, rank), keepdims=False)
    odd = p.bitwise_and(count, scalar(1, count))
    return p.cast(p.sub(scalar(1, odd), p.mul(scalar(2, odd), odd)), dtype=dtype)


def _sign(order, dtype) -> np.ndarray:
    places = order.numpy()
    crossed = np.triu(places[..., :, None] > places[..., None, :], 1)
    return np.asarray(1 - 2 * (crossed.sum((-2, -1)) % 2), dtype.np_dtype)


def _small_determinant(order, element, times, minus):
    """Of matrices of order 1 to 4, as it is defined: one loop over a batch, where factors are a loop each."""

    def minor(row, i, j):
        """Of two rows and these columns."""
        return minus(times(element(row, i), element(row + 1, j)), times(element(row, j), element(row + 1, i)))

    if order == 1:
        return element(0, 0)
    if order == 2:
        return minor(0, 0, 1)
    if order == 3:
        others = minus(times(element(0, 0), minor(1, 1, 2)), times(element(0, 1), minor(1, 0, 2)))
        return minus(others, times(element(0, 2), minor(1, 1, 0)))
    # Laplace's expansion by the minors of the first two rows; columns change sides where a term would be added.
    total = times(minor(0, 0, 1), minor(2, 2, 3))
    for first, second in (((0, 2), (1, 3)), ((0, 3), (2, 1)), ((1, 2), (3, 0)), ((1, 3), (0, 2)), ((2, 3), (1, 0))):
        total = minus(total, times(minor(0, *first), minor(2, *second)))
    return total


def _element(a, i, j) -> Tensor:
    batch = a.shape_tuple[:-2]
    part = p.slice_(a, starts=(0,) * len(batch) + (i, j), sizes=(*batch, 1, 1), strides=(1,) * (len(batch) + 2))
    return p.squeeze(part, axes=(len(batch), len(batch) + 1))


def det(input, name=None) -> Tensor:
    """Determinants of square matrices."""
    a = square_matrix(input, "det")
    order = a.shape_tuple[-1]
    wide = complex128 if a.dtype.is_complex else float64
    # Products of elements of float32 stay within the range of float64; those of float64 do not, and a minor of order 2
    # that leaves it times one that vanishes is no number.
    if a.dtype.size != 2 and None not in a.shape_tuple and 0 < order <= (3 if a.dtype is wide else 4):
        if not at_once(a):
            x = p.cast(a, dtype=wide)
            return p.cast(_small_determinant(order, lambda i, j: _element(x, i, j), p.mul, p.sub), dtype=a.dtype)
        x = a.numpy().astype(wide.np_dtype)
        with np.errstate(all="ignore"):
            made = _small_determinant(order, lambda i, j: x[..., i, j], np.multiply, np.subtract)
        return p.constant(value=np.asarray(made, a.dtype.np_dtype))
    if at_once(a) and a.dtype.size != 2:
        factors, permutation = lu(a)
        d = np.diagonal(factors.numpy(), axis1=-2, axis2=-1)
        return p.constant(value=np.asarray(_product_now(d) * _sign(permutation, a.dtype), a.dtype.np_dtype))
    d, permutation = diagonal_of_factors(a)
    return p.mul(_product(d), _permutation_sign(permutation, a.dtype))


# Products of numbers are within the range of float64, in every order, if the sizes of their logarithms have no larger
# sum.
_LOGARITHMS = 700


def _product(x) -> Tensor:
    """Of the last dimension, also where a part of it would overflow or vanish."""
    wide = p.cast(x, dtype=complex128 if x.dtype.is_complex else float64)
    unit = scalar(1, wide)
    logarithms = p.log(p.abs_(p.select(p.equal(wide, scalar(0, wide)), unit, wide)))
    spread = reduce_sum(p.abs_(logarithms), -1, keepdims=True)
    near = p.less(spread, scalar(_LOGARITHMS, spread))
    # Gradients go through both: neither may overflow where it is not asked for.
    whole = reduce_prod(p.select(near, wide, unit), -1)
    size, direction = p.exp(reduce_sum(logarithms, -1)), reduce_prod(_direction(wide), -1)
    # A size beyond the largest number times 0 is none.
    zero = p.equal(direction, scalar(0, wide))
    far = p.select(zero, direction, p.mul(direction, p.cast(size, dtype=wide.dtype)))
    return p.cast(p.select(p.squeeze(near, axes=(len(near.shape_tuple) - 1,)), whole, far), dtype=x.dtype)


def _product_now(x) -> np.ndarray:
    wide = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
    with np.errstate(all="ignore"):
        size = np.where(wide == 0, 1, np.abs(wide))
        logarithms = np.log(size)
        direction = np.prod(wide / size, -1)
        far = np.where(direction == 0, direction, direction * np.exp(logarithms.sum(-1)))
        near = np.abs(logarithms).sum(-1) < _LOGARITHMS
        return np.where(near, np.prod(wide, -1), far).astype(x.dtype)


def _direction(x) -> Tensor:
    """Numbers by their size. A zero has none, and stays."""
    size = p.abs_(x)
    unit = p.div(x, p.cast(size, dtype=x.dtype) if x.dtype.is_complex else size)
    zero = p.equal(x, scalar(0, x))
    return p.select(zero, scalar(0, x), p.select(zero, x, unit))


def slogdet(input, name=None) -> SLogDet:
    """(`sign`, `log_abs_determinant`): the determinant is their `sign * exp(log_abs_determinant)`."""
    a = square_matrix(input, "slogdet")
    d, order = diagonal_of_factors(a)
    sign = p.mul(reduce_prod(_direction(d), -1), _permutation_sign(order, a.dtype))
    total = reduce_sum(p.log(p.abs_(d)), -1)
    return SLogDet(sign, p.cast(total, dtype=a.dtype) if a.dtype.is_complex else total)


def logdet(matrix, name=None) -> Tensor:
    """The logarithm of the determinant of positive definite matrices."""
    d = p.log(triangles.diagonal_of(cholesky(matrix)))
    d = p.real(d) if d.dtype.is_complex else d
    total = reduce_sum(d, -1)
    return p.mul(scalar(2, total), total)


def pinv(a, rcond=None, validate_args=False, name=None) -> Tensor:
    """The Moore-Penrose inverses; singular values below `rcond` times the largest one count as zero."""
    a = operand("pinv", a, ANALYTIC)
    if rank_of(a, "pinv") < 2:
        raise ValueError(f"Input `a` must have at least 2 dimensions, got shape {a.shape}")
    s, u, v = svd(a)
    limit = _cutoff(a, s, rcond)
    kept = p.greater(s, limit)
    zero, one = scalar(0, s), scalar(1, s)
    inverse = p.select(kept, p.div(one, p.select(kept, s, one)), zero)
    inverse = inverse if inverse.dtype is a.dtype else p.cast(inverse, dtype=a.dtype)
    scaled = p.mul(v, p.expand_dims(inverse, axes=(len(inverse.shape_tuple) - 1,)))
    return triangles.product(scaled, triangles.adjoint(u))


def _larger_size(a, real) -> Tensor:
    """The larger of the two last sizes, as a number."""
    dims = a.shape_tuple[-2:]
    if None not in dims:
        return scalar(max(dims), real)
    sizes = p.slice_(p.shape_of(a, dtype=int32), starts=(len(a.shape_tuple) - 2,), sizes=(2,), strides=(1,))
    return p.cast(p.reduce_max(sizes, axes=(0,), keepdims=False), dtype=real.dtype)


def _cutoff(a, s, rcond):
    largest = reduce_max(s, -1, keepdims=True)
    if rcond is None:
        eps = np.finfo(s.dtype.np_dtype).eps if s.dtype.size > 2 else 2.0**-8
        factor = p.mul(scalar(10 * eps, s), _larger_size(a, s))
        return p.mul(largest, factor)
    rcond = convert_to_tensor(rcond, s.dtype)
    return p.mul(largest, p.expand_dims(rcond, axes=(len(rcond.shape_tuple),)))


def matrix_rank(a, tol=None, validate_args=False, name=None) -> Tensor:
    """The number (int32) of singular values above `tol`."""
    a = operand("matrix_rank", a, ANALYTIC)
    if rank_of(a, "matrix_rank") < 2:
        raise ValueError(f"Input `a` must have at least 2 dimensions, got shape {a.shape}")
    s = svd(a, compute_uv=False)
    if tol is None:
        eps = np.finfo(s.dtype.np_dtype).eps if s.dtype.size > 2 else 2.0**-8
        limit = p.mul(reduce_max(s, -1, keepdims=True), p.mul(scalar(eps, s), _larger_size(a, s)))
    else:
        limit = convert_to_tensor(tol, s.dtype)
    return reduce_sum(p.cast(p.greater(s, limit), dtype=int32), -1)


def lstsq(matrix, rhs, l2_regularizer=0.0, fast=True, name=None) -> Tensor:
    """X that minimizes `|matrix @ X - rhs|^2 + l2_regularizer |X|^2`; of several the smallest.

    `fast`: by the Cholesky factor of `adjoint(matrix) @ matrix` (or the other product, if there are fewer rows than
    columns), whose condition is squared; otherwise by singular values, for any rank.
    """
    a, b = operands("lstsq", matrix, rhs, ANALYTIC)
    if rank_of(a, "lstsq") < 2 or rank_of(b, "lstsq") < 2:
        raise argument_error(None, "lstsq", f"expected matrices, got shapes {a.shape} and {b.shape}")
    a, b = one_batch(a, b)
    if not fast:
        return _least_squares(a, b)
    turned = triangles.adjoint(a)

    def factor(gram):
        extra = convert_to_tensor(l2_regularizer, a.dtype)
        return cholesky(p.add(gram, p.mul(_eye_like(gram), extra)))

    def of_columns():
        return cholesky_solve(factor(triangles.product(turned, a)), triangles.product(turned, b))

    def of_rows():
        return triangles.product(turned, cholesky_solve(factor(triangles.product(a, turned)), b))

    if None not in a.shape_tuple[-2:]:
        return of_columns() if a.shape_tuple[-2] >= a.shape_tuple[-1] else of_rows()
    rows, columns = (convert_to_tensor(size, int64) for size in sizes_of_tensor(a, "lstsq")[-2:])
    return cond(p.greater_equal(rows, columns), of_columns, of_rows)


def _least_squares(a, b) -> Tensor:
    """For any rank. From QR factors of what certainly has full rank, else by singular values.

    `|R| |R^-1|` is no less than the condition: where it is below the reciprocal of the limit, no singular value counts
    as zero, and both ways have the same result. It is neither where a size is not finite.
    """
    rcond = np.finfo(a.dtype.real_dtype.np_dtype).eps * 10
    by_values = lambda: triangles.product(pinv(a, rcond=rcond), b)
    if None in a.shape_tuple or 0 in a.shape_tuple:
        return by_values()
    tall = a.shape_tuple[-2] >= a.shape_tuple[-1]
    q, r = qr(a if tall else triangles.adjoint(a))
    inverse = triangular_solve(r, _eye_like(r), lower=False)
    sizes = [reduce_sum(p.abs_(p.mul(x, _conjugate(x))), (-2, -1)) for x in (r, inverse)]
    condition = p.stop_gradient(p.mul(*(p.sqrt(size) for size in sizes)))
    is_certain = all_true(p.less(p.mul(condition, scalar(rcond, condition)), scalar(1, condition)))

    def by_factors():
        if tall:
            return triangular_solve(r, triangles.product(triangles.adjoint(q), b), lower=False)
        return triangles.product(q, triangular_solve(r, b, lower=False, adjoint=True))

    return cond(is_certain, by_factors, by_values)


def _conjugate(x) -> Tensor:
    return p.conj(x) if x.dtype.is_complex else x


# Higham, "The scaling and squaring method for the matrix exponential revisited" (2005): the Pade approximant of
# degree 13, and the norm up to which it is exact to float64.
_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
_PADE_NORM = 5.371920351148152


def expm(input, name=None) -> Tensor:
    """Exponentials of square matrices, by scaling, Pade's approximation and repeated squaring."""
    a = square_matrix(input, "expm")
    if a.dtype.size == 2:
        return p.cast(expm(p.cast(a, dtype=float32)), dtype=a.dtype)
    norm = reduce_max(reduce_sum(p.abs_(a), -2), -1, keepdims=True)
    times = p.ceil(p.div(p.log(p.div(norm, scalar(_PADE_NORM, norm))), scalar(math.log(2), norm)))
    times = p.maximum(times, scalar(0, times))
    times = p.expand_dims(p.select(p.is_finite(times), times, scalar(0, times)), axes=(len(times.shape_tuple),))
    scale = p.pow_(scalar(0.5, times), times)
    x = p.mul(a, scale if scale.dtype is a.dtype else p.cast(scale, dtype=a.dtype))
    out = _pade(x)
    if 0 in a.shape_tuple:
        return out
    most = reduce_max(times)
    zero, one = scalar(0, times), scalar(1, times)

    def square(i, m):
        again = p.less(i, times)
        return p.add(i, one), p.select(again, triangles.product(m, m), m)

    return while_loop(lambda i, m: p.less(i, most), square, (zero, out))[1]


def _pade(x):
    eye = _eye_like(x)
    product = triangles.product
    x2 = product(x, x)
    x4 = product(x2, x2)
    x6 = product(x4, x2)
    c = [scalar(v, x) for v in _PADE]

    def combined(*pairs):
        total = None
        for factor, power in pairs:
            term = p.mul(factor, power)
            total = term if total is None else p.add(total, term)
        return total

    high = product(x6, combined((c[13], x6), (c[11], x4), (c[9], x2)))
    odd = product(x, p.add(high, combined((c[7], x6), (c[5], x4), (c[3], x2), (c[1], eye))))
    high = product(x6, combined((c[12], x6), (c[10], x4), (c[8], x2)))
    even = p.add(high, combined((c[6], x6), (c[4], x4), (c[2], x2), (c[0], eye)))
    return p.solve(p.sub(even, odd), p.add(even, odd))


def sqrtm(input, name=None) -> Tensor:
    """The principal square roots of square matrices: eigenvalues with a real part of at least 0.

    From the Schur form (Björck and Hammarling, 1983). Real matrices whose root is not real (a negative eigenvalue)
    give NaN: cast them to a complex dtype first.
    """
    a = square_matrix(input, "sqrtm")
    if a.dtype.is_complex:
        return p.sqrtm(a)
    if a.dtype.size == 2:
        return p.cast(sqrtm(p.cast(a, dtype=float32)), dtype=a.dtype)
    root = p.sqrtm(p.complex_(a, p.mul(a, scalar(0, a))))
    out, other = p.real(root), p.stop_gradient(p.abs_(p.imag(root)))
    size = p.add(p.stop_gradient(p.abs_(out)), other)
    if 0 in a.shape_tuple:
        return out
    rank = len(a.shape_tuple)
    other, size = (p.reduce_max(t, axes=(rank - 2, rank - 1), keepdims=True) for t in (other, size))
    limit = scalar(np.sqrt(np.finfo(a.dtype.np_dtype).eps), a)
    return p.select(p.greater(other, p.mul(size, limit)), scalar(np.nan, a), out)


def logm(input, name=None) -> Tensor:
    """The principal logarithms of complex square matrices; NaN of singular ones.

    From the Schur form, by inverse scaling and squaring (Higham, "Functions of Matrices", chapter 11).
    """
    return p.logm(square_matrix(operand("logm", input, "c"), "logm"))


def matrix_power(x, n: int) -> Tensor:
    """`x` multiplied with itself `n` times; of its inverse for a negative `n`."""
    x = square_matrix(x, "matrix_power")
    if n < 0:
        x, n = inv(x), -n
    result = None
    while n:
        if n & 1:
            result = x if result is None else triangles.product(result, x)
        n >>= 1
        if n:
            x = triangles.product(x, x)
    return _eye_like(x) if result is None else result


def banded_triangular_solve(bands, rhs, lower=True, adjoint=False, name=None) -> Tensor:
    """X with `A @ X == rhs` for a triangular A, given as the rows of its diagonals: the main one first if `lower`,
    else last.
    """
    bands, b = operands("banded_triangular_solve", bands, rhs, ANALYTIC)
    if rank_of(bands, "banded_triangular_solve") < 2:
        raise ValueError(f"banded_triangular_solve: `bands` has rank 2 at least, got shape {bands.shape}")
    count, n = bands.shape_tuple[-2:]
    if count is None or n is None:
        raise ValueError("tf.linalg.banded_triangular_solve needs to know the shape of `bands` while tracing")
    if lower:
        k, align = (-(count - 1), 0), "LEFT_RIGHT"
    else:
        k, align = (0, count - 1), "LEFT_LEFT"
    one = count == 1
    a = diag(p.squeeze(bands, axes=(len(bands.shape_tuple) - 2,)) if one else bands, k=0 if one else k, align=align)
    return triangular_solve(a, b, lower=lower, adjoint=adjoint)
