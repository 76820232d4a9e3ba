"""Sorting elements into bins: bisection, histograms, partitions, confusion matrices."""

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import as_dtype, as_shape, int32, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import common_dtype, convert_to_tensor, integer, operand, operands, sequence, static_value
from tfc.ops.gather import boolean_mask
from tfc.ops.gradients import dynamic_shape, known, scalar, zeros_like
from tfc.ops.math import FLOAT
from tfc.ops.segments import unsorted_segment_sum
from tfc.ops.shapes import axis_of, broadcast_value, rank_of


def searchsorted(sorted_sequence, values, side="left", out_type=int32, name=None) -> Tensor:
    """Where to insert values so that the sequence stays sorted, along the last dimension: by bisection.

    "left": before equal elements, "right": after them. Leading dimensions of both are the same.
    """
    if side not in ("left", "right"):
        raise ValueError(f"side must be either 'right' or 'left'. Saw: {side}.")
    s, v = operands("searchsorted", sorted_sequence, values, "iuf")
    n = rank_of(s, "searchsorted")
    if n == 0 or rank_of(v, "searchsorted") != n:
        raise argument_error(
            None, "searchsorted", f"sequence and values need one rank of at least 1, got {s.shape} and {v.shape}"
        )
    if not as_shape(s.shape_tuple[:-1]).is_compatible_with(v.shape_tuple[:-1]):
        raise argument_error(
            None,
            "searchsorted",
            f"Leading dim_size of both tensors must match, got shapes {s.shape} and {v.shape} [Op:LowerBound]",
        )
    before = p.less if side == "left" else p.less_equal
    size = s.shape_tuple[-1]
    one, two = convert_to_tensor(1, int32), convert_to_tensor(2, int32)

    def step(first, left):
        # The intervals of all values are equally long: one that is too long ends with elements that are not before.
        half = p.floor_div(p.add(left, one), two)
        there = p.gather(s, p.add(first, p.sub(half, one)), axis=n - 1, batch_dims=n - 1)
        return p.select(before(there, v), p.add(first, half), first), p.floor_div(left, two)

    first = p.cast(zeros_like(v), dtype=int32)
    if size is not None:
        while size:
            first, _ = step(first, convert_to_tensor(size, int32))
            size //= 2
        return p.cast(first, dtype=as_dtype(out_type))
    count = p.cast(p.slice_(dynamic_shape(s), starts=(n - 1,), sizes=(1,), strides=(1,)), dtype=int32)
    start = first, p.squeeze(count, axes=(0,))
    first, _ = while_loop(lambda first, left: p.greater(left, convert_to_tensor(0, int32)), step, start)
    return p.cast(first, dtype=as_dtype(out_type))


def histogram_fixed_width_bins(values, value_range, nbins=100, dtype=int32, name=None) -> Tensor:
    """The number of each value's bin: `nbins` of one width over `value_range`, outer ones for what is outside."""
    x, limits = operands("histogram_fixed_width", values, value_range, "iuf")
    if limits.shape_tuple not in ((2,), (None,)):
        raise ValueError(f"value_range should be of shape [2], got {limits.shape}")
    count = convert_to_tensor(nbins, int32)
    if x.dtype.kind not in FLOAT:
        x, limits = (p.cast(t, dtype=as_dtype("float64")) for t in (x, limits))
    low, high = (p.squeeze(p.slice_(limits, starts=(i,), sizes=(1,), strides=(1,)), axes=(0,)) for i in (0, 1))
    p.assert_(
        p.less(low, high), low, high, message="value_range should satisfy value_range[0] < value_range[1]:", summarize=3
    )
    bins = p.cast(count, dtype=x.dtype)
    place = p.floor(p.mul(bins, p.div(p.sub(x, low), p.sub(high, low))))
    place = p.minimum(p.maximum(place, scalar(0, place)), p.sub(bins, scalar(1, bins)))
    return p.cast(place, dtype=as_dtype(dtype))


