"""Distinct values: `tf.unique` and `tf.unique_with_counts`."""

import collections

import numpy as np

from tfc.core import Tensor, argument_error, executing_eagerly
from tfc.dtypes import TensorSpec, as_dtype, float64, int32, int64, string, uint8, uint64
from tfc.ops import primitives as p
from tfc.ops.array import roll, shape
from tfc.ops.control_flow import cond
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
    positions = range_(p.squeeze(shape(x), axes=(0,)))
    first = _first_of_equals(x, positions)
    is_first = p.equal(first, positions)
    rank = p.sub(cumsum(p.cast(is_first, dtype=int32)), convert_to_tensor(1, int32))
    return boolean_mask(x, is_first), p.cast(gather(rank, first), dtype=as_dtype(out_idx))


def _first_of_equals(x, positions) -> Tensor:
    """For each element the position of the first one that is equal to it."""
    n = x.shape_tuple[0]
    by_order = lambda: _first_by_order(x, positions)
    if x.dtype.is_complex or (n is not None and n < _LEAST_FOR_TABLES):
        return by_order()
    by_hash = lambda: _first_by_hash(x, positions, by_order)
    if not x.dtype.is_integer:
        return by_hash()
    wide = p.cast(x, dtype=int64)
    some = wide if n else p.concat(wide, p.constant(value=np.zeros(1, np.int64)), axis=0)
    least, most = (reduce(some, axes=(0,), keepdims=False) for reduce in (p.reduce_min, p.reduce_max))
    zero, one = (convert_to_tensor(value, int64) for value in (0, 1))
    size = p.add(p.sub(most, least), one)  # negative or zero if that is no number
    count = p.cast(p.squeeze(shape(x), axes=(0,)), dtype=int64)
    room = p.add(p.mul(count, convert_to_tensor(8, int64)), convert_to_tensor(1024, int64))
    is_dense = p.logical_and(p.less(zero, size), p.less_equal(size, room))
    if x.dtype.size > 2:
        return cond(is_dense, lambda: _first_by_table(wide, least, size, positions), by_hash)
    return _first_by_table(wide, least, size, positions)


# Elements from which on a table of what there is pays.
_LEAST_FOR_TABLES = 512


def _first_by_table(x, least, size, positions) -> Tensor:
    places = p.sub(x, least)
    none = p.dynamic_broadcast_to(convert_to_tensor(int32.max, int32), p.expand_dims(size, axes=(0,)))
    table = p.scatter(none, p.expand_dims(places, axes=(1,)), positions, mode="min")
    return p.gather(table, places, axis=0, batch_dims=0)


# Elements from which on, of what is in them, hashing is tried: as many as the first of them that are looked at tell
# enough of, if at most a quarter of them differ. A table is as large as near caches are.
_LEAST_FOR_HASHES, _SAMPLE, _BITS = 1 << 14, 1 << 12, 16
_FACTORS = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F


def _first_by_hash(x, positions, otherwise) -> Tensor:
    """Of few distinct values: by a table of the first position of each hash, and one more, by another hash, of those
    that are not the first of theirs. If that leaves any, or there seem to be many, `otherwise`.
    """
    n = x.shape_tuple[0]
    if n is None or n < _LEAST_FOR_HASHES:
        return otherwise()
    some = [p.slice_(t, starts=(0,), sizes=(_SAMPLE,), strides=(1,)) for t in (x, positions)]
    first, _ = _first_of_hash(*some, 0)
    different = p.reduce_sum(p.cast(p.equal(first, some[1]), dtype=int32), axes=(0,), keepdims=False)

    def twice(first, known):
        live = p.select(known, convert_to_tensor(int32.max, int32), positions)
        second, also = _first_of_hash(x, live, 1)
        all_known = p.reduce_all(p.logical_or(known, also), axes=(0,), keepdims=False)
        return p.select(known, first, second), all_known

    def hashed():
        first, known = _first_of_hash(x, positions, 0)
        all_known = p.reduce_all(known, axes=(0,), keepdims=False)
        return cond(all_known, lambda: (first, convert_to_tensor(True)), lambda: twice(first, known))

    few = p.less_equal(different, convert_to_tensor(_SAMPLE // 4, int32))
    first, found = cond(few, hashed, lambda: (positions, convert_to_tensor(False)))
    return cond(found, lambda: first, otherwise)


def _keys(x) -> Tensor:
    """Integers of 64 bits, the same ones for equal values."""
    if x.dtype.is_integer:
        return p.cast(x, dtype=int64)
    # Zeros are equal: the sum of two that differ is positive.
    wide = p.add(p.cast(x, dtype=float64), convert_to_tensor(0.0, float64))
    return p.bitcast(wide, dtype=int64)


def _first_of_hash(x, positions, number) -> tuple:
    """For each element the least of the positions whose elements have its hash, and whether that one is equal to it
    (NaN is to none).
    """
    bits = p.mul(p.bitcast(_keys(x), dtype=uint64), p.constant(value=np.uint64(_FACTORS[number])))
    place = p.cast(p.right_shift(bits, p.constant(value=np.uint64(64 - _BITS))), dtype=int32)
    none = p.broadcast_to(convert_to_tensor(int32.max, int32), shape=(1 << _BITS,))
    table = p.scatter(none, p.expand_dims(place, axes=(1,)), positions, mode="min")
    first = p.gather(table, place, axis=0, batch_dims=0)
    last = convert_to_tensor(x.shape_tuple[0] - 1, int32)
    first = p.minimum(first, last)
    return first, p.equal(p.gather(x, first, axis=0, batch_dims=0), x)


def _first_by_order(x, positions) -> Tensor:
    # Equal values stand together, in the order in which they came; the first of each run stands for it.
    order = argsort(x, stable=True)
    ordered = gather(x, order)
    begins = p.logical_or(p.equal(positions, convert_to_tensor(0, int32)), p.not_equal(ordered, roll(ordered, 1, 0)))
    run = p.sub(cumsum(p.cast(begins, dtype=int32)), convert_to_tensor(1, int32))
    first = gather(boolean_mask(order, begins), run)
    return p.scatter(zeros_like(order), p.expand_dims(order, axes=(1,)), first, mode="update")


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
