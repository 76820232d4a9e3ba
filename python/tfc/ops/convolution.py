"""`tf.nn.conv*`: plain, dilated, depthwise, separable and transposed convolutions."""

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import int64
from tfc.ops import primitives as p
from tfc.ops.convert import integer, operands, static_value
from tfc.ops.layout import channels_first, from_last, merge_batches, paddings, spatial, to_last
from tfc.ops.shapes import index_vector, rank_of, shape_tensor

_KINDS = "iuf"
# Up to so many filters of a channel, it is copied for each: features of one channel are too few for a loop of vectors.
_COPIED = 16


def _inputs(op, input, filters, rank, minimum=None):
    """Input and filter of one dtype, with their ranks checked."""
    x, w = operands(op, input, filters, _KINDS)
    n, m = rank_of(x, op), rank_of(w, op)
    if m != rank + 2:
        raise argument_error(None, op, f"filter must be {rank + 2}-dimensional: {list(w.shape_tuple)} [Op:{op}]")
    if n < (rank + 2 if minimum is None else minimum):
        raise argument_error(
            None, op, f"input must be at least {rank + 2}-dimensional, got shape {list(x.shape_tuple)} [Op:{op}]"
        )
    return x, w


def _groups(op, x, w) -> int:
    channels, depth = x.shape_tuple[-1], w.shape_tuple[-2]
    if channels is None or depth is None:
        return 1
    if depth == 0 or channels % depth:
        raise argument_error(
            None, op, f"input depth must be evenly divisible by filter depth: {channels} vs {depth} [Op:{op}]"
        )
    groups = channels // depth if depth else 1
    features = w.shape_tuple[-1]
    if features is not None and groups and features % groups:
        raise argument_error(
            None, op, f"output depth must be evenly divisible by number of groups: {features} vs {groups} [Op:{op}]"
        )
    return max(groups, 1)


def _convolve(op, rank, input, filters, strides, padding, data_format, dilations) -> Tensor:
    first = channels_first(data_format, rank, op)
    x, w = _inputs(op, input, filters, rank)
    attrs = _attrs(op, rank, first, strides, padding, dilations)
    if first and len(x.shape_tuple) > rank + 2:
        raise ValueError(f"{op}: several batch dimensions need channels last, got data_format={data_format}")
    x, apart = merge_batches(to_last(x, first), rank)
    return apart(from_last(p.conv(x, w, groups=_groups(op, x, w), **attrs), first))


def _attrs(op, rank, first, strides, padding, dilations) -> dict:
    return {
        "strides": spatial(strides, rank, first, op, "strides"),
        "dilations": spatial(dilations, rank, first, op, "dilations"),
        "padding": paddings(padding, rank, first, op),
    }


def conv1d(input, filters, stride, padding, data_format="NWC", dilations=None, name=None) -> Tensor:
    """Convolution of `[..., width, channels]` with `[window, channels / groups, features]`.

    `padding` is "SAME", "VALID" or pairs. With `data_format` "NCW" channels come before the width. The number of groups
    follows from the channels of both. The filter is not mirrored.
    """
    return _convolve("conv1d", 1, input, filters, stride, padding, data_format, dilations)


def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None, name=None) -> Tensor:
    """Convolution of `[..., height, width, channels]` with `[height, width, channels / groups, features]`.

    `padding` is "SAME" (the odd element after), "VALID", or `[[0, 0], [top, bottom], [left, right], [0, 0]]`. With
    `data_format` "NCHW" channels come second. The number of groups follows from the channels of input and filter. The
    filter is not mirrored; halves are summed up in float32.
    """
    return _convolve("conv2d", 2, input, filters, strides, padding, data_format, dilations)


def conv3d(input, filters, strides, padding, data_format="NDHWC", dilations=None, name=None) -> Tensor:
    """Convolution of `[..., depth, height, width, channels]`; see `tf.nn.conv2d`."""
    return _convolve("conv3d", 3, input, filters, strides, padding, data_format, dilations)


def convolution(input, filters, strides=None, padding="VALID", data_format=None, dilations=None, name=None) -> Tensor:
    """Convolution over one, two or three dimensions, by the rank of the filter."""
    rank = _filter_rank(filters, "convolution")
    return _convolve("convolution", rank, input, filters, strides, padding, data_format, dilations)


