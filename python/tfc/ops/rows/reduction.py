"""Rows of reductions and cumulative sums and products."""

import numpy as np

from tfc.errors import InvalidArgumentError
from tfc.ops import primitives as p
from tfc.ops.gradients import broadcast_like, conj, dynamic_shape, known, reshape_like, scalar
from tfc.ops.table import IN_ORDER, NotDifferentiable, linear, row


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
                x = _in_pieces(x, axis).sum(axis, dtype=x.dtype, keepdims=True)
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


def _linear_recurrence(factor, x, axis, reverse):
    if factor.shape != x.shape:
        raise InvalidArgumentError(f"expected operands of one shape, got {list(factor.shape)} and {list(x.shape)}")
    a, b = (np.moveaxis(v.astype(np.float32) if v.dtype.itemsize == 2 else v, axis, 0) for v in (factor, x))
    out = np.empty_like(b)
    order = range(len(b))[::-1] if reverse else range(len(b))
    before = None
    for i in order:
        out[i] = b[i] if before is None else a[i] * before + b[i]
        before = out[i]
    return np.moveaxis(out, 0, axis).astype(x.dtype)


def _linear_recurrence_vjp(g, out, factor, x, axis, reverse):
    # What a step gets of the gradient is its own and, times the next factor, that of the next step.
    after = _neighbours(factor, axis, ahead=not reverse)
    total = p.linear_recurrence(conj(after), g, axis=axis, reverse=not reverse)
    return p.mul(total, conj(_neighbours(out, axis, ahead=reverse))), total


def _neighbours(x, axis, ahead):
    """Along `axis`, x[i + 1] if `ahead`, else x[i - 1]; 0 where there is none."""
    rank = len(x.shape_tuple)
    one = tuple(int(i == axis) for i in range(rank))
    none = (0,) * rank
    padded = p.pad(x, scalar(0, x), low=none if ahead else one, high=one if ahead else none)
    starts = one if ahead else none
    if known(x.shape_tuple):
        return p.slice_(padded, starts=starts, sizes=tuple(x.shape_tuple), strides=(1,) * rank)
    begins = p.constant(value=np.array(starts, np.int64))
    ends = p.constant(value=-np.array(one, np.int64))
    to_end = (1 << rank) - 1 - (0 if ahead else 1 << axis)
    return p.dynamic_strided_slice(padded, begins, ends, strides=(1,) * rank, begin_mask=0, end_mask=to_end)


def _cumprod_vjp(g, out, x, axis, exclusive, reverse):
    # The product of those before, times the sum over all later results of the products in between. No division, so
    # that zeros are as good as other numbers.
    if exclusive:
        g = _neighbours(g, axis, ahead=not reverse)
    before = p.cumprod(x, axis=axis, exclusive=True, reverse=reverse)
    after = _neighbours(x, axis, ahead=not reverse)
    return p.mul(conj(before), p.linear_recurrence(conj(after), g, axis=axis, reverse=not reverse))


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


def _shares(total, x, axis, reverse):
    """Of running logarithms of sums: exp(x[i] - total[i]), and exp(total[i - 1] - total[i]), both at most 1.

    Where a total is not finite, 0. Slopes are finite everywhere.
    """
    whole, zero = p.is_finite(total), scalar(0, total)
    safe = p.select(whole, total, zero)
    seen = p.not_equal(_neighbours(p.cast(whole, dtype=total.dtype), axis, ahead=reverse), zero)
    both = p.logical_and(whole, seen)
    step = p.select(both, p.sub(_neighbours(safe, axis, ahead=reverse), safe), zero)
    own = p.select(whole, p.exp(p.select(whole, p.sub(x, safe), zero)), zero)
    return own, p.select(both, p.exp(step), zero)


def _totals(out, x, axis, exclusive, reverse):
    return p.cumlogsumexp(x, axis=axis, exclusive=False, reverse=reverse) if exclusive else out


def _cumlogsumexp_vjp(g, out, x, axis, exclusive, reverse):
    # exp(x) times the sum of g exp(-out) from here on, step by step in shares of each total.
    total = _totals(out, x, axis, exclusive, reverse)
    own, kept = _shares(total, x, axis, reverse)
    if exclusive:
        g = _neighbours(g, axis, ahead=not reverse)
    g = p.select(p.is_finite(total), g, scalar(0, g))
    after = _neighbours(kept, axis, ahead=not reverse)
    return p.mul(own, p.linear_recurrence(after, g, axis=axis, reverse=not reverse))


def _cumlogsumexp_jvp(tangent, out, x, axis, exclusive, reverse):
    # The sum of exp(x) t up to here over exp(out).
    own, kept = _shares(_totals(out, x, axis, exclusive, reverse), x, axis, reverse)
    result = p.linear_recurrence(kept, p.mul(own, tangent), axis=axis, reverse=reverse)
    return _neighbours(result, axis, ahead=reverse) if exclusive else result


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
row(p.linear_recurrence, _linear_recurrence, _linear_recurrence_vjp, kinds="fc", gpu=IN_ORDER)
