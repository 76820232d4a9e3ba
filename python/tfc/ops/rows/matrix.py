"""Rows of factorizations, linear systems and the Fourier transform.

Sources of the gradients: Giles, "An extended collection of matrix derivative results" (2008); Murray,
"Differentiation of the Cholesky decomposition" (2016); Wan and Zhang, "Automatic differentiation for complex valued
SVD" (2019).
"""

import numpy as np

from tfc import _native
from tfc.core import Primitive, should_record
from tfc.dtypes import int32
from tfc.ops import primitives as p
from tfc.ops.gradients import scalar, zeros_like
from tfc.ops.table import IN_ORDER, linear, row
from tfc.ops.triangles import (
    adjoint,
    diagonal_matrix,
    diagonal_of,
    diagonal_only,
    lower,
    product,
    upper,
)

# Meanings.


def _each(f, *operands):
    """`f` of stacks of matrices; where it refuses one of them, of each alone, and NaN where it refuses."""
    try:
        return f(*operands)
    except np.linalg.LinAlgError:
        pass
    last = operands[-1]
    if last.ndim == 2:
        return np.full_like(last, np.nan)
    return np.stack([_each(f, *(o[i] for o in operands)) for i in range(last.shape[0])])


def _cholesky(x):
    out = _each(np.linalg.cholesky, x).astype(x.dtype, copy=False)
    return _nan_unless(~np.isnan(out).any(axis=(-2, -1)), out)


# Up to here native code solves triangular systems; more rows are faster with products of matrices.
_FEW_ROWS = 64


def _triangular_solve(a, b, lower, unit):
    x = b.copy()
    n = a.shape[-1]
    if n <= _FEW_ROWS:
        _native.triangular_solve(np.ascontiguousarray(a), x, lower, unit)
        return x
    for i in range(n) if lower else reversed(range(n)):
        done = slice(0, i) if lower else slice(i + 1, n)
        x[..., i : i + 1, :] -= a[..., i : i + 1, done] @ x[..., done, :]
        if not unit:
            x[..., i, :] /= a[..., i, i, None]
    return x


def _solve(a, b):
    fine, inside = _finite(a)
    if fine.all():
        return _each(np.linalg.solve, a, b).astype(b.dtype, copy=False)
    # What is NaN then follows from the order of operations, which is that of compiled code here.
    out = b.copy()
    out[fine] = _each(np.linalg.solve, inside[fine], b[fine])
    factors, order = _lu(a[~fine])
    rows = np.take_along_axis(b[~fine], order[..., None].astype(np.int64), axis=-2)
    half = _triangular_solve(factors, rows, lower=True, unit=True)
    out[~fine] = _triangular_solve(factors, half, lower=False, unit=False)
    return out


def _lu(x):
    factors, order = x.copy(), np.empty(x.shape[:-1], np.int32)
    _native.lu(factors, order)
    return factors, order


def _qr(x, full):
    if 0 in x.shape[-2:]:
        rows, columns = x.shape[-2:]
        inner = rows if full else min(rows, columns)
        q = np.broadcast_to(np.eye(rows, inner, dtype=x.dtype), (*x.shape[:-1], inner))
        return q.copy(), np.zeros((*x.shape[:-2], inner, columns), x.dtype)
    fine, x = _finite(x)
    q, r = (v.astype(x.dtype, copy=False) for v in np.linalg.qr(x, mode="complete" if full else "reduced"))
    return _nan_unless(fine, q), np.triu(_nan_unless(fine, r))


def _finite(x):
    """Which matrices of a stack are finite, and the stack with zeros for those that are not: LAPACK gives numbers for
    some of them, and never ends for others.
    """
    fine = np.isfinite(x).all(axis=(-2, -1))
    return fine, x if fine.all() else np.where(fine[..., None, None], x, np.zeros((), x.dtype))


def _nan_unless(fine, value):
    """`value` of a stack, NaN for the matrices that are not `fine`."""
    if fine.all():
        return value
    return np.where(fine.reshape(fine.shape + (1,) * (value.ndim - fine.ndim)), value, np.array(np.nan, value.dtype))


