"""Sums and the like over segments: the slices of a tensor that have one number in common."""

from tfc.core import Tensor
from tfc.dtypes import int64
from tfc.ops import primitives as p
from tfc.ops.array import concat
from tfc.ops.convert import convert_to_tensor, static_value
from tfc.ops.gradients import dynamic_shape
from tfc.ops.math import FLOAT
from tfc.ops.shapes import broadcast_value, rank_of


def _segments(data, segment_ids, num_segments, start, mode) -> Tensor:
    """Scatters slices into `num_segments` slices that are `start` at first."""
    x, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
    k = rank_of(ids, "unsorted_segment")
    count = static_value(num_segments)
    start = convert_to_tensor(start, x.dtype)
    if count is not None and None not in x.shape_tuple[k:]:
        base = broadcast_value(start, (int(count), *x.shape_tuple[k:]))
    else:
        rank = rank_of(x, "unsorted_segment")
        rest = p.slice_(dynamic_shape(x), starts=(k,), sizes=(rank - k,), strides=(1,))
        first = p.reshape(p.cast(convert_to_tensor(num_segments), dtype=int64), shape=(1,))
        base = broadcast_value(start, concat([first, rest], 0))
    return p.scatter(base, p.expand_dims(ids, axes=(k,)), x, mode=mode)


def unsorted_segment_sum(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the sum of data[j] with segment_ids[j] == i, 0 if there is none."""
    return _segments(data, segment_ids, num_segments, 0, "add")


def unsorted_segment_prod(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the product of data[j] with segment_ids[j] == i, 1 if there is none."""
    return _segments(data, segment_ids, num_segments, 1, "mul")


def unsorted_segment_max(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the largest data[j] with segment_ids[j] == i, the smallest number if there is none."""
    data = convert_to_tensor(data)
    return _segments(data, segment_ids, num_segments, data.dtype.as_numpy_dtype(data.dtype.min), "max")


def unsorted_segment_min(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the smallest data[j] with segment_ids[j] == i, the largest number if there is none."""
    data = convert_to_tensor(data)
    return _segments(data, segment_ids, num_segments, data.dtype.as_numpy_dtype(data.dtype.max), "min")


def _counts(data, segment_ids, num_segments) -> Tensor:
    """How many slices each segment has, at least 1, to divide a sum by."""
    data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
    one = convert_to_tensor(1, data.dtype)
    ones = (
        broadcast_value(one, ids.shape_tuple)
        if None not in ids.shape_tuple
        else p.dynamic_broadcast_to(one, dynamic_shape(ids))
    )
    counts = p.maximum(_segments(ones, ids, num_segments, 0, "add"), one)
    extra = rank_of(data, "unsorted_segment") - rank_of(ids, "unsorted_segment")
    return p.expand_dims(counts, axes=tuple(range(1, 1 + extra))) if extra else counts


def unsorted_segment_mean(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the mean of data[j] with segment_ids[j] == i, 0 if there is none."""
    total = unsorted_segment_sum(data, segment_ids, num_segments)
    counts = _counts(data, segment_ids, num_segments)
    return (p.div if total.dtype.kind in FLOAT else p.trunc_div)(total, counts)


def unsorted_segment_sqrt_n(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the sum of data[j] with segment_ids[j] == i, divided by the root of their number."""
    total = unsorted_segment_sum(data, segment_ids, num_segments)
    return p.div(total, p.sqrt(_counts(data, segment_ids, num_segments)))
