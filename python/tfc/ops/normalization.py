"""`tf.nn`: moments and normalization."""

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import float32
from tfc.ops import primitives as p
from tfc.ops.array import reshape
from tfc.ops.blocks import sizes_of, times
from tfc.ops.convert import convert_to_tensor, integer, operand, operands
from tfc.ops.math import FLOAT
from tfc.ops.nn import batch_normalization
from tfc.ops.reductions import reduce_mean, stop_gradient
from tfc.ops.shapes import axes_of, rank_of


def _number(value, dtype) -> Tensor:
    return p.constant(value=np.asarray(value, dtype.np_dtype))


def _as(x, dtype) -> Tensor:
    return x if x.dtype is dtype else p.cast(x, dtype=dtype)


def sufficient_statistics(x, axes, shift=None, keepdims=False, name=None):
    """(count, sum of x - shift, sum of (x - shift)**2, shift) over `axes`."""
    x = operand("sufficient_statistics", x, FLOAT)
    along = axes_of(axes, rank_of(x, "sufficient_statistics"), "sufficient_statistics")
    count = 1
    sizes = sizes_of(x)
    for axis in along:
        count = times(count, sizes[axis])
    count = _as(count, x.dtype) if isinstance(count, Tensor) else _number(count, x.dtype)
    if shift is not None:
        shift = convert_to_tensor(shift, x.dtype)
        x = p.sub(x, shift)
    total = p.reduce_sum(x, axes=along, keepdims=keepdims)
    return count, total, p.reduce_sum(p.mul(x, x), axes=along, keepdims=keepdims), shift


def normalize_moments(counts, mean_ss, variance_ss, shift, name=None):
    """(mean, variance) from the results of `tf.nn.sufficient_statistics`."""
    total, squares = operands("normalize_moments", mean_ss, variance_ss, FLOAT)
    share = p.div(_number(1, total.dtype), convert_to_tensor(counts, total.dtype))
    shifted = p.mul(total, share)
    mean = shifted if shift is None else p.add(shifted, convert_to_tensor(shift, total.dtype))
    return mean, p.sub(p.mul(squares, share), p.mul(shifted, shifted))


def weighted_moments(x, axes, frequency_weights, keepdims=False, name=None):
    """(mean, variance) over `axes` of elements that count `frequency_weights` times."""
    x = operand("weighted_moments", x, FLOAT)
    weights = _as(convert_to_tensor(frequency_weights, dtype_hint=x.dtype), x.dtype)
    narrow, x = x.dtype, _as(x, float32) if x.dtype.size == 2 else x
    weights = _as(weights, x.dtype)
    along = axes_of(axes, rank_of(x, "weighted_moments"), "weighted_moments")
    weighted = p.mul(weights, x)
    # As often as the elements they weigh: sums over what broadcasting stretched, too.
    spread = p.add(weights, p.mul(_number(0, x.dtype), stop_gradient(_finite_zeros(x))))
    total = p.reduce_sum(spread, axes=along, keepdims=True)
    mean = p.div(p.reduce_sum(weighted, axes=along, keepdims=True), total)
    distance = p.sub(x, stop_gradient(mean))
    variance = p.div(p.reduce_sum(p.mul(weights, p.mul(distance, distance)), axes=along, keepdims=True), total)
    if not keepdims and along:
        mean, variance = p.squeeze(mean, axes=along), p.squeeze(variance, axes=along)
    return _as(mean, narrow), _as(variance, narrow)


def _finite_zeros(x) -> Tensor:
    """Zeros of the shape of `x`, whatever is in it."""
    return p.select(p.equal(x, x), _number(0, x.dtype), _number(0, x.dtype))


def batch_norm_with_global_normalization(
    input, mean, variance, beta, gamma, variance_epsilon, scale_after_normalization, name=None
) -> Tensor:
    """`tf.nn.batch_normalization` of `[batch, height, width, channels]`, with `gamma` if asked for."""
    scale = gamma if scale_after_normalization else None
    return batch_normalization(input, mean, variance, beta, scale, variance_epsilon)


