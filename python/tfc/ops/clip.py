"""Values and norms kept within bounds."""

from tfc.core import Tensor
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, operand, operands
from tfc.ops.indexed_slices import IndexedSlices
from tfc.ops.linalg import global_norm
from tfc.ops.math import FLOAT, REAL
from tfc.ops.reductions import reduce_mean, reduce_sum


def clip_by_value(t, clip_value_min, clip_value_max, name=None) -> Tensor:
    """min(max(t, clip_value_min), clip_value_max)."""
    x = operand("clip_by_value", t, REAL)
    x, high = operands("minimum", x, clip_value_max, REAL)
    x = p.minimum(x, high)
    x, low = operands("maximum", x, clip_value_min, REAL)
    return p.maximum(x, low)


def clip_by_norm(t, clip_norm, axes=None, name=None) -> Tensor:
    """`t` scaled down so that its L2 norm over `axes` is at most `clip_norm`."""
    if isinstance(t, IndexedSlices):
        return IndexedSlices(clip_by_norm(t.values, clip_norm, axes), t.indices, t.dense_shape)
    x = operand("clip_by_norm", t, FLOAT)
    total = reduce_sum(p.mul(x, x), axes, keepdims=True)
    zero, one = convert_to_tensor(0, x.dtype), convert_to_tensor(1, x.dtype)
    # The square root at 0 has an infinite slope, which must not meet a zero gradient.
    positive = p.greater(total, zero)
    norm = p.select(positive, p.sqrt(p.select(positive, total, one)), total)
    limit = convert_to_tensor(clip_norm, x.dtype)
    return p.div(p.mul(x, limit), p.maximum(norm, limit))


def clip_by_average_norm(t, clip_norm, name=None) -> Tensor:
    """`t` scaled down so that the root of its mean square is at most `clip_norm`."""
    x = operand("clip_by_average_norm", t, FLOAT)
    limit = convert_to_tensor(clip_norm, x.dtype)
    return p.div(p.mul(x, limit), p.maximum(p.sqrt(reduce_mean(p.mul(x, x))), limit))


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """All tensors scaled by one factor so that their common norm is at most `clip_norm`: (list, norm
    before).
    """
    norm = global_norm(t_list) if use_norm is None else convert_to_tensor(use_norm)
    limit = convert_to_tensor(clip_norm, norm.dtype)
    scale = p.div(limit, p.maximum(norm, limit))
    # An infinite norm makes everything NaN, rather than silently zero.
    scale = p.select(p.is_finite(norm), scale, convert_to_tensor(float("nan"), norm.dtype))

    def scaled(t):
        if t is None:
            return None
        if isinstance(t, IndexedSlices):
            return IndexedSlices(scaled(t.values), t.indices, t.dense_shape)
        x = convert_to_tensor(t)
        return p.mul(x, scale if x.dtype is scale.dtype else p.cast(scale, dtype=x.dtype))

    return [scaled(t) for t in t_list], norm
