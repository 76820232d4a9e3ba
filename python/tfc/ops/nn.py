"""`tf.nn`: activations, losses, normalization."""

import functools
import math as _math

import numpy as np

from tfc.core import Tensor, VariableStorage, argument_error, recorders
from tfc.dtypes import float32
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, operand, operands
from tfc.ops.math import ANALYTIC, FLOAT, REAL
from tfc.ops.reductions import reduce_mean, reduce_sum, stop_gradient
from tfc.ops.runtime_axes import along, needs_runtime
from tfc.ops.shapes import axis_of, rank_of


def _number(value, like) -> Tensor:
    return p.constant(value=np.asarray(value, like.dtype.np_dtype))


def _in_float32(function):
    """Halves are computed in float32 and rounded once, at the end."""

    @functools.wraps(function)
    def widened(*args, **kwargs):
        given = [*args, *kwargs.values()]
        dtypes = {v.dtype for v in given if isinstance(v, (Tensor, VariableStorage)) and v.dtype.is_floating}
        if len(dtypes) != 1 or next(iter(dtypes)).size != 2:
            return function(*args, **kwargs)
        (narrow,) = dtypes
        args = [_cast_half(v, float32) for v in args]
        kwargs = {k: _cast_half(v, float32) for k, v in kwargs.items()}
        out = function(*args, **kwargs)
        return tuple(p.cast(v, dtype=narrow) for v in out) if isinstance(out, tuple) else p.cast(out, dtype=narrow)

    return widened


def _cast_half(value, dtype):
    if not isinstance(value, (Tensor, VariableStorage)) or not value.dtype.is_floating:
        return value
    return p.cast(convert_to_tensor(value), dtype=dtype)


def relu(features, name=None) -> Tensor:
    """max(x, 0)."""
    x = operand("relu", features, REAL)
    # Neither greater nor smaller: NaN stays NaN. The slope at 0 is 0.
    if x.dtype.is_floating:
        return p.select(p.less_equal(x, _number(0, x)), _number(0, x), x)
    return p.maximum(x, _number(0, x))


def relu6(features, name=None) -> Tensor:
    """min(max(x, 0), 6)."""
    x = operand("relu6", features, REAL)
    # The slope at both corners is 0.
    inside = p.select(p.greater_equal(x, _number(6, x)), _number(6, x), x)
    return p.select(p.less_equal(x, _number(0, x)), _number(0, x), inside)


def leaky_relu(features, alpha=0.2, name=None) -> Tensor:
    """x where x > 0, else alpha * x."""
    x = convert_to_tensor(features)
    if x.dtype.is_integer:
        x = p.cast(x, dtype=float32)
    x = operand("leaky_relu", x, FLOAT)
    return p.select(p.greater(x, _number(0, x)), x, p.mul(convert_to_tensor(alpha, x.dtype), x))


@_in_float32
def elu(features, name=None) -> Tensor:
    """x where x > 0, else exp(x) - 1."""
    x = operand("elu", features, FLOAT)
    zero = _number(0, x)
    positive = p.greater(x, zero)
    return p.select(positive, x, p.expm1(p.select(positive, zero, x)))


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@_in_float32
def selu(features, name=None) -> Tensor:
    """scale * x where x >= 0, else scale * alpha * (exp(x) - 1)."""
    x = operand("selu", features, FLOAT)
    zero = _number(0, x)
    positive = p.greater_equal(x, zero)
    negative = p.mul(_number(_SELU_ALPHA, x), p.expm1(p.select(positive, zero, x)))
    return p.mul(_number(_SELU_SCALE, x), p.select(positive, x, negative))


@_in_float32
def gelu(features, approximate=False, name=None) -> Tensor:
    """x times the normal distribution function of x; by tanh if `approximate`."""
    x = operand("gelu", features, FLOAT)
    half = _number(0.5, x)
    if approximate:
        cubic = p.mul(_number(0.044715, x), p.mul(x, p.mul(x, x)))
        inner = p.tanh(p.mul(_number(_math.sqrt(2 / _math.pi), x), p.add(x, cubic)))
    else:
        inner = p.erf(p.mul(x, _number(_math.sqrt(0.5), x)))
    return p.mul(p.mul(half, x), p.add(_number(1, x), inner))


