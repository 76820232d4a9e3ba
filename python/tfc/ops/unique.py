"""Distinct values: `tf.unique` and `tf.unique_with_counts`."""

import collections

import numpy as np

from tfc.core import Tensor, argument_error, executing_eagerly
from tfc.dtypes import TensorSpec, as_dtype, int32, int64, string, uint8
from tfc.ops import primitives as p
from tfc.ops.array import roll, shape
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import range as range_
from tfc.ops.creation import zeros_like
from tfc.ops.gather import argsort, boolean_mask, gather
from tfc.ops.reductions import cumsum
from tfc.ops.segments import unsorted_segment_sum
from tfc.ops.shapes import rank_of

Unique = collections.namedtuple("Unique", ["y", "idx"])
UniqueWithCounts = collections.namedtuple("UniqueWithCounts", ["y", "idx", "count"])


def _unique(x, out_idx):
    x = convert_to_tensor(x)
    if x.dtype.is_bool:
        values, places = _unique(p.cast(x, dtype=uint8), out_idx)
        return p.cast(values, dtype=x.dtype), places
    if rank_of(x, "tf.unique") != 1:
        raise argument_error(None, "unique", f"unique expects a 1D vector, got shape {x.shape} [Op:Unique]")
    if x.dtype is string:
        values = p.string(x, function="distinct", type=TensorSpec((None,), string))
        places = p.string(x, values, function="places", type=TensorSpec(x.shape_tuple, int64))
        return values, p.cast(places, dtype=as_dtype(out_idx))
    if executing_eagerly() and x.dtype.np_dtype.kind in "iuf":
        return _unique_now(x, as_dtype(out_idx))
    n = p.squeeze(shape(x), axes=(0,))
    positions = range_(n)
    # Equal values stand together, in the order in which they came; the first of each run stands for it.
    order = argsort(x, stable=True)
    ordered = gather(x, order)
    begins = p.logical_or(p.equal(positions, convert_to_tensor(0, int32)), p.not_equal(ordered, roll(ordered, 1, 0)))
    run = p.sub(cumsum(p.cast(begins, dtype=int32)), convert_to_tensor(1, int32))
    first = gather(boolean_mask(order, begins), run)
    stands_for = p.scatter(zeros_like(order), p.expand_dims(order, axes=(1,)), first, mode="update")
    is_first = p.equal(stands_for, positions)
    rank = p.sub(cumsum(p.cast(is_first, dtype=int32)), convert_to_tensor(1, int32))
    return boolean_mask(x, is_first), p.cast(gather(rank, stands_for), dtype=as_dtype(out_idx))


def _unique_now(x, out_idx):
    _, first, place = np.unique(x.numpy(), return_index=True, return_inverse=True, equal_nan=False)
    order = np.argsort(first)
    rank = np.empty(len(first), out_idx.np_dtype)
    rank[order] = np.arange(len(first))
    values = p.gather(x, p.constant(value=first[order]), axis=0, batch_dims=0)
    return values, p.constant(value=rank[place])


def unique(x, out_idx=int32, name=None) -> Unique:
    """(`y`, `idx`): the distinct values of a vector in the order of their first appearance, and `x[i] == y[idx[i]]`."""
    return Unique(*_unique(x, out_idx))


def unique_with_counts(x, out_idx=int32, name=None) -> UniqueWithCounts:
    """As `unique`, with the number of times each value appears."""
    y, idx = _unique(x, out_idx)
    counts = unsorted_segment_sum(_ones(idx), idx, p.squeeze(shape(y), axes=(0,)))
    return UniqueWithCounts(y, idx, counts)


def _ones(x) -> Tensor:
    return p.add(zeros_like(x), convert_to_tensor(1, x.dtype))
