"""Parts of ragged tensors: rows, slices of rows, slices inside of rows, rows by number."""

from tfc.core import Tensor
from tfc.dtypes import int64
from tfc.ops import primitives as p
from tfc.ops.array import concat, shape
from tfc.ops.array import reverse as reversed_
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import ones_like, zeros
from tfc.ops.creation import range as range_
from tfc.ops.gather import gather
from tfc.ops.math import cast
from tfc.ops.reductions import cumsum


def splits_of(lengths) -> Tensor:
    """Where rows of these lengths begin and end."""
    return concat([zeros([1], int64), cumsum(lengths)], 0)


def rows_of(splits, count) -> Tensor:
    """For each of `count` values, the number of its row: how many rows end at or before it."""
    none = zeros([p.add(count, convert_to_tensor(1, int64))], int64)
    ends = p.expand_dims(splits[1:], axes=(1,))
    ended = p.scatter(none, ends, ones_like(splits[1:]), mode="add")
    return cumsum(ended)[:-1]


def strided(starts, lengths, step: int) -> tuple:
    """The positions `start, start + step, ...` of rows of so many elements, one row after the other; their splits."""
    splits = splits_of(lengths)
    total, begins = splits[-1], splits[:-1]
    # Steps everywhere, and at the beginning of a row what it is further than the rows before it: their running sums.
    # (Integers of 32 bits may wrap around on the way.)
    kind = starts.dtype
    stride, one = convert_to_tensor(step, kind), convert_to_tensor(1, int64)
    ahead = p.sub(starts, p.mul(cast(p.add(begins, one), kind), stride))
    jumps = p.sub(ahead, concat([zeros([1], kind), ahead[:-1]], 0))
    # Empty rows at the end begin behind the last position; without positions the table has one that is cut off.
    inside = p.less(begins, total)
    at, jumps = (p.select(inside, v, convert_to_tensor(0, v.dtype)) for v in (begins, jumps))
    steps = p.dynamic_broadcast_to(stride, p.expand_dims(p.maximum(total, one), axes=(0,)))
    return cumsum(p.scatter(steps, p.expand_dims(at, axes=(1,)), jumps, mode="add"))[:total], splits


def take(values, indices):
    """Elements of a tensor, or rows of a ragged tensor, by number."""
    if isinstance(values, Tensor):
        return gather(values, indices)
    starts, lengths = gather(values.row_starts(), indices), gather(values.row_lengths(), indices)
    positions, splits = strided(starts, lengths, 1)
    return values._like(take(values.values, positions), splits)


def part(rt, keys: tuple):
    """`rt[keys]`."""
    if not keys:
        return rt
    keys = _without_ellipsis(rt, keys)
    first, rest = keys[0], keys[1:]
    if first is None:
        inner = part(rt, rest)
        count = inner.nrows() if not isinstance(inner, Tensor) else shape(inner, int64)[0]
        known = inner.shape[0] if inner.shape.rank else None
        return rt._like(inner, concat([zeros([1], int64), p.expand_dims(count, axes=(0,))], 0), known)
    if isinstance(first, slice):
        return _inside(_rows(rt, first), rest)
    starts, limits = rt.row_starts(), rt.row_limits()
    row = rt.values[starts[first] : limits[first]]
    if not rest:
        return row
    return part(row, rest) if not isinstance(row, Tensor) else row[rest if len(rest) > 1 else rest[0]]


def _without_ellipsis(rt, keys: tuple) -> tuple:
    at = next((i for i, k in enumerate(keys) if k is Ellipsis), None)
    if at is None:
        return keys
    rank = rt.shape.rank
    others = sum(k is not None and k is not Ellipsis for k in keys)
    return (*keys[:at], *[slice(None)] * (rank - others), *keys[at + 1 :])


def _rows(rt, key: slice):
    if key == slice(None):
        return rt
    step = 1 if key.step is None else int(key.step)
    starts, limits = rt.row_starts()[key], rt.row_limits()[key]
    if step != 1:
        positions, splits = strided(starts, p.sub(limits, starts), 1)
        return rt._like(take(rt.values, positions), splits)
    # Neighbours: their values are neighbours.
    first = concat([starts, [0]], 0)[0]
    last = concat([[0], limits], 0)[-1]
    return rt._like(rt.values[first:last], p.sub(concat([p.expand_dims(first, axes=(0,)), limits], 0), first))


def _inside(rt, keys: tuple):
    """Each row of `rt` at `keys`."""
    if not keys:
        return rt
    first, rest = keys[0], keys[1:]
    if first is None:
        inner = _inside(rt, rest)
        return rt._like(inner, range_(p.add(rt.nrows(), convert_to_tensor(1, int64))), 1)
    if not isinstance(first, slice):
        if rt.uniform_row_length is None:
            raise ValueError("Cannot index into an inner ragged dimension.")
        return part_of(take(rt.values, p.add(rt.row_starts(), _wrapped(first, rt.row_lengths()))), rest)
    if first != slice(None):
        rt = _cut(rt, first)
    if not rest:
        return rt
    values = part_of(rt.values, rest)
    return rt._like(values, rt.row_splits, rt.uniform_row_length)


def part_of(values, rest: tuple):
    """`values[:, *rest]`, of a tensor or a ragged tensor."""
    if not rest:
        return values
    return values[(slice(None), *rest)] if isinstance(values, Tensor) else part(values, (slice(None), *rest))


def _wrapped(index, sizes):
    index = cast(convert_to_tensor(index), int64)
    return p.select(p.less(index, _number(0)), p.add(index, sizes), index)


def _cut(rt, key: slice):
    """A slice of each row, by Python's rules."""
    step = 1 if key.step is None else int(key.step)
    if step == 0:
        raise ValueError("slice step cannot be zero")
    size = rt.row_lengths()
    zero, one = _number(0), _number(1)
    low, high = (zero, size) if step > 0 else (_number(-1), p.sub(size, one))

    def bound(value, fallback):
        if value is None:
            return fallback
        return p.minimum(p.maximum(_wrapped(value, size), low), high)

    start = bound(key.start, zero if step > 0 else p.sub(size, one))
    stop = bound(key.stop, size if step > 0 else _number(-1))
    span = p.sub(stop, start) if step > 0 else p.sub(start, stop)
    lengths = p.floor_div(p.add(p.maximum(span, zero), _number(abs(step) - 1)), _number(abs(step)))
    lengths = p.add(lengths, p.mul(size, zero))  # one for each row, also where the bounds are numbers
    positions, splits = strided(p.add(rt.row_starts(), p.add(start, p.mul(size, zero))), lengths, step)
    return rt._like(take(rt.values, positions), splits)


def _number(value):
    return convert_to_tensor(value, int64)


def reverse_rows(rt):
    """The rows, the last one first."""
    return take(rt, reversed_(range_(rt.nrows()), [0]))
