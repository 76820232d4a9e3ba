"""`tf.nn.*pool*`: the largest element and the mean of sliding windows; patches and morphology."""

from tfc.core import Tensor, argument_error
from tfc.dtypes import as_dtype, int64
from tfc.ops import primitives as p
from tfc.ops.convert import operand, sequence
from tfc.ops.layout import channels_first, from_last, paddings, spatial, spatial_rank, to_last
from tfc.ops.math import FLOAT, REAL
from tfc.ops.shapes import rank_of

_PRIMITIVES = {"MAX": (p.max_pool, REAL), "AVG": (p.avg_pool, FLOAT)}


def _pool(op, kind, rank, input, window, strides, padding, data_format, dilations=None) -> Tensor:
    primitive, kinds = _PRIMITIVES[kind]
    x = operand(op, input, kinds)
    n = rank_of(x, op)
    rank = spatial_rank(x, data_format, op) if rank is None else rank
    if n != rank + 2:
        raise argument_error(None, op, f"{op}: expected an input of rank {rank + 2}, got shape {list(x.shape_tuple)}")
    first = channels_first(data_format, rank, op)
    attrs = {
        "window": spatial(window, rank, first, op, "ksize"),
        "strides": spatial(strides, rank, first, op, "strides"),
        "dilations": spatial(dilations, rank, first, op, "dilations"),
        "padding": paddings(padding, rank, first, op),
    }
    return from_last(primitive(to_last(x, first), **attrs), first)


def max_pool(input, ksize, strides, padding, data_format=None, name=None) -> Tensor:
    """The largest element of each window, over one, two or three dimensions by the rank of the input."""
    return _pool("max_pool", "MAX", None, input, ksize, strides, padding, data_format)


def max_pool1d(input, ksize, strides, padding, data_format="NWC", name=None) -> Tensor:
    """The largest element of each window of `[batch, width, channels]`."""
    return _pool("max_pool1d", "MAX", 1, input, ksize, strides, padding, data_format)


def max_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None) -> Tensor:
    """The largest element of each window of `[batch, height, width, channels]`, NaN if there is one.

    `padding` is "SAME", "VALID" or pairs, as for `tf.nn.conv2d`; padding takes no part.
    """
    return _pool("max_pool2d", "MAX", 2, input, ksize, strides, padding, data_format)


def max_pool3d(input, ksize, strides, padding, data_format="NDHWC", name=None) -> Tensor:
    """The largest element of each window of `[batch, depth, height, width, channels]`."""
    return _pool("max_pool3d", "MAX", 3, input, ksize, strides, padding, data_format)


def avg_pool(input, ksize, strides, padding, data_format=None, name=None) -> Tensor:
    """The mean of each window, over one, two or three dimensions by the rank of the input."""
    return _pool("avg_pool", "AVG", None, input, ksize, strides, padding, data_format)


def avg_pool1d(input, ksize, strides, padding, data_format="NWC", name=None) -> Tensor:
    """The mean of each window of `[batch, width, channels]`."""
    return _pool("avg_pool1d", "AVG", 1, input, ksize, strides, padding, data_format)


def avg_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None) -> Tensor:
    """The mean of each window of `[batch, height, width, channels]`; padding takes no part."""
    return _pool("avg_pool2d", "AVG", 2, input, ksize, strides, padding, data_format)


def avg_pool3d(input, ksize, strides, padding, data_format="NDHWC", name=None) -> Tensor:
    """The mean of each window of `[batch, depth, height, width, channels]`."""
    return _pool("avg_pool3d", "AVG", 3, input, ksize, strides, padding, data_format)


def pool(
    input, window_shape, pooling_type, strides=None, padding="VALID", data_format=None, dilations=None, name=None
) -> Tensor:
    """Pooling of kind "MAX" or "AVG" over windows of `window_shape`, which may be dilated."""
    if not isinstance(pooling_type, str) or pooling_type not in _PRIMITIVES:
        raise ValueError(f"pool: `pooling_type` must be 'AVG' or 'MAX'. Received: {pooling_type}")
    rank = len(sequence(window_shape, "window_shape"))
    steps, apart = (spatial(v, rank, False, "pool", "strides") for v in (strides, dilations))
    if max(steps, default=1) > 1 and max(apart, default=1) > 1:
        raise ValueError("`strides > 1` not supported in conjunction with `dilations > 1`")
    return _pool("pool", pooling_type, rank, input, window_shape, strides, padding, data_format, dilations)


def max_pool_with_argmax(
    input,
    ksize,
    strides,
    padding,
    data_format="NHWC",
    output_dtype=int64,
    include_batch_in_index=False,
    name=None,
):
    """The largest element of each window and its flat position, `(y * width + x) * channels + c`.

    With `include_batch_in_index`, positions count from the start of the whole batch. Returns (output, argmax).
    """
    op = "max_pool_with_argmax"
    if data_format != "NHWC":
        raise ValueError(f"{op}: `data_format` must be 'NHWC'. Received: {data_format}")
    x = operand(op, input, REAL)
    if rank_of(x, op) != 4:
        raise argument_error(None, op, f"{op}: expected an input of rank 4, got shape {list(x.shape_tuple)}")
    attrs = {
        "window": spatial(ksize, 2, False, op, "ksize"),
        "strides": spatial(strides, 2, False, op, "strides"),
        "dilations": (1, 1),
        "padding": paddings(padding, 2, False, op),
    }
    at = p.argmax_pool(x, **attrs)
    if not include_batch_in_index:
        sizes = p.slice_(p.shape_of(x, dtype=int64), starts=(1,), sizes=(3,), strides=(1,))
        at = p.floor_mod(at, p.reduce_prod(sizes, axes=(0,), keepdims=False))
    dtype = as_dtype(output_dtype)
    return p.max_pool(x, **attrs), at if dtype is int64 else p.cast(at, dtype=dtype)
