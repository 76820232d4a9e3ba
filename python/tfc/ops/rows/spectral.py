"""Rows of eigenvalues and functions of square matrices that need not be Hermitian, and of tridiagonal systems.

Sources: Golub and Van Loan, "Matrix Computations"; Higham, "Functions of Matrices" (2008); for the gradient of
eigenvectors, van der Aa et al., "Computation of eigenvalue and eigenvector derivatives for a general complex-valued
eigensystem" (2007); of functions of matrices, Mathias, "A chain rule for matrix functions" (1996).
"""

import numpy as np

from tfc.dtypes import int64
from tfc.ops import primitives as p
from tfc.ops.gradients import conj, dynamic_shape, known, scalar
from tfc.ops.rows.matrix import inverse_differences, like
from tfc.ops.table import IN_ORDER, row
from tfc.ops.triangles import adjoint, diagonal_matrix, diagonal_of, product

# Meanings.


def _stacked(function, x):
    """`function` of each matrix of a stack, NaN where elements are not finite."""
    if x.size == 0:
        return x
    n = x.shape[-1]
    results = []
    for matrix in x.reshape(-1, n, n):
        if np.isfinite(matrix).all():
            results.append(function(matrix))
        else:
            results.append(np.full_like(matrix, np.nan))
    return np.stack(results).reshape(x.shape)


def _eig(x):
    complex_type = np.result_type(x.dtype, np.complex64)
    n = x.shape[-1]
    values = np.full(x.shape[:-1], np.nan, complex_type)
    vectors = np.full(x.shape, np.nan, complex_type)
    for i in np.ndindex(x.shape[:-2]):
        if n and np.isfinite(x[i]).all():
            w, v = np.linalg.eig(x[i])
            order = _eigenvalue_order(w, 2.0**13 if complex_type == np.complex64 else 2.0**34)
            values[i], vectors[i] = w[order], _in_phase(v)[:, order]
    return values, vectors


def _eigenvalue_order(w, steps):
    """By size, then from right to left and from above to below; what differs by rounding only counts as equal."""
    scale = steps / (np.abs(w).max() or 1)
    return np.lexsort([np.rint(-w.imag * scale), np.rint(-w.real * scale), np.rint(np.abs(w) * scale)])


def _in_phase(v):
    """Columns whose first element that is at least half as large as the largest is real and positive."""
    size = np.abs(v)
    first = np.argmax(size >= size.max(0) / 2, axis=0)
    at = first, np.arange(v.shape[1])
    return v * np.where(size[at] == 0, 1, np.conj(v[at]) / np.where(size[at] == 0, 1, size[at]))


def _schur(a):
    """(T, Z) with a == Z T Z^H and an upper triangular T, by QR steps with Wilkinson's shift."""
    t, z = a.copy(), np.eye(len(a), dtype=a.dtype)
    eps = np.finfo(a.dtype).eps
    last, tries, norm = len(a) - 1, 0, np.abs(a).max(initial=0)
    while last > 0:
        below = np.abs(t[last, :last]).sum()
        if below <= eps * max(abs(t[last, last]) + abs(t[last - 1, last - 1]), eps * norm) or tries == 100:
            t[last, :last] = 0
            last, tries = last - 1, 0
            continue
        tries += 1
        block = t[: last + 1, : last + 1]
        shift = block[last, last] + below if tries % 10 == 0 else _wilkinson(block[-2:, -2:])
        q, _ = np.linalg.qr(block - shift * np.eye(last + 1, dtype=a.dtype))
        t[: last + 1] = q.conj().T @ t[: last + 1]
        t[:, : last + 1] = t[:, : last + 1] @ q
        z[:, : last + 1] = z[:, : last + 1] @ q
    return np.triu(t), z


def _wilkinson(m):
    (a, b), (c, d) = m
    half = (a - d) / 2
    root = np.sqrt(half * half + b * c)
    divisor = half + root if abs(half + root) >= abs(half - root) else half - root
    return d if divisor == 0 else d - b * c / divisor