def fused_batch_norm(
    x,
    scale,
    offset,
    mean=None,
    variance=None,
    epsilon=0.001,
    data_format="NHWC",
    is_training=True,
    name=None,
    exponential_avg_factor=1.0,
):
    """Batch normalization over all dimensions but the channels: (y, mean, variance).

    In training, with the batch's own mean and variance; what is returned are running averages of them (the variance
    without bias), started from `mean` and `variance` if `exponential_avg_factor` is less than 1. Otherwise with `mean`
    and `variance` as given. Halves are normalized in float32.
    """
    x = operand("fused_batch_norm", x, FLOAT)
    n = rank_of(x, "fused_batch_norm")
    if data_format not in ("NHWC", "NCHW", "NDHWC", "NCDHW"):
        raise ValueError(f"fused_batch_norm: unknown `data_format` {data_format}")
    channel = 1 if data_format.startswith("NC") else n - 1
    others = tuple(i for i in range(n) if i != channel)
    spread = tuple(i for i in others)
    wide = float32 if x.dtype.size == 2 else x.dtype
    inner = _as(x, wide)
    scale, offset = (convert_to_tensor(v, wide) for v in (scale, offset))

    def along(v):
        return p.expand_dims(v, axes=spread)

    if not is_training:
        if mean is None or variance is None:
            raise ValueError("Both `mean` and `variance` must be given if `is_training` is False.")
        mean, variance = (convert_to_tensor(v, wide) for v in (mean, variance))
        used = mean, variance
    else:
        batch_mean = reduce_mean(inner, others)
        distance = p.sub(inner, along(batch_mean))
        batch_variance = reduce_mean(p.mul(distance, distance), others)
        used = batch_mean, batch_variance
        count = 1
        sizes = sizes_of(x)
        for i in others:
            count = times(count, sizes[i])
        count = _as(count, wide) if isinstance(count, Tensor) else _number(count, wide)
        one = _number(1, wide)
        unbiased = p.mul(batch_variance, p.div(count, p.maximum(p.sub(count, one), one)))
        if exponential_avg_factor == 1.0:
            mean, variance = batch_mean, unbiased
        else:
            share = _number(exponential_avg_factor, wide)
            mean, variance = (
                p.add(p.mul(p.sub(one, share), convert_to_tensor(old, wide)), p.mul(share, new))
                for old, new in ((mean, batch_mean), (variance, unbiased))
            )
    factor = p.mul(p.rsqrt(p.add(along(used[1]), _number(epsilon, wide))), along(scale))
    y = p.add(p.mul(p.sub(inner, along(used[0])), factor), along(offset))
    return _as(y, x.dtype), mean, variance


def local_response_normalization(input, depth_radius=5, bias=1, alpha=1, beta=0.5, name=None) -> Tensor:
    """x / (bias + alpha * s) ** beta, with s the sum of squares of the channels up to `depth_radius` away.

    Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", NeurIPS 2012.
    """
    x = operand("lrn", input, FLOAT)
    if rank_of(x, "lrn") != 4:
        raise argument_error(None, "lrn", f"lrn: expected an input of rank 4, got shape {list(x.shape_tuple)}")
    depth_radius = integer(depth_radius, "depth_radius")
    n, h, w, c = sizes_of(x)
    flat = reshape(p.mul(x, x), [times(times(n, h), w), c, 1])
    ones = p.constant(value=np.ones((2 * depth_radius + 1, 1, 1), x.dtype.np_dtype))
    sums = p.conv(flat, ones, strides=(1,), dilations=(1,), padding=(depth_radius, depth_radius), groups=1)
    base = p.add(_number(bias, x.dtype), p.mul(_number(alpha, x.dtype), reshape(sums, [n, h, w, c])))
    return p.mul(x, p.pow_(base, _number(-beta, x.dtype)))


lrn = local_response_normalization
