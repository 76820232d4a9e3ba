"""Sums and the like over segments: the slices of a tensor that have one number in common."""

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import as_dtype, float32, float64, int32, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat
from tfc.ops.convert import convert_to_tensor, integer, operand, static_value
from tfc.ops.gradients import dynamic_shape, known, scalar, zeros_like
from tfc.ops.math import ANALYTIC, FLOAT, NUMBER, REAL
from tfc.ops.shapes import broadcast_value, rank_of


def _ids(segment_ids) -> Tensor:
    ids = convert_to_tensor(segment_ids)
    if not ids.dtype.is_integer:
        raise TypeError(f"segment_ids must be integers, got dtype {ids.dtype.name}")
    return ids


def _scattered(x, ids, num_segments, start, mode, checked=False) -> Tensor:
    """Scatters slices into `num_segments` slices that are `start` at first; those of negative numbers are dropped.

    `checked`: an assertion before has found all numbers to be in range, and there are none of those.
    """
    k, rank = rank_of(ids, "segment"), rank_of(x, "segment")
    if known(ids.shape_tuple) and known(x.shape_tuple) and x.shape_tuple[:k] != ids.shape_tuple:
        raise argument_error(
            None, "segment", f"data.shape = {x.shape} does not start with segment_ids.shape = {ids.shape}"
        )
    count = None if static_value(num_segments) is None else integer(num_segments, "num_segments")
    numbers = static_value(ids)
    drops = not checked and ids.dtype.kind == "i" and (numbers is None or (numbers < 0).any())
    spare = _spare(num_segments, count) if drops else 0
    start = convert_to_tensor(start, x.dtype)
    if count is not None and None not in x.shape_tuple[k:]:
        base = broadcast_value(start, (count + spare, *x.shape_tuple[k:]))
    else:
        rest = p.slice_(dynamic_shape(x), starts=(k,), sizes=(rank - k,), strides=(1,))
        first = p.reshape(p.cast(convert_to_tensor(num_segments), dtype=int64), shape=(1,))
        first = p.add(first, convert_to_tensor(spare, int64))
        base = broadcast_value(start, concat([first, rest], 0))
        size = None if count is None else int(count) + spare
        base = p.ensure_shape(base, shape=(size, *x.shape_tuple[k:]))
    if drops:
        absent = p.less(ids, scalar(0, ids))
        wide = p.expand_dims(absent, axes=tuple(range(k, rank))) if rank > k else absent
        x = p.select(wide, start, x)
        # Others are none of the spare segment's.
        others = (
            p.add(ids, p.cast(convert_to_tensor(spare), dtype=ids.dtype)) if isinstance(spare, Tensor) or spare else ids
        )
        ids = p.select(absent, scalar(0, ids), others)
    out = p.scatter(base, p.expand_dims(ids, axes=(k,)), x, mode=mode, **({"inside": True} if checked else {}))
    return _first_rows(out, num_segments, 1 + rank - k) if isinstance(spare, Tensor) or spare else out


def _spare(num_segments, count):
    """What is dropped goes to the first segment, where it changes nothing: 1 if there is none, else 0."""
    if count is not None:
        return int(count == 0)
    n = p.cast(convert_to_tensor(num_segments), dtype=int64)
    return p.cast(p.equal(n, scalar(0, n)), dtype=int64)


def _first_rows(x, count, rank) -> Tensor:
    begin = p.constant(value=np.zeros(rank, np.int64))
    end = p.reshape(p.cast(convert_to_tensor(count), dtype=int64), shape=(1,))
    if rank > 1:
        end = p.concat(end, p.constant(value=np.zeros(rank - 1, np.int64)), axis=0)
    all_of_others = (1 << rank) - 2
    return p.dynamic_strided_slice(x, begin, end, strides=(1,) * rank, begin_mask=0, end_mask=all_of_others)


def _lowest(dtype):
    return dtype.as_numpy_dtype(dtype.min)


def _highest(dtype):
    return dtype.as_numpy_dtype(dtype.max)