def _triangular_sqrt(t):
    """Björck and Hammarling, "A Schur method for the square root of a matrix" (1983)."""
    r = np.diag(np.sqrt(np.diagonal(t)))
    for j in range(len(t)):
        for i in reversed(range(j)):
            rest = t[i, j] - r[i, i + 1 : j] @ r[i + 1 : j, j]
            if rest != 0:
                with np.errstate(all="ignore"):
                    r[i, j] = rest / (r[i, i] + r[j, j])
    return r


def _sqrtm(x):
    def root(a):
        t, z = _schur(a)
        return z @ _triangular_sqrt(t) @ z.conj().T

    return _stacked(root, x)


# Gauss and Legendre's quadrature on [0, 1], which gives the partial fractions of Padé's approximant of log(1 + x).
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(7)


def _triangular_log(t):
    eye = np.eye(len(t), dtype=t.dtype)
    diagonal = np.log(np.diagonal(t))
    times = 0
    while not np.abs(t - eye).sum(0).max(initial=0) <= 0.25 and times < 80:
        t, times = _triangular_sqrt(t), times + 1
    e = t - eye
    out = sum(w / 2 * np.linalg.solve(eye + (0.5 + u / 2) * e, e) for u, w in zip(_NODES, _WEIGHTS, strict=True))
    out = (out * 2.0**times).astype(t.dtype)
    np.fill_diagonal(out, diagonal)
    return out


def _logm(x):
    def logarithm(a):
        t, z = _schur(a)
        if (np.diagonal(t) == 0).any():
            return np.full_like(a, np.nan)
        return z @ _triangular_log(t) @ z.conj().T

    return _stacked(logarithm, x)


def _tridiagonal_solve(diagonals, b, pivoting):
    n = b.shape[-2]
    x, above = b.copy(), diagonals[..., 0, :].copy()
    # Rows of U: its diagonal and the two above, of which the second one is filled by exchanges.
    u = np.zeros((*diagonals.shape[:-2], 3, n), b.dtype)
    middle, below = diagonals[..., 1, :], diagonals[..., 2, :]
    if n:
        above[..., n - 1] = 0
        u[..., 0, 0], u[..., 1, 0] = middle[..., 0], above[..., 0]
    for i in range(n - 1):
        pivot, next_below, center = u[..., 0, i].copy(), below[..., i + 1], middle[..., i + 1]
        swap = (np.abs(pivot) < np.abs(next_below)) if pivoting else np.zeros(pivot.shape, bool)
        factor = np.where(swap, pivot, next_below) / np.where(swap, next_below, pivot)
        beside = u[..., 1, i].copy()
        u[..., 0, i] = np.where(swap, next_below, pivot)
        u[..., 1, i] = np.where(swap, center, beside)
        u[..., 2, i] = np.where(swap, above[..., i + 1], 0)
        u[..., 0, i + 1] = np.where(swap, beside - factor * center, center - factor * beside)
        u[..., 1, i + 1] = np.where(swap, -factor * above[..., i + 1], above[..., i + 1])
        upper, lower = x[..., i, :].copy(), x[..., i + 1, :].copy()
        f, s = factor[..., None], swap[..., None]
        x[..., i, :] = np.where(s, lower, upper)
        x[..., i + 1, :] = np.where(s, upper - f * lower, lower - f * upper)
    for i in reversed(range(n)):
        for k in (1, 2):
            if i + k < n:
                x[..., i, :] -= u[..., k, i, None] * x[..., i + k, :]
        x[..., i, :] /= u[..., 0, i, None]
    return x


# Gradients.


def _real_like(g, x):
    return g if x.dtype.is_complex else p.real(g)


def _eig_vjp(grads, outs, x):
    """Eigenvectors are those of length 1; what depends on their phase has no gradient."""
    (gw, gv), (w, v) = grads, outs
    turned = adjoint(v)
    middle = None if gw is None else diagonal_matrix(gw)
    if gv is not None:
        inner = product(turned, gv)
        along = p.real(diagonal_of(inner))
        inner = p.sub(inner, product(product(turned, v), diagonal_matrix(like(along, v))))
        inner = p.mul(conj(inverse_differences(w)), inner)
        middle = inner if middle is None else p.add(middle, inner)
    return (_real_like(p.solve(turned, product(middle, turned)), x),)