def histogram_fixed_width(values, value_range, nbins=100, dtype=int32, name=None) -> Tensor:
    """How many values are in each bin, see `histogram_fixed_width_bins`."""
    at = histogram_fixed_width_bins(values, value_range, nbins)
    at = p.reshape(at, shape=(None,)) if 0 not in (at.shape_tuple or ()) else p.constant(value=np.zeros(0, np.int32))
    ones = p.add(p.cast(zeros_like(at), dtype=as_dtype(dtype)), convert_to_tensor(1, as_dtype(dtype)))
    return unsorted_segment_sum(ones, at, nbins)


def dynamic_partition(data, partitions, num_partitions, name=None) -> list:
    """`num_partitions` tensors: number i has the slices of `data` where `partitions` is i."""
    x, at = convert_to_tensor(data), convert_to_tensor(partitions)
    if not at.dtype.is_integer:
        raise TypeError(f"partitions must be integers, got dtype {at.dtype.name}")
    count = static_value(num_partitions)
    if count is None:
        raise ValueError("tf.dynamic_partition needs num_partitions while tracing")
    flat = at if at.shape_tuple else p.reshape(at, shape=(1,))
    axes = tuple(range(len(flat.shape_tuple)))
    inside = p.logical_and(p.greater_equal(flat, scalar(0, flat)), p.less(flat, scalar(int(count), flat)))
    fine = p.reduce_all(inside, axes=axes, keepdims=False)
    p.assert_(fine, at, message=f"partitions is not in [0, {int(count)}):", summarize=8)
    if not at.shape_tuple:
        x = p.expand_dims(x, axes=(0,))
    return [boolean_mask(x, p.equal(flat, scalar(i, flat))) for i in range(int(count))]


def dynamic_stitch(indices, data, name=None) -> Tensor:
    """One tensor with slice j of `data[i]` at `indices[i][j]`; of several for one place the last counts."""
    at = [convert_to_tensor(i) for i in sequence(indices, "indices")]
    parts = common_dtype(data, "DynamicStitch")
    if len(at) != len(parts) or not at:
        raise ValueError(
            f"indices and data need the same number of tensors, at least one, got {len(at)} and {len(parts)}"
        )
    flat_at, flat_parts = [], []
    for i, d in zip(at, parts, strict=True):
        k = rank_of(i, "dynamic_stitch")
        rest = d.shape_tuple[k:]
        if not known(rest):
            raise NotImplementedError("tf.dynamic_stitch needs to know the shape of the slices while tracing")
        count = i.shape_tuple
        size = int(np.prod(count)) if known(count) else None
        flat_at.append(p.reshape(p.cast(i, dtype=int64), shape=(size,)))
        flat_parts.append(p.reshape(d, shape=(size, *rest)))
    order, values = concat(flat_at, 0), concat(flat_parts, 0)
    least = p.constant(value=np.array([-1], np.int64))
    top = p.reduce_max(p.concat(order, least, axis=0), axes=(0,), keepdims=True)
    rest = p.constant(value=np.array(values.shape_tuple[1:], np.int64))
    shape = p.concat(p.add(top, scalar(1, top)), rest, axis=0)
    base = p.ensure_shape(
        broadcast_value(convert_to_tensor(False if values.dtype.is_bool else 0, values.dtype), shape),
        shape=(None, *values.shape_tuple[1:]),
    )
    return p.scatter(base, p.expand_dims(order, axes=(1,)), values, mode="update")