def _eigh(x):
    real = np.empty(0, x.dtype).real.dtype
    # Only the lower triangle counts.
    fine, x = _finite(np.tril(x))
    try:
        values, vectors = np.linalg.eigh(x)
    except np.linalg.LinAlgError:
        return np.full(x.shape[:-1], np.nan, real), np.full_like(x, np.nan)
    return (
        _nan_unless(fine, values.astype(real, copy=False)),
        _nan_unless(fine, vectors.astype(x.dtype, copy=False)),
    )


def _svd(x, full):
    real = np.empty(0, x.dtype).real.dtype
    rows, columns = x.shape[-2:]
    count = min(rows, columns)
    if count == 0:
        eyes = [np.eye(n, n if full else 0, dtype=x.dtype) for n in (rows, columns)]
        u, v = (np.broadcast_to(e, (*x.shape[:-2], *e.shape)).copy() for e in eyes)
        return np.zeros((*x.shape[:-2], 0), real), u, v
    fine, x = _finite(x)
    try:
        u, s, vh = np.linalg.svd(x, full_matrices=full)
    except np.linalg.LinAlgError:
        shapes = [(n, n if full else count) for n in (rows, columns)]
        u, v = (np.full((*x.shape[:-2], *s), np.nan, x.dtype) for s in shapes)
        return np.full((*x.shape[:-2], count), np.nan, real), u, v
    v = np.swapaxes(vh, -1, -2).conj()
    s, u, v = s.astype(real, copy=False), u.astype(x.dtype, copy=False), v.astype(x.dtype, copy=False)
    return _nan_unless(fine, s), _nan_unless(fine, u), _nan_unless(fine, v)


def _fft(x, inverse):
    if x.size == 0:
        return x
    return (np.fft.ifft if inverse else np.fft.fft)(x).astype(x.dtype, copy=False)


# Gradients. (`lower` is also the name of an attribute.)
_lower_triangle = lower


def _solve_left(triangle, b, is_lower):
    return p.triangular_solve(triangle, b, lower=is_lower, unit=False)


def _solve_right(b, triangle, is_lower):
    """b triangle^-1."""
    return adjoint(p.triangular_solve(adjoint(triangle), adjoint(b), lower=not is_lower, unit=False))


def _symmetric(x):
    return p.mul(p.add(x, adjoint(x)), scalar(0.5, x))


def _cholesky_vjp(g, out, x):
    inner = lower(product(adjoint(out), g))
    inner = p.sub(inner, p.mul(diagonal_only(inner), scalar(0.5, inner)))
    left = _solve_left(adjoint(out), inner, False)
    return _symmetric(_solve_right(left, out, True))


def _triangular_solve_vjp(g, out, a, b, lower, unit):
    gb = p.triangular_solve(adjoint(a), g, lower=not lower, unit=unit)
    ga = p.neg(product(gb, adjoint(out)))
    part = _lower_triangle if lower else upper
    return part(ga, (-1 if lower else 1) if unit else 0), gb


def _solve_vjp(g, out, a, b):
    gb = p.solve(adjoint(a), g)
    return p.neg(product(gb, adjoint(out))), gb


def _inverse_vjp(g, out, a, b):
    turned = adjoint(out)
    gb = product(turned, g)
    return p.neg(product(gb, turned)), gb


def _lu_vjp(grads, outs, x):
    g, (factors, permutation) = grads[0], outs
    if g is None:
        return (None,)
    ones = diagonal_matrix(p.add(diagonal_of(zeros_like(factors)), scalar(1, factors)))
    left, right = p.add(lower(factors, -1), ones), upper(factors)
    middle = p.add(lower(product(adjoint(left), lower(g, -1)), -1), upper(product(upper(g), adjoint(right))))
    middle = p.triangular_solve(adjoint(left), middle, lower=False, unit=True)
    middle = _solve_right(middle, adjoint(right), True)
    return (rows_in_order(middle, p.argsort(permutation, axis=len(x.shape_tuple) - 2, descending=False)),)