def conv(
    input,
    filter,
    strides,
    padding,
    explicit_paddings=(),
    data_format="CHANNELS_LAST",
    dilations=(),
    batch_dims=1,
    groups=1,
    name=None,
) -> Tensor:
    """Convolution over one, two or three dimensions by the rank of the filter, after `batch_dims` dimensions."""
    rank, dims, many = _filter_rank(filter, "conv"), integer(batch_dims, "batch_dims"), integer(groups, "groups")
    if data_format not in ("CHANNELS_FIRST", "CHANNELS_LAST"):
        raise ValueError(f"conv: data_format must be 'CHANNELS_FIRST' or 'CHANNELS_LAST', got {data_format!r}")
    x, w = operands("conv", input, filter, _KINDS)
    if rank_of(x, "conv") != dims + rank + 1 or dims < 1:
        raise argument_error(None, "conv", f"want an input of rank {dims + rank + 1}, got shape {x.shape}")
    channels, depth = x.shape_tuple[dims if data_format == "CHANNELS_FIRST" else -1], w.shape_tuple[-2]
    if None not in (channels, depth) and depth * many != channels:
        raise argument_error(
            None, "conv", f"{channels} channels in {many} groups need a filter depth of {channels // many}, got {depth}"
        )
    layout = {"CHANNELS_FIRST": ("NCW", "NCHW", "NCDHW"), "CHANNELS_LAST": ("NWC", "NHWC", "NDHWC")}
    pairs = _explicit(padding, explicit_paddings)
    return _convolve("conv", rank, x, w, strides, pairs, layout[data_format][rank - 1], list(dilations) or None)


def _explicit(padding, explicit_paddings):
    """The argument `padding` of other functions, from "EXPLICIT" and numbers before and after each dimension."""
    numbers = list(explicit_paddings)
    if (padding == "EXPLICIT") != bool(numbers) or len(numbers) % 2:
        raise ValueError(f"explicit_paddings go with padding 'EXPLICIT', got {padding!r} and {numbers}")
    return [numbers[i : i + 2] for i in range(0, len(numbers), 2)] if numbers else padding


def conv2d_backprop_input_v2(
    input,
    filter,
    out_backprop,
    strides,
    padding,
    use_cudnn_on_gpu=True,
    explicit_paddings=(),
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
    name=None,
) -> Tensor:
    """The gradient of `tf.nn.conv2d` with respect to its input, of which the shape counts."""
    op = "conv2d_backprop_input_v2"
    x, w, g, groups, attrs, first = _backprop(
        op, input, filter, out_backprop, strides, _explicit(padding, explicit_paddings), data_format, dilations
    )
    return from_last(p.conv_input_grad(g, w, p.shape_of(x, dtype=int64), groups=groups, **attrs), first)


def conv2d_backprop_filter_v2(
    input,
    filter,
    out_backprop,
    strides,
    padding,
    use_cudnn_on_gpu=True,
    explicit_paddings=(),
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
    name=None,
) -> Tensor:
    """The gradient of `tf.nn.conv2d` with respect to its filter, of which the shape counts."""
    op = "conv2d_backprop_filter_v2"
    x, w, g, groups, attrs, _ = _backprop(
        op, input, filter, out_backprop, strides, _explicit(padding, explicit_paddings), data_format, dilations
    )
    return p.conv_filter_grad(x, g, p.shape_of(w, dtype=int64), groups=groups, **attrs)


def _backprop(op, input, filter, out_backprop, strides, padding, data_format, dilations) -> tuple:
    first = channels_first(data_format, 2, op)
    x, w = _inputs(op, input, filter, 2)
    g = operands(op, out_backprop, w, _KINDS)[0]
    for what, value in (("input", x), ("out_backprop", g)):
        if rank_of(value, op) != 4:
            raise argument_error(None, op, f"{what} must be 4-dimensional, got shape {value.shape} [Op:{op}]")
    x, g = to_last(x, first), to_last(g, first)
    return x, w, g, _groups(op, x, w), _attrs(op, 2, first, strides, padding, dilations), first


def _filter_rank(filters, op) -> int:
    from_shape = getattr(filters, "shape_tuple", None)
    dims = from_shape if from_shape is not None else getattr(filters, "shape", None)
    rank = len(np.shape(filters) if dims is None else dims) - 2
    if rank not in (1, 2, 3):
        raise ValueError(f"{op}: expected a filter of rank 3, 4 or 5, got {rank + 2}")
    return rank