def reverse_sequence(input, seq_lengths, seq_axis=None, batch_axis=None, name=None) -> Tensor:
    """Of each slice along `batch_axis`, the first `seq_lengths[i]` elements along `seq_axis` in reverse order."""
    x, lengths = convert_to_tensor(input), convert_to_tensor(seq_lengths)
    rank = rank_of(x, "reverse_sequence")
    if seq_axis is None:
        raise ValueError("tf.reverse_sequence needs seq_axis")
    axis = axis_of(seq_axis, rank, "reverse_sequence")
    batch = axis_of(0 if batch_axis is None else batch_axis, rank, "reverse_sequence")
    if lengths.shape_tuple is not None and len(lengths.shape_tuple) != 1:
        raise argument_error(None, "reverse_sequence", f"seq_lengths must be 1-dim, not {len(lengths.shape_tuple)}")
    if axis == batch:
        raise argument_error(None, "reverse_sequence", f"batch_dim == seq_dim == {axis}")
    sizes = dynamic_shape(x)
    n = p.squeeze(p.slice_(sizes, starts=(axis,), sizes=(1,), strides=(1,)), axes=(0,))
    fine = p.reduce_all(p.less_equal(p.cast(lengths, dtype=int64), n), axes=(0,), keepdims=False)
    p.assert_(fine, lengths, n, message="seq_lens(i) is larger than input.dims(seq_dim):", summarize=8)
    place = p.expand_dims(p.range_(scalar(0, n), n, scalar(1, n)), axes=(0,))
    wide = p.expand_dims(p.cast(lengths, dtype=int64), axes=(1,))
    turned = p.sub(p.sub(wide, scalar(1, wide)), place)
    at = p.select(p.less(place, wide), turned, place)
    order = (batch, axis, *(i for i in range(rank) if i not in (batch, axis)))
    moved = p.gather(p.transpose(x, perm=order), at, axis=1, batch_dims=1)
    return p.transpose(moved, perm=tuple(order.index(i) for i in range(rank)))


def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype=int32, name=None) -> Tensor:
    """How often (or with which total weight) each pair of a label, the row, and a prediction, the column, occurs."""
    rows, columns = (p.cast(convert_to_tensor(t), dtype=int64) for t in (labels, predictions))
    if num_classes is None:
        both = p.concat(rows, columns, p.constant(value=np.array([-1], np.int64)), axis=0)
        count = p.reduce_max(both, axes=(0,), keepdims=False)
        count = p.add(count, scalar(1, count))
    else:
        count = p.cast(convert_to_tensor(num_classes), dtype=int64)
        for name, t in (("labels", rows), ("predictions", columns)):
            fine = p.reduce_all(p.less(t, count), axes=(0,), keepdims=False)
            p.assert_(fine, t, message=f"`{name}` out of bound:", summarize=8)
    for name, t in (("labels", rows), ("predictions", columns)):
        fine = p.reduce_all(p.greater_equal(t, scalar(0, t)), axes=(0,), keepdims=False)
        p.assert_(fine, t, message=f"`{name}` contains negative values:", summarize=8)
    dtype = as_dtype(dtype)
    amounts = p.add(p.cast(zeros_like(rows), dtype=dtype), convert_to_tensor(1, dtype))
    if weights is not None:
        amounts = p.mul(amounts, p.cast(convert_to_tensor(weights), dtype=dtype))
    total = unsorted_segment_sum(amounts, p.add(p.mul(rows, count), columns), p.mul(count, count))
    size = None if num_classes is None else static_value(num_classes)
    if size is not None:
        size = integer(size, "num_classes")
        return p.reshape(total, shape=(size, size))
    one = p.expand_dims(count, axes=(0,))
    return p.dynamic_reshape(total, p.concat(one, one, axis=0))


def _steps(x, name):
    x = operand(name, x, "iuf")
    flat = p.reshape(x, shape=(None,)) if 0 not in (x.shape_tuple or ()) else None
    if flat is None:
        return None, None
    n = flat.shape_tuple[0]
    if n is not None:
        if n < 2:
            return None, None
        return tuple(p.slice_(flat, starts=(i,), sizes=(n - 1,), strides=(1,)) for i in (0, 1))
    zero, one, minus = (p.constant(value=np.array([v], np.int64)) for v in (0, 1, -1))
    first = p.dynamic_strided_slice(flat, zero, minus, strides=(1,), begin_mask=0, end_mask=0)
    return first, p.dynamic_strided_slice(flat, one, minus, strides=(1,), begin_mask=0, end_mask=1)


def is_non_decreasing(x, name=None) -> Tensor:
    """Whether no element is smaller than the one before, in row-major order."""
    before, after = _steps(x, "is_non_decreasing")
    return (
        convert_to_tensor(True)
        if before is None
        else p.reduce_all(p.less_equal(before, after), axes=(0,), keepdims=False)
    )


def is_strictly_increasing(x, name=None) -> Tensor:
    """Whether each element is larger than the one before, in row-major order."""
    before, after = _steps(x, "is_strictly_increasing")
    return convert_to_tensor(True) if before is None else p.reduce_all(p.less(before, after), axes=(0,), keepdims=False)