@_in_float32
def silu(features, beta=1.0) -> Tensor:
    """x * sigmoid(beta * x)."""
    x = operand("silu", features, ANALYTIC)
    return p.mul(x, p.sigmoid(p.mul(convert_to_tensor(beta, x.dtype), x)))


swish = silu


def softsign(features, name=None) -> Tensor:
    """x / (1 + |x|)."""
    x = operand("softsign", features, FLOAT)
    return p.div(x, p.add(_number(1, x), p.abs_(x)))


def crelu(features, axis=-1, name=None) -> Tensor:
    """relu(x) and relu(-x), joined along `axis`."""
    x = operand("crelu", features, REAL)
    n = rank_of(x, "crelu")
    return relu(p.concat(x, p.neg(x), axis=axis_of(axis, n, "crelu")))


def _shifted(x, axis):
    """x minus its largest element along the axis, which no gradient sees."""
    return p.sub(x, stop_gradient(p.reduce_max(x, axes=(axis,), keepdims=True)))


@_in_float32
def softmax(logits, axis=None, name=None) -> Tensor:
    """exp(x) / sum(exp(x)) along `axis` (the last by default), without overflow."""
    x = operand("softmax", logits, FLOAT)
    axis = -1 if axis is None else axis
    if needs_runtime(x, axis):
        return along(x, axis, "softmax", lambda v: softmax(v, 1))
    where = axis_of(axis, rank_of(x, "softmax"), "softmax")
    e = p.exp(_shifted(x, where))
    return p.div(e, p.reduce_sum(e, axes=(where,), keepdims=True))


@_in_float32
def log_softmax(logits, axis=None, name=None) -> Tensor:
    """log(softmax(x)) along `axis` (the last by default)."""
    x = operand("log_softmax", logits, FLOAT)
    axis = -1 if axis is None else axis
    if needs_runtime(x, axis):
        return along(x, axis, "log_softmax", lambda v: log_softmax(v, 1))
    where = axis_of(axis, rank_of(x, "log_softmax"), "log_softmax")
    shifted = _shifted(x, where)
    return p.sub(shifted, p.log(p.reduce_sum(p.exp(shifted), axes=(where,), keepdims=True)))


@_in_float32
def softmax_cross_entropy_with_logits(labels, logits, axis=-1, name=None) -> Tensor:
    """-sum(labels * log_softmax(logits)) along `axis`."""
    if labels is None or logits is None:
        raise ValueError("Both `labels` and `logits` must be provided.")
    y, x = convert_to_tensor(labels), operand("softmax", logits, FLOAT)
    y = y if y.dtype is x.dtype else p.cast(y, dtype=x.dtype)
    where = axis_of(axis, rank_of(x, "softmax"), "softmax")
    return p.neg(p.reduce_sum(p.mul(y, log_softmax(x, where)), axes=(where,), keepdims=False))


@_in_float32
def sparse_softmax_cross_entropy_with_logits(labels, logits, name=None) -> Tensor:
    """-log_softmax(logits) at the label of each row; labels are integers of one rank less."""
    y, x = convert_to_tensor(labels), operand("softmax", logits, FLOAT)
    if not y.dtype.is_integer:
        raise TypeError(f"labels must be integers, got {y.dtype.name}")
    n, m = rank_of(x, "softmax"), rank_of(y, "softmax")
    if n == 0:
        raise ValueError("`logits` cannot be a scalar")
    if n - 1 != m:
        raise ValueError(
            f"`labels.shape.rank` must equal `logits.shape.rank - 1`. Received: "
            f"labels.shape={y.shape} of rank {m} and "
            f"logits.shape={x.shape} of rank {n}"
        )
    if not y.shape.is_compatible_with(x.shape_tuple[:-1]):
        raise ValueError(
            "`labels.shape` must equal `logits.shape` except for the last dimension. Received: "
            f"labels.shape={y.shape} and logits.shape={x.shape}"
        )
    logs = log_softmax(x)
    picked = p.gather(logs, p.expand_dims(y, axes=(m,)), axis=m, batch_dims=m)
    return p.neg(p.squeeze(picked, axes=(m,)))


