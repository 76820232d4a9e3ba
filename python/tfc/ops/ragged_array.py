"""Lists of tensors of different shapes, for TensorArrays with `infer_shape=False` in a trace.

Compiled lists hold elements of one shape. So such an array is two lists: `data`, the numbers of everything ever
written, one after the other, and `index`, for each element where it starts in `data` and its shape. Writing appends to
`data` and replaces a row of `index`; what was written before stays in `data`, unused. An element that was never
written has size 0. The rank is known once something was written.
"""

from tfc.core import TensorList, current
from tfc.dtypes import TensorShape, TensorSpec, int32, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape, stack
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import range as range_
from tfc.ops.creation import zeros
from tfc.ops.gather import gather
from tfc.ops.runtime_axes import ended_before
from tfc.ops.shapes import UnknownRankError

SCALAR = TensorShape([])


def create(dtype, count, rank, dynamic_size) -> tuple:
    """An array of `count` elements, of which none is written."""
    data = p.list_create(convert_to_tensor(0), element_type=TensorSpec(SCALAR, dtype), dynamic_size=True)
    row = TensorSpec(None if rank is None else [rank + 1], int32)
    return data, p.list_create(count, element_type=row, dynamic_size=dynamic_size)


def of_items(items, dtype, dynamic_size) -> tuple:
    """The same of tensors, None where nothing is written."""
    given = [t for t in items if t is not None]
    rank = len(given[0].shape_tuple) if given else None
    array = create(dtype, convert_to_tensor(len(items)), rank, dynamic_size)
    for i, item in enumerate(items):
        if item is not None:
            array = write(array, convert_to_tensor(i), item)
    return array


def rank_of(array) -> int | None:
    """The rank of elements, if anything says it."""
    dims = array[1].element.shape.dims
    return None if not dims or dims[0] is None else dims[0] - 1


def write(array, i, value) -> tuple:
    """The array with `value` as element i."""
    data, index = array
    start = p.list_length(data)
    row = concat([reshape(start, [1]), shape(value)], 0)
    flat = reshape(value, [-1])
    index = p.list_set(index, i, row)
    return _appended(data, flat), index


def split(array, value, lengths) -> tuple:
    """The array with consecutive parts of `value` as its first elements: so many rows each (an int32 vector)."""
    data, index = array
    sizes = shape(value)
    row_size = _product(sizes[1:])
    n = shape(lengths)[0]
    start = p.list_length(data)
    rank = len(value.shape_tuple)
    spec = TensorSpec([rank + 1], int32)
    zero, one = convert_to_tensor(0, int32), convert_to_tensor(1, int32)
    rows = p.list_unstack(lengths)

    def step(i, at, index):
        count = p.list_get(rows, i, element_type=TensorSpec(SCALAR, int32))
        row = p.ensure_shape(concat([stack([at, count]), sizes[1:]], 0), shape=spec.shape.dims)
        return [p.add(i, one), p.add(at, p.mul(count, row_size)), p.list_set(index, i, row)]

    index = current().while_loop(lambda i, at, index: p.less(i, n), step, [zero, start, index])[2]
    return _appended(data, reshape(value, [-1])), index


def read(array, i, known: TensorShape):
    """Element i; `known` says more of its shape."""
    data, index = array
    row = p.list_get(index, i, element_type=_row_spec(index))
    dims = row[1:]
    flat = gather(_numbers(data), p.add(row[0], range_(_product(dims))))
    return _shaped(flat, dims, rank_of(array), known)


def stacked(array, indices, known: TensorShape):
    """The elements at `indices` (None: all), which must have one shape, along a new first dimension."""
    data, index = array
    rank = _needs_rank(array, "stack")
    rows = _rows(index, rank)
    if indices is not None:
        rows = gather(rows, indices)
    dims = p.reduce_max(concat([zeros([1, rank], int32), rows[:, 1:]], 0), axes=(0,), keepdims=False)
    equal = p.equal(rows[:, 1:], p.expand_dims(dims, axes=(0,)))
    p.assert_(
        p.reduce_all(equal, axes=(0, 1), keepdims=False),
        rows[:, 1:],
        message="TensorArray has inconsistent shapes",
        summarize=3,
    )
    positions = p.add(rows[:, :1], p.expand_dims(range_(_product(dims)), axes=(0,)))
    count = reshape(shape(rows)[0], [1])
    parts = gather(_numbers(data), positions)
    return _shaped(parts, concat([count, dims], 0), rank + 1, TensorShape([None]).concatenate(known))


def joined(array, known: TensorShape):
    """All elements, one after the other along their first dimension."""
    data, index = array
    rank = _needs_rank(array, "concat")
    if rank == 0:
        raise ValueError("TensorArray.concat needs elements of rank at least 1")
    rows = _rows(index, rank)
    sizes = p.reduce_prod(rows[:, 1:], axes=(1,), keepdims=False)
    ends = p.cumsum(sizes, axis=0, exclusive=False, reverse=False)
    total = p.reduce_sum(sizes, axes=(0,), keepdims=False)
    at = range_(total)
    # For each number of the result the element it is from: as many as end before it.
    element = ended_before(p.cast(ends, dtype=int64), reshape(p.cast(total, dtype=int64), [1]))
    within = p.sub(at, gather(p.sub(ends, sizes), element))
    flat = gather(_numbers(data), p.add(gather(rows[:, 0], element), within))
    rest = p.reduce_max(concat([zeros([1, rank - 1], int32), rows[:, 2:]], 0), axes=(0,), keepdims=False)
    count = p.reduce_sum(rows[:, 1], axes=(0,), keepdims=False)
    dims = known.dims
    return _shaped(
        flat, concat([reshape(count, [1]), rest], 0), rank, TensorShape(None if dims is None else [None, *dims[1:]])
    )


def _appended(data: TensorList, flat) -> TensorList:
    return p.list_unstack(concat([_numbers(data), flat], 0))


def _numbers(data: TensorList):
    return p.list_stack(data, element_type=TensorSpec(SCALAR, data.element.dtype))


def _row_spec(index: TensorList) -> TensorSpec:
    return TensorSpec(index.element.shape, int32)


def _rows(index: TensorList, rank: int):
    rows = p.list_stack(index, element_type=TensorSpec([rank + 1], int32))
    return p.ensure_shape(rows, shape=(None, rank + 1))


def _product(dims):
    return p.reduce_prod(dims, axes=(0,), keepdims=False)


def _shaped(flat, dims, rank, known: TensorShape):
    if rank is not None:
        dims = p.ensure_shape(dims, shape=(rank,))
    value = p.dynamic_reshape(flat, dims)
    if known.rank is None or any(d is not None for d in known.dims):
        return value if known.rank is None else p.ensure_shape(value, shape=known.dims)
    return value


def _needs_rank(array, what) -> int:
    rank = rank_of(array)
    if rank is None:
        raise UnknownRankError(
            f"TensorArray.{what} of an array without infer_shape needs to know the rank of the elements: "
            "write one before, or give the TensorArray an element_shape of that rank"
        )
    return rank