def unsorted_segment_sum(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the sum of data[j] with segment_ids[j] == i, 0 if there is none. Negative numbers are left out."""
    return _scattered(operand("segment_sum", data, NUMBER), _ids(segment_ids), num_segments, 0, "add")


def unsorted_segment_prod(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the product of data[j] with segment_ids[j] == i, 1 if there is none."""
    return _scattered(operand("segment_prod", data, NUMBER), _ids(segment_ids), num_segments, 1, "mul")


def unsorted_segment_max(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the largest data[j] with segment_ids[j] == i, the smallest number if there is none."""
    x = operand("segment_max", data, REAL)
    return _scattered(x, _ids(segment_ids), num_segments, _lowest(x.dtype), "max")


def unsorted_segment_min(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the smallest data[j] with segment_ids[j] == i, the largest number if there is none."""
    x = operand("segment_min", data, REAL)
    return _scattered(x, _ids(segment_ids), num_segments, _highest(x.dtype), "min")


def _counts(x, ids, num_segments, checked=False) -> Tensor:
    """How many slices each segment has, to compare with its result."""
    extra = rank_of(x, "segment") - rank_of(ids, "segment")
    numbers, count = static_value(ids), static_value(num_segments)
    if numbers is not None and count is not None and numbers.size and ((numbers >= 0) & (numbers < count)).all():
        found = np.bincount(numbers.reshape(-1), minlength=int(count)).astype(x.dtype.np_dtype)
        return p.constant(value=found.reshape(found.shape + (1,) * extra))
    one = convert_to_tensor(1, x.dtype)
    ones = p.add(p.cast(zeros_like(ids), dtype=x.dtype), one)
    counts = _scattered(ones, ids, num_segments, 0, "add", checked)
    return p.expand_dims(counts, axes=tuple(range(1, 1 + extra))) if extra else counts


def unsorted_segment_mean(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the mean of data[j] with segment_ids[j] == i, 0 if there is none. Means of integers are floats."""
    x, ids = operand("segment_mean", data, NUMBER), _ids(segment_ids)
    if x.dtype.is_integer:
        x = p.cast(x, dtype=float32 if x.dtype.size <= 2 else float64)
    return _means(x, ids, num_segments)


def _means(x, ids, num_segments, checked=False) -> Tensor:
    total = _scattered(x, ids, num_segments, 0, "add", checked)
    counts = _counts(x, ids, num_segments, checked)
    counts = p.select(p.equal(counts, scalar(0, counts)), scalar(1, counts), counts)
    return (p.div if x.dtype.kind in ANALYTIC else p.trunc_div)(total, counts)


def unsorted_segment_sqrt_n(data, segment_ids, num_segments, name=None) -> Tensor:
    """result[i] = the sum of data[j] with segment_ids[j] == i, divided by the root of their number."""
    x, ids = operand("segment_sqrt_n", data, FLOAT), _ids(segment_ids)
    total = _scattered(x, ids, num_segments, 0, "add")
    counts = _counts(x, ids, num_segments)
    return p.div(total, p.sqrt(p.maximum(counts, scalar(1, counts))))


# Segments of sorted numbers: there are as many as the last number says.


def _sorted(name, prim_kinds, data, segment_ids):
    x, ids = operand(name, data, prim_kinds), _ids(segment_ids)
    if rank_of(ids, name) != 1:
        raise argument_error(None, name, f"segment_ids should be a vector, got shape {ids.shape}")
    if ids.shape_tuple[0] == 0:
        return x, ids, convert_to_tensor(0, int64)
    numbers = static_value(ids)
    if numbers is not None and numbers[0] >= 0 and (numbers[:-1] <= numbers[1:]).all():
        return x, ids, convert_to_tensor(int(numbers[-1]) + 1, int64)
    if ids.shape_tuple[0] is not None:
        n = ids.shape_tuple[0]
        first, last = (p.squeeze(p.slice_(ids, starts=(i,), sizes=(1,), strides=(1,)), axes=(0,)) for i in (0, n - 1))
        before, after = (p.slice_(ids, starts=(i,), sizes=(n - 1,), strides=(1,)) for i in (0, 1))
        fine = p.reduce_all(p.less_equal(before, after), axes=(0,), keepdims=False)
        _assert_sorted(name, p.logical_and(fine, p.greater_equal(first, scalar(0, first))), ids)
        count = p.add(p.cast(last, dtype=int64), convert_to_tensor(1, int64))
        return x, ids, p.maximum(count, scalar(0, count))
    wide = p.cast(ids, dtype=int64)
    last = p.reduce_max(p.concat(p.constant(value=_one(-1)), wide, axis=0), axes=(0,), keepdims=False)
    count = p.add(last, scalar(1, last))
    steps = p.sub(wide, p.concat(p.constant(value=_one(0)), _without_last(wide), axis=0))
    fine = p.reduce_all(p.greater_equal(steps, scalar(0, steps)), axes=(0,), keepdims=False)
    _assert_sorted(name, fine, ids)
    return x, ids, count


def _assert_sorted(name, fine, ids):
    p.assert_(fine, ids, message=f"{name}: segment ids are not increasing, or negative:", summarize=8)


def _one(value):
    """A vector of one int64."""
    return np.array([value], np.int64)


def _without_last(vector):
    n = vector.shape_tuple[0]
    if n is not None:
        return p.slice_(vector, starts=(0,), sizes=(n - 1,), strides=(1,))
    begin, end = p.constant(value=_one(0)), p.constant(value=_one(-1))
    return p.dynamic_strided_slice(vector, begin, end, strides=(1,), begin_mask=0, end_mask=0)


def _zero_where_empty(result, x, ids, count):
    extra = rank_of(x, "segment") - 1
    none, one = (convert_to_tensor(value) for value in (False, True))
    base = broadcast_value(none, p.expand_dims(count, axes=(0,)))
    ones = broadcast_value(one, dynamic_shape(ids))
    there = p.scatter(base, p.expand_dims(ids, axes=(1,)), ones, mode="update", inside=True)
    there = p.expand_dims(there, axes=tuple(range(1, 1 + extra))) if extra else there
    return p.select(there, result, scalar(0, result))


def segment_sum(data, segment_ids, name=None) -> Tensor:
    """result[i] = the sum of data[j] with segment_ids[j] == i; the numbers are sorted, the last one is the largest."""
    x, ids, count = _sorted("segment_sum", NUMBER, data, segment_ids)
    return _scattered(x, ids, count, 0, "add", checked=True)


def segment_prod(data, segment_ids, name=None) -> Tensor:
    """result[i] = the product of data[j] with segment_ids[j] == i, 1 if there is none."""
    x, ids, count = _sorted("segment_prod", NUMBER, data, segment_ids)
    return _scattered(x, ids, count, 1, "mul", checked=True)


def segment_max(data, segment_ids, name=None) -> Tensor:
    """result[i] = the largest data[j] with segment_ids[j] == i, 0 if there is none."""
    x, ids, count = _sorted("segment_max", REAL, data, segment_ids)
    return _zero_where_empty(_scattered(x, ids, count, _lowest(x.dtype), "max", checked=True), x, ids, count)


def segment_min(data, segment_ids, name=None) -> Tensor:
    """result[i] = the smallest data[j] with segment_ids[j] == i, 0 if there is none."""
    x, ids, count = _sorted("segment_min", REAL, data, segment_ids)
    return _zero_where_empty(_scattered(x, ids, count, _highest(x.dtype), "min", checked=True), x, ids, count)


def segment_mean(data, segment_ids, name=None) -> Tensor:
    """result[i] = the mean of data[j] with segment_ids[j] == i, 0 if there is none."""
    x, ids, count = _sorted("segment_mean", NUMBER, data, segment_ids)
    return _means(x, ids, count, checked=True)


def _fixed_size(least, most) -> int:
    """How many entries there are whatever is counted; 0 if that depends on it."""
    if least is None or most is None:
        return 0
    least, most = (static_value(v) for v in (least, most))
    return int(most) if least is not None and most is not None and 0 < most <= least else 0


def bincount(
    arr, weights=None, minlength=None, maxlength=None, dtype=int32, name=None, axis=None, binary_output=False
) -> Tensor:
    """How often each of 0, 1, ... occurs in `arr`, or the sum of its `weights`.

    The result has as many entries as the largest number needs, at least `minlength` and at most `maxlength` (larger
    numbers are left out). Over all of `arr`, or with `axis=-1` of each row of a matrix. Fractions are cut off, negative
    numbers refused.
    """
    x = convert_to_tensor(arr)
    if x.dtype not in (int32, int64):
        # As in TensorFlow: fractions are cut off.
        x = p.cast(x, dtype=int64)
    if axis not in (None, 0, -1):
        raise ValueError(f"Unsupported value for argument axis={axis}. Only 0 and -1 are currently supported.")
    if binary_output and weights is not None:
        raise ValueError("Arguments `binary_output` and `weights` are mutually exclusive.")
    if axis == -1 and rank_of(x, "bincount") > 2:
        raise ValueError("tf.math.bincount with axis=-1 takes vectors and matrices")
    rowwise = axis == -1 and rank_of(x, "bincount") == 2
    empty = p.cast(p.constant(value=_one(0)[:0]), dtype=x.dtype)
    flat = p.reshape(x, shape=(None,)) if 0 not in (x.shape_tuple or ()) else empty
    p.assert_(
        p.reduce_all(p.greater_equal(flat, scalar(0, flat)), axes=(0,), keepdims=False),
        message="Input arr must be non-negative!",
        summarize=3,
    )
    fixed = _fixed_size(minlength, maxlength)
    if fixed and not rowwise and 0 not in (x.shape_tuple or ()):
        # Numbers that are left out have an entry of their own, behind the others.
        ids = p.minimum(flat, scalar(fixed, flat))
        amounts = convert_to_tensor(1, as_dtype(dtype)) if weights is None else convert_to_tensor(weights)
        amounts = p.add(p.cast(zeros_like(ids), dtype=amounts.dtype), amounts) if weights is None else amounts
        out = _scattered(p.reshape(amounts, shape=(None,)), ids, fixed + 1, 0, "add", checked=True)
        out = p.slice_(out, starts=(0,), sizes=(fixed,), strides=(1,))
        return p.minimum(out, scalar(1, out)) if binary_output else out
    # Nothing is more than -1, which is only needed if there may be nothing.
    some = flat if flat.shape_tuple[0] else p.concat(flat, p.cast(p.constant(value=_one(-1)), dtype=x.dtype), axis=0)
    largest = p.cast(p.reduce_max(some, axes=(0,), keepdims=False), dtype=int64)
    size = p.add(largest, scalar(1, largest))
    if minlength is not None:
        size = p.maximum(size, p.cast(convert_to_tensor(minlength), dtype=int64))
    if maxlength is not None:
        size = p.minimum(size, p.cast(convert_to_tensor(maxlength), dtype=int64))
    if weights is None:
        amounts = p.add(p.cast(zeros_like(x), dtype=as_dtype(dtype)), convert_to_tensor(1, as_dtype(dtype)))
    else:
        amounts = convert_to_tensor(weights)
    if rowwise:
        out = _counts_of_rows(x, amounts, fixed if fixed else size, maxlength is not None)
        return p.minimum(out, scalar(1, out)) if binary_output else out
    if maxlength is not None:
        x = p.cast(x, dtype=int64)
        x = p.select(p.less(x, size), x, scalar(-1, x))
    amounts = p.reshape(amounts, shape=(None,)) if flat.shape_tuple != (0,) else p.cast(flat, dtype=amounts.dtype)
    ids = p.reshape(x, shape=(None,)) if flat.shape_tuple != (0,) else flat
    out = _scattered(amounts, ids, size, 0, "add", checked=maxlength is None)
    return p.minimum(out, scalar(1, out)) if binary_output else out


def _counts_of_rows(x, amounts, size, leaves_out) -> Tensor:
    """The sums of the amounts at each of `size` numbers, of each row; larger numbers may have to be left out."""
    is_known = isinstance(size, int) and x.shape_tuple[0] is not None
    size = convert_to_tensor(size, int64)
    width = size
    x = p.cast(x, dtype=int64)
    if leaves_out:
        # They have a column of their own, behind the others.
        x, width = p.minimum(x, size), p.add(size, scalar(1, size))
    rows = p.squeeze(p.slice_(dynamic_shape(x), starts=(0,), sizes=(1,), strides=(1,)), axes=(0,))
    numbers = p.expand_dims(p.range_(scalar(0, x), rows, scalar(1, x)), axes=(1,))
    places = p.add(x, p.mul(numbers, width))
    total = _scattered(amounts, places, p.mul(rows, width), 0, "add", checked=True)
    if is_known:
        known_rows, known_size, known_width = x.shape_tuple[0], *(int(static_value(v)) for v in (size, width))
        out = p.reshape(total, shape=(known_rows, known_width))
        return p.slice_(out, starts=(0, 0), sizes=(known_rows, known_size), strides=(1, 1)) if leaves_out else out
    out = p.dynamic_reshape(total, concat([p.expand_dims(n, axes=(0,)) for n in (rows, width)], 0))
    if not leaves_out:
        return out
    ends = concat([p.expand_dims(n, axes=(0,)) for n in (rows, size)], 0)
    none = p.constant(value=np.zeros(2, np.int64))
    return p.dynamic_strided_slice(out, none, ends, strides=(1, 1), begin_mask=3, end_mask=1)
