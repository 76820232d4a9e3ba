"""Rows of reductions and cumulative sums and products."""

import numpy as np

from tfc.ops import primitives as p
from tfc.ops.gradients import broadcast_like, conj, dynamic_shape, known, reshape_like, scalar
from tfc.ops.table import NotDifferentiable, linear, row


def _wide(f):
    """Half precision accumulates in float32."""

    def meaning(x, **attrs):
        if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
            return np.asarray(f(x.astype(np.float32), **attrs)).astype(x.dtype)
        return f(x, **attrs)

    return meaning


# numpy adds pairwise along the last dimension only: longer sums over others are added in pieces of this length.
_PIECE = 32


def _sum(x, axes, keepdims):
    if x.dtype.kind in "fc" and x.size > 4096 and x.ndim > 1:
        for axis in axes:
            if axis != x.ndim - 1:
                x = _in_pieces(x, axis)
    return x.sum(axis=axes, dtype=x.dtype, keepdims=keepdims)


def _in_pieces(x, axis):
    """Partial sums along a dimension, at most `_PIECE` of them."""
    while x.shape[axis] > _PIECE:
        whole = x.shape[axis] // _PIECE * _PIECE
        body, rest = np.split(x, [whole], axis)
        body = body.reshape(*x.shape[:axis], -1, _PIECE, *x.shape[axis + 1 :]).sum(axis + 1, dtype=x.dtype)
        x = np.concatenate([body, rest], axis) if rest.shape[axis] else body
    return x


def _prod(x, axes, keepdims):
    return x.prod(axis=axes, dtype=x.dtype, keepdims=keepdims)


def _extreme(f, lowest_first):
    """max or min; of no elements, the neutral value, as TensorFlow has it."""

    def meaning(x, axes, keepdims):
        if x.size:
            return f(x, axis=axes, keepdims=keepdims)
        if x.dtype.kind in "iu":
            limits = np.iinfo(x.dtype)
            initial = limits.min if lowest_first else limits.max
        else:
            initial = x.dtype.type(-np.inf if lowest_first else np.inf)
        return f(x, axis=axes, keepdims=keepdims, initial=initial)

    return meaning


def _cumulative(f):
    def meaning(x, axis, exclusive, reverse):
        if reverse:
            x = np.flip(x, axis)
        out = f(x, axis=axis, dtype=x.dtype)
        if exclusive:
            first = np.full_like(np.take(x, [0], axis) if x.shape[axis] else x, f is np.cumprod)
            body = np.take(out, np.arange(x.shape[axis] - 1), axis) if x.shape[axis] else out
            out = np.concatenate([first, body], axis) if x.shape[axis] else out
        return np.flip(out, axis) if reverse else out

    return meaning


def _spread(g, x, axes, keepdims):
    """The gradient of a reduction's result at each element of the operand."""
    if axes and not keepdims:
        g = p.expand_dims(g, axes=axes)
    return broadcast_like(g, x)


def _prod_vjp(g, out, x, axes, keepdims):
    # The product of all others: those before times those after. Works with zeros, which a division would not.
    rank = len(x.shape_tuple)
    if not axes:
        return g
    rest = tuple(i for i in range(rank) if i not in axes)
    perm = rest + tuple(axes)
    moved = p.transpose(x, perm=perm)
    sizes = tuple(moved.shape_tuple[: len(rest)])
    if known(sizes):
        flat = p.reshape(moved, shape=(*sizes, None if 0 not in sizes else 1))
    else:
        kept = p.slice_(dynamic_shape(moved), starts=(0,), sizes=(len(rest),), strides=(1,))
        minus = p.constant(value=np.array([-1], np.int64))
        flat = p.dynamic_reshape(moved, p.concat(kept, minus, axis=0))
    before = p.cumprod(flat, axis=len(rest), exclusive=True, reverse=False)
    after = p.cumprod(flat, axis=len(rest), exclusive=True, reverse=True)
    others = p.mul(before, after)
    others = reshape_like(others, moved)
    inverse = tuple(perm.index(i) for i in range(rank))
    return p.mul(_spread(g, x, axes, keepdims), conj(p.transpose(others, perm=inverse)))


def _extreme_vjp(g, out, x, axes, keepdims):
    hits = p.cast(p.equal(x, _spread(out, x, axes, keepdims)), dtype=g.dtype)
    count = p.reduce_sum(hits, axes=axes, keepdims=True)
    return p.mul(p.div(hits, count), _spread(g, x, axes, keepdims))