@_in_float32
def sigmoid_cross_entropy_with_logits(labels=None, logits=None, name=None) -> Tensor:
    """max(x, 0) - x * labels + log(1 + exp(-|x|)): cross entropy of sigmoid(x), without overflow."""
    if labels is None or logits is None:
        raise ValueError("Both `labels` and `logits` must be provided.")
    x, y = operands("sigmoid_cross_entropy", logits, labels, FLOAT)
    if not x.shape.is_compatible_with(y.shape):
        raise ValueError(f"`logits` and `labels` must have the same shape, received ({x.shape} vs {y.shape}).")
    zero = _number(0, x)
    positive = p.greater_equal(x, zero)
    smaller = p.select(positive, p.neg(x), x)
    return p.add(p.sub(p.select(positive, x, zero), p.mul(x, y)), p.log1p(p.exp(smaller)))


@_in_float32
def weighted_cross_entropy_with_logits(labels, logits, pos_weight, name=None) -> Tensor:
    """`sigmoid_cross_entropy_with_logits` with positive labels weighted."""
    x, y = operands("weighted_cross_entropy", logits, labels, FLOAT)
    one, zero = _number(1, x), _number(0, x)
    weight = p.add(one, p.mul(p.sub(convert_to_tensor(pos_weight, x.dtype), one), y))
    tail = p.add(p.log1p(p.exp(p.neg(p.abs_(x)))), p.maximum(p.neg(x), zero))
    return p.add(p.mul(p.sub(one, y), x), p.mul(weight, tail))


def l2_loss(t, name=None) -> Tensor:
    """sum(t**2) / 2."""
    x = operand("l2_loss", t, FLOAT)
    return p.mul(reduce_sum(p.mul(x, x)), _number(0.5, x))


@_in_float32
def moments(x, axes, shift=None, keepdims=False, name=None):
    """(mean, variance) over `axes`."""
    x = operand("moments", x, "fic")
    mean = reduce_mean(x, axes, keepdims=True)
    fixed = stop_gradient(mean)
    distance = p.sub(x, fixed)
    variance = reduce_mean(p.mul(distance, distance), axes, keepdims)
    shown = mean if keepdims else reduce_mean(x, axes)
    if recorders():
        # The mean counts for nothing in the first derivative, which costs no pass over x for it so, but in the second:
        # the mean square of x - mean is that of `distance` less the square of what is 0 here.
        slip = p.sub(shown, fixed if keepdims else stop_gradient(shown))
        variance = p.sub(variance, p.mul(slip, slip))
    return shown, variance


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset; `scale` and `offset` may be None."""
    x, variance = operands("batch_normalization", x, variance, ANALYTIC)
    factor = p.rsqrt(p.add(variance, convert_to_tensor(variance_epsilon, variance.dtype)))
    if scale is not None:
        factor = p.mul(factor, convert_to_tensor(scale, x.dtype))
    shift = p.neg(p.mul(convert_to_tensor(mean, x.dtype), factor))
    if offset is not None:
        shift = p.add(convert_to_tensor(offset, x.dtype), shift)
    return p.add(p.mul(x, factor), shift)


def bias_add(value, bias, data_format=None, name=None) -> Tensor:
    """`value` plus a vector along its last dimension (or, with data_format "NC...", its second)."""
    x, b = operands("bias_add", value, bias)
    n = rank_of(x, "bias_add")
    if b.shape_tuple is not None and len(b.shape_tuple) != 1:
        raise argument_error(None, "bias_add", f"Biases must be 1D: {list(b.shape_tuple)} [Op:BiasAdd]")
    if not isinstance(data_format, (str, type(None))):
        raise TypeError(f"bias_add: `data_format` is a string like 'NHWC', got {data_format!r}")
    if data_format is not None and data_format.startswith("NC"):
        b = p.expand_dims(b, axes=tuple(range(1, n - 1)))
        channels = x.shape_tuple[1]
    else:
        channels = x.shape_tuple[-1] if n else None
    size = b.shape_tuple[0] if b.shape_tuple else None
    if None not in (channels, size) and channels != size:
        raise argument_error(
            None,
            "bias_add",
            f"Must provide as many biases as the last dimension of the input tensor: "
            f"[{size}] vs. {list(x.shape_tuple)} "
            "[Op:BiasAdd]",
        )
    return p.add(x, b)