def _diagonal_lu_vjp(grads, outs, x):
    """That of `lu` where nothing but the diagonal has a gradient: L^-H D U^-H with a diagonal D."""
    g, (factors, permutation) = grads[0], outs
    if g is None:
        return (None,)
    if should_record((x,)):
        # A derivative of this one is about all of the factors.
        factors, permutation = p.lu(x)
    both = adjoint(factors)
    diagonal = diagonal_of(both)
    ones = diagonal_matrix(p.add(zeros_like(diagonal), scalar(1, diagonal)))
    middle = p.triangular_solve(both, ones, lower=True, unit=False)
    middle = p.mul(p.expand_dims(p.mul(diagonal_of(g), diagonal), axes=(len(x.shape_tuple) - 1,)), middle)
    middle = p.triangular_solve(both, middle, lower=False, unit=True)
    return (rows_in_order(middle, p.argsort(permutation, axis=len(x.shape_tuple) - 2, descending=False)),)


def rows_in_order(x, order):
    """Rows of matrices, taken in the order of the index vectors `order`."""
    batch = len(order.shape_tuple) - 1
    return p.gather(x, p.cast(order, dtype=int32), axis=batch, batch_dims=batch)


def _qr_vjp(grads, outs, x, full):
    (gq, gr), (q, r) = grads, outs
    rows, columns = x.shape_tuple[-2:]
    if rows is None or columns is None:
        raise LookupError("the gradient of qr needs to know the sizes of the matrices while tracing")
    if full and rows > columns:
        raise LookupError("qr with full_matrices has no gradient where there are more rows than columns")
    gq = zeros_like(q) if gq is None else gq
    gr = zeros_like(r) if gr is None else upper(gr)
    if rows >= columns:
        return (_tall_qr(gq, gr, q, r),)
    # x = (a | b) and r = (r_a | r_b), where a = q r_a is square and r_b = q^H b.
    b, r_a = _columns(x, rows, columns), _columns(r, 0, rows)
    gr_a, gr_b = _columns(gr, 0, rows), _columns(gr, rows, columns)
    ga = _tall_qr(p.add(gq, product(b, adjoint(gr_b))), gr_a, q, r_a)
    return (p.concat(ga, product(q, gr_b), axis=len(x.shape_tuple) - 1),)


def _columns(x, start, stop):
    rank = len(x.shape_tuple)
    if None not in x.shape_tuple:
        return p.slice_(
            x, starts=(0,) * (rank - 1) + (start,), sizes=(*x.shape_tuple[:-1], stop - start), strides=(1,) * rank
        )
    bounds = [p.constant(value=np.array([0] * (rank - 1) + [at], np.int64)) for at in (start, stop)]
    others = (1 << rank - 1) - 1
    return p.dynamic_strided_slice(x, *bounds, strides=(1,) * rank, begin_mask=0, end_mask=others)


def _tall_qr(gq, gr, q, r):
    middle = upper(p.sub(product(gr, adjoint(r)), product(adjoint(q), gq)))
    both = p.add(middle, adjoint(middle))
    middle = p.sub(both, p.mul(diagonal_only(both), scalar(0.5, both)))
    return _solve_right(p.add(gq, product(q, middle)), adjoint(r), True)


def inverse_differences(s):
    """1 / (s_j - s_i) at (i, j), 0 where both are equal: what depends on the choice of vectors has no gradient."""
    rank = len(s.shape_tuple)
    difference = p.sub(p.expand_dims(s, axes=(rank - 1,)), p.expand_dims(s, axes=(rank,)))
    zero, one = scalar(0, s), scalar(1, s)
    equal = p.equal(difference, zero)
    return p.select(equal, zero, p.div(one, p.select(equal, one, difference)))


def like(real, x):
    return real if real.dtype is x.dtype else p.cast(real, dtype=x.dtype)


def _eigh_vjp(grads, outs, x):
    (gw, gv), (w, v) = grads, outs
    middle = None if gw is None else diagonal_matrix(like(gw, x))
    if gv is not None:
        turned = p.mul(like(inverse_differences(w), x), product(adjoint(v), gv))
        middle = turned if middle is None else p.add(middle, turned)
    whole = product(product(v, middle), adjoint(v))
    # Only the lower triangle is read: it gets the share of the upper one.
    both = lower(p.add(whole, adjoint(whole)))
    return (p.sub(both, p.mul(diagonal_only(both), scalar(0.5, both))),)