def atrous_conv2d(value, filters, rate, padding, name=None) -> Tensor:
    """`tf.nn.conv2d` with a dilated filter."""
    return _convolve("atrous_conv2d", 2, value, filters, 1, padding, None, rate)


def depthwise_conv2d(input, filter, strides, padding, data_format=None, dilations=None, name=None) -> Tensor:
    """Each channel convolved with filters of its own.

    `filter` is `[height, width, channels, multiplier]`; feature `c * multiplier + m` of the result sees channel c.
    """
    op = "depthwise_conv2d"
    first = channels_first(data_format, 2, op)
    x, w = _inputs(op, input, filter, 2, minimum=4)
    x = to_last(x, first)
    channels, depth = x.shape_tuple[-1], w.shape_tuple[2]
    if None not in (channels, depth) and channels != depth:
        raise argument_error(
            None, op, f"input and filter must have the same depth: {channels} vs {depth} [Op:DepthwiseConv2dNative]"
        )
    groups = depth if channels is None else channels
    if groups is None or w.shape_tuple[3] is None:
        raise NotImplementedError("tf.nn.depthwise_conv2d needs channels that are known while tracing")
    multiplier = w.shape_tuple[3]
    w = _depthwise_filter(w, groups)
    attrs = _attrs(op, 2, first, strides, padding, dilations)
    x, apart = merge_batches(x, 2)
    if 1 < multiplier <= _COPIED:
        x, groups = _copies(x, groups, multiplier), groups * multiplier
    return apart(from_last(p.conv(x, w, groups=max(groups, 1), **attrs), first))


def _copies(x, channels, times):
    """Each channel so many times, one beside the other."""
    wide = p.expand_dims(x, axes=(4,))
    if None not in x.shape_tuple:
        wide = p.broadcast_to(wide, shape=(*x.shape_tuple, times))
        return p.reshape(wide, shape=(*x.shape_tuple[:3], channels * times))
    lead = p.slice_(p.shape_of(x, dtype=index_vector([0]).dtype), starts=(0,), sizes=(3,), strides=(1,))
    wide = p.dynamic_broadcast_to(wide, p.concat(lead, index_vector([channels, times]), axis=0))
    return p.dynamic_reshape(wide, p.concat(lead, index_vector([channels * times]), axis=0))


def _depthwise_filter(w, channels):
    """[h, w, c, m] as [h, w, 1, c * m]."""
    if None not in w.shape_tuple[:2]:
        return p.reshape(w, shape=(*w.shape_tuple[:2], 1, channels * w.shape_tuple[3]))
    size = p.shape_of(w, dtype=index_vector([0]).dtype)
    window = p.slice_(size, starts=(0,), sizes=(2,), strides=(1,))
    return p.dynamic_reshape(w, p.concat(window, index_vector([1, channels * w.shape_tuple[3]]), axis=0))


def separable_conv2d(
    input, depthwise_filter, pointwise_filter, strides, padding, data_format=None, dilations=None, name=None
) -> Tensor:
    """A depthwise convolution, then one that mixes channels with a 1 by 1 filter."""
    seen = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return _convolve("separable_conv2d", 2, seen, pointwise_filter, 1, "VALID", data_format, None)


# Transposed.


def _transposed(op, rank, input, filters, output_shape, strides, padding, data_format, dilations) -> Tensor:
    first = channels_first(data_format, rank, op)
    g, w = _inputs(op, input, filters, rank)
    if len(g.shape_tuple) != rank + 2:
        raise argument_error(None, op, f"input must be {rank + 2}-dimensional, got {list(g.shape_tuple)} [Op:{op}]")
    attrs = _attrs(op, rank, first, strides, padding, dilations)
    shape = shape_tensor(output_shape)
    if shape.shape_tuple not in ((rank + 2,), (None,), None):
        raise ValueError(f"output_shape must have shape ({rank + 2},), got {shape.shape}")
    known = static_value(shape)
    if first:
        order = (0, *range(2, rank + 2), 1)
        at = p.constant(value=np.array(order, np.int64))
        shape = p.constant(value=known[list(order)]) if known is not None else p.gather(shape, at, axis=0, batch_dims=0)
    return from_last(p.conv_input_grad(to_last(g, first), w, shape, groups=1, **attrs), first)