def _function_vjp(function):
    """The derivative of f at A along G is a corner of f of the block matrix ((A, G), (0, A))."""

    def vjp(g, out, x):
        rank = len(x.shape_tuple)
        turned = adjoint(x)
        nothing = p.mul(turned, scalar(0, turned))
        above = p.concat(turned, g, axis=rank - 1)
        whole = function(p.concat(above, p.concat(nothing, turned, axis=rank - 1), axis=rank - 2))
        return _upper_right(whole, x)

    return vjp


def _upper_right(whole, x):
    rank, dims = len(x.shape_tuple), x.shape_tuple
    if known(dims):
        n = dims[-1]
        return p.slice_(whole, starts=(*(0,) * (rank - 1), n), sizes=dims, strides=(1,) * rank)
    last = p.constant(value=np.array([0] * (rank - 1) + [1], np.int64))
    begins = p.mul(p.cast(dynamic_shape(x), dtype=int64), last)
    corner = p.dynamic_strided_slice(
        whole,
        begins,
        p.cast(dynamic_shape(x), dtype=int64),
        strides=(1,) * rank,
        begin_mask=(1 << rank - 1) - 1,
        end_mask=((1 << rank) - 1) & ~(1 << rank - 2),
    )
    return p.ensure_shape(corner, shape=dims)


def neighbours(x, by, axis):
    """`x` moved by one place along an axis, up (`by` 1) or down (-1), with zeros behind it."""
    rank = len(x.shape_tuple)
    low = tuple(1 if i == axis and by > 0 else 0 for i in range(rank))
    high = tuple(1 if i == axis and by < 0 else 0 for i in range(rank))
    wide = p.pad(x, scalar(0, x), low=low, high=high)
    dims = x.shape_tuple
    if known(dims):
        return p.slice_(wide, starts=high, sizes=dims, strides=(1,) * rank)
    begins = p.constant(value=np.array(high, np.int64))
    ends = p.add(begins, p.cast(dynamic_shape(x), dtype=int64))
    taken = p.dynamic_strided_slice(wide, begins, ends, strides=(1,) * rank, begin_mask=0, end_mask=0)
    return p.ensure_shape(taken, shape=dims)


def rows_of(x, count):
    """The last but one dimension taken apart."""
    rank = len(x.shape_tuple)
    index = [p.constant(value=np.array(i, np.int64)) for i in range(count)]
    return [p.gather(x, i, axis=rank - 2, batch_dims=0) for i in index]


def _tridiagonal_solve_vjp(g, out, diagonals, b, pivoting):
    axis = len(b.shape_tuple) - 2
    right, middle, left = rows_of(diagonals, 3)
    turned = (neighbours(left, -1, axis), middle, neighbours(right, 1, axis))
    turned = p.concat(*(p.expand_dims(conj(d), axes=(axis,)) for d in turned), axis=axis)
    gb = p.tridiagonal_solve(turned, g, pivoting=pivoting)
    moved = (neighbours(out, -1, axis), out, neighbours(out, 1, axis))
    parts = [p.reduce_sum(p.mul(gb, conj(t)), axes=(axis + 1,), keepdims=False) for t in moved]
    return p.neg(p.concat(*(p.expand_dims(t, axes=(axis,)) for t in parts), axis=axis)), gb


row(p.eig, _eig, _eig_vjp, kinds="fc", gpu=IN_ORDER)
row(p.sqrtm, _sqrtm, (_function_vjp(p.sqrtm),), kinds="c", gpu=IN_ORDER)
row(p.logm, _logm, (_function_vjp(p.logm),), kinds="c", gpu=IN_ORDER)
row(p.tridiagonal_solve, _tridiagonal_solve, _tridiagonal_solve_vjp, kinds="fc", gpu=IN_ORDER)