def _svd_vjp(grads, outs, x, full):
    (gs, gu, gv), (s, u, v) = grads, outs
    rows, columns = x.shape_tuple[-2:]
    if full and (gu is not None or gv is not None) and (rows is None or rows != columns):
        raise LookupError("svd with full_matrices has gradients of U and V of square matrices only")
    if full and rows != columns:
        if rows is None or columns is None:
            raise LookupError("svd with full_matrices has a gradient where the sizes are known while tracing")
        u, v = (_columns(t, 0, min(rows, columns)) for t in (u, v))
    real = s
    s = like(s, x)
    wide = p.expand_dims(s, axes=(len(s.shape_tuple) - 1,))
    # 1 / (s_j^2 - s_i^2). Squares of one number may differ in compiled code, which rounds one and not the other.
    rank = len(s.shape_tuple)
    total = p.add(p.expand_dims(real, axes=(rank - 1,)), p.expand_dims(real, axes=(rank,)))
    inverse = like(p.mul(inverse_differences(real), _safe_reciprocal(total)), x)
    middle = zeros_like(product(adjoint(v), v)) if gs is None else diagonal_matrix(like(gs, x))
    reciprocal = like(_safe_reciprocal(real), x)
    row_reciprocal = p.expand_dims(reciprocal, axes=(len(s.shape_tuple) - 1,))
    tall = p.expand_dims(s, axes=(len(s.shape_tuple),))
    outside = None
    if gu is not None:
        inner = product(adjoint(u), gu)
        middle = p.add(middle, p.mul(p.mul(inverse, p.sub(inner, adjoint(inner))), wide))
        rest = p.mul(p.sub(gu, product(u, inner)), row_reciprocal)
        outside = product(rest, adjoint(v))
    if gv is not None:
        inner = product(adjoint(v), gv)
        middle = p.add(middle, p.mul(tall, p.mul(inverse, p.sub(inner, adjoint(inner)))))
        if x.dtype.is_complex:
            # The phases of u and v go together.
            turn = p.sub(adjoint(inner), inner)
            turn = p.mul(diagonal_only(turn), p.mul(row_reciprocal, scalar(0.5, turn)))
            middle = p.add(middle, turn)
        rest = p.mul(p.sub(gv, product(v, inner)), row_reciprocal)
        more = product(u, adjoint(rest))
        outside = more if outside is None else p.add(outside, more)
    whole = product(product(u, middle), adjoint(v))
    return (whole if outside is None else p.add(whole, outside),)


def _safe_reciprocal(s):
    zero, one = scalar(0, s), scalar(1, s)
    null = p.equal(s, zero)
    return p.select(null, zero, p.div(one, p.select(null, one, s)))


def _fft_vjp(g, out, x, inverse):
    count = p.cast(
        p.slice_(p.shape_of(x, dtype=int32), starts=(len(x.shape_tuple) - 1,), sizes=(1,), strides=(1,)), dtype=g.dtype
    )
    count = p.squeeze(count, axes=(0,))
    turned = p.fft(g, inverse=not inverse)
    return p.div(turned, count) if inverse else p.mul(turned, count)


def _same(prim, vjp):
    """An op by its name, with another gradient: where operands or gradients are known to be special."""
    other = Primitive(prim.name, num_results=prim.num_results)
    other.meaning, other.quiet, other.vjp = prim.meaning, prim.quiet, vjp
    return other


row(p.cholesky, _cholesky, (_cholesky_vjp,), kinds="fc", gpu=IN_ORDER)
row(p.triangular_solve, _triangular_solve, _triangular_solve_vjp, kinds="fc", gpu=IN_ORDER)
row(p.solve, _solve, _solve_vjp, kinds="fc", gpu=IN_ORDER)
row(p.lu, _lu, _lu_vjp, kinds="fc", gpu=IN_ORDER)
row(p.qr, _qr, _qr_vjp, kinds="fc", gpu=IN_ORDER)
row(p.eigh, _eigh, _eigh_vjp, kinds="fc", gpu=IN_ORDER)
row(p.svd, _svd, _svd_vjp, kinds="fc", gpu=IN_ORDER)
row(p.fft, _fft, (_fft_vjp,), kinds="c", gpu=IN_ORDER, jvp=linear(0))

# `solve` of the identity, and `lu` of which nothing but the diagonal is used.
inverse = _same(p.solve, _inverse_vjp)
diagonal_lu = _same(p.lu, _diagonal_lu_vjp)