def conv1d_transpose(
    input, filters, output_shape, strides, padding="SAME", data_format="NWC", dilations=None, name=None
) -> Tensor:
    """The transpose (gradient) of `tf.nn.conv1d`; `filters` is `[window, features of the result, channels]`."""
    return _transposed("conv1d_transpose", 1, input, filters, output_shape, strides, padding, data_format, dilations)


def conv2d_transpose(
    input, filters, output_shape, strides, padding="SAME", data_format="NHWC", dilations=None, name=None
) -> Tensor:
    """The transpose (gradient) of `tf.nn.conv2d`: the input whose convolution has the shape of `input`.

    `filters` is `[height, width, features of the result, channels of the input]`, `output_shape` the result's shape.
    """
    return _transposed("conv2d_transpose", 2, input, filters, output_shape, strides, padding, data_format, dilations)


def conv3d_transpose(
    input, filters, output_shape, strides, padding="SAME", data_format="NDHWC", dilations=None, name=None
) -> Tensor:
    """The transpose (gradient) of `tf.nn.conv3d`."""
    return _transposed("conv3d_transpose", 3, input, filters, output_shape, strides, padding, data_format, dilations)


def conv_transpose(
    input, filters, output_shape, strides, padding="SAME", data_format=None, dilations=None, name=None
) -> Tensor:
    """The transpose of `tf.nn.convolution`."""
    rank = _filter_rank(filters, "conv_transpose")
    return _transposed("conv_transpose", rank, input, filters, output_shape, strides, padding, data_format, dilations)


def atrous_conv2d_transpose(value, filters, output_shape, rate, padding, name=None) -> Tensor:
    """The transpose of `tf.nn.atrous_conv2d`."""
    return _transposed("atrous_conv2d_transpose", 2, value, filters, output_shape, 1, padding, None, rate)


def depthwise_conv2d_backprop_input(
    input_sizes, filter, out_backprop, strides, padding, data_format="NHWC", dilations=(1, 1, 1, 1), name=None
) -> Tensor:
    """The gradient of `tf.nn.depthwise_conv2d` with respect to its input of shape `input_sizes`."""
    op = "depthwise_conv2d_backprop_input"
    first = channels_first(data_format, 2, op)
    g, w = _inputs(op, out_backprop, filter, 2)
    shape = static_value(shape_tensor(input_sizes))
    if shape is None or None in w.shape_tuple:
        raise NotImplementedError(f"{op} needs shapes that are known while tracing")
    shape = shape[[0, 2, 3, 1]] if first else shape
    channels = int(shape[-1])
    w = p.reshape(w, shape=(*w.shape_tuple[:2], 1, w.shape_tuple[2] * w.shape_tuple[3]))
    attrs = _attrs(op, 2, first, strides, padding, dilations)
    out = p.conv_input_grad(to_last(g, first), w, p.constant(value=shape), groups=channels, **attrs)
    return from_last(out, first)


def depthwise_conv2d_backprop_filter(
    input, filter_sizes, out_backprop, strides, padding, data_format="NHWC", dilations=(1, 1, 1, 1), name=None
) -> Tensor:
    """The gradient of `tf.nn.depthwise_conv2d` with respect to its filter of shape `filter_sizes`."""
    op = "depthwise_conv2d_backprop_filter"
    first = channels_first(data_format, 2, op)
    x, g = operands(op, input, out_backprop, _KINDS)
    sizes = static_value(shape_tensor(filter_sizes))
    if sizes is None:
        raise NotImplementedError(f"{op} needs filter sizes that are known while tracing")
    if np.shape(sizes) != (4,):
        raise ValueError(f"{op}: filter_sizes has four entries, got {filter_sizes!r}")
    h, w, channels, multiplier = (int(d) for d in sizes)
    shape = p.constant(value=np.array([h, w, 1, channels * multiplier], np.int64))
    attrs = _attrs(op, 2, first, strides, padding, dilations)
    out = p.conv_filter_grad(to_last(x, first), to_last(g, first), shape, groups=channels, **attrs)
    return p.reshape(out, shape=(h, w, channels, multiplier))