def _cumsum_vjp(g, out, x, axis, exclusive, reverse):
    return p.cumsum(g, axis=axis, exclusive=exclusive, reverse=not reverse)


def _cumprod_vjp(g, out, x, axis, exclusive, reverse):
    total = p.cumsum(p.mul(g, conj(out)), axis=axis, exclusive=exclusive, reverse=not reverse)
    return p.div(total, conj(x))


def _cumlogsumexp(x, axis, exclusive, reverse):
    if reverse:
        x = np.flip(x, axis)
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    out = np.logaddexp.accumulate(wide, axis=axis) if x.size else wide
    if exclusive and x.shape[axis]:
        out = np.concatenate(
            [np.full_like(np.take(out, [0], axis), -np.inf), np.take(out, np.arange(x.shape[axis] - 1), axis)], axis
        )
    return (np.flip(out, axis) if reverse else out).astype(x.dtype)


def _cumlogsumexp_vjp(g, out, x, axis, exclusive, reverse):
    # exp(x) times the sum of g exp(-out) from here on, in logarithms: positive and negative parts apart.
    zero, lowest = scalar(0, g), scalar(-np.inf, g)
    whole = p.is_finite(out)
    safe_out = p.select(whole, out, zero)
    parts = []
    for part in (g, p.neg(g)):
        positive = p.logical_and(p.greater(part, zero), whole)
        log = p.select(positive, p.log(p.select(positive, part, scalar(1, g))), lowest)
        total = p.cumlogsumexp(p.sub(log, safe_out), axis=axis, exclusive=exclusive, reverse=not reverse)
        # Nothing there: exp(-inf), written so that it has a slope of zero.
        some = p.is_finite(total)
        exponent = p.add(p.select(some, total, zero), x)
        parts.append(p.select(some, p.exp(p.select(some, exponent, zero)), zero))
    return p.sub(*parts)


def _cumlogsumexp_jvp(tangent, out, x, axis, exclusive, reverse):
    # The sum of exp(x) t up to here over exp(out), in logarithms as above.
    zero, lowest = scalar(0, x), scalar(-np.inf, x)
    parts = []
    for part in (tangent, p.neg(tangent)):
        positive = p.greater(part, zero)
        log = p.select(positive, p.log(p.select(positive, part, scalar(1, x))), lowest)
        total = p.cumlogsumexp(p.add(log, x), axis=axis, exclusive=exclusive, reverse=reverse)
        some = p.logical_and(p.is_finite(total), p.is_finite(out))
        parts.append(p.select(some, p.exp(p.select(some, p.sub(total, out), zero)), zero))
    return p.sub(*parts)


def _arg(f):
    def meaning(x, axis, dtype):
        return f(x.astype(np.float32) if x.dtype.kind == "V" else x, axis=axis).astype(dtype.np_dtype)

    return meaning


row(
    p.reduce_sum,
    _wide(_sum),
    (lambda g, out, x, axes, keepdims: _spread(g, x, axes, keepdims),),
    kinds="iufc",
    jvp=linear(0),
)
row(p.reduce_prod, _wide(_prod), (_prod_vjp,), kinds="iufc", domain=(0.3, 2.0))
row(p.reduce_max, _extreme(np.max, True), (_extreme_vjp,), kinds="iuf")
row(p.reduce_min, _extreme(np.min, False), (_extreme_vjp,), kinds="iuf")
row(
    p.reduce_any,
    lambda x, axes, keepdims: x.any(axis=axes, keepdims=keepdims),
    NotDifferentiable,
    kinds="b",
    quiet=False,
)
row(
    p.reduce_all,
    lambda x, axes, keepdims: x.all(axis=axes, keepdims=keepdims),
    NotDifferentiable,
    kinds="b",
    quiet=False,
)
row(p.argmax, _arg(np.argmax), NotDifferentiable, kinds="iuf")
row(p.argmin, _arg(np.argmin), NotDifferentiable, kinds="iuf")
row(p.cumsum, _cumulative(np.cumsum), (_cumsum_vjp,), kinds="iufc", jvp=linear(0))
row(p.cumlogsumexp, _cumlogsumexp, (_cumlogsumexp_vjp,), kinds="f", jvp=_cumlogsumexp_jvp)
row(p.cumprod, _cumulative(np.cumprod), (_cumprod_vjp,), kinds="iufc", domain=(0.4, 2.0))
