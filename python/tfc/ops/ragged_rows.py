"""Functions of `tf` that take a ragged tensor apart, count it, or run along its rows."""

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import int32, int64
from tfc.errors import InvalidArgumentError
from tfc.ops import array, binning, convert, creation, math, reductions, segments
from tfc.ops import primitives as p
from tfc.ops.gather import argsort, gather, tensor_scatter_nd_update
from tfc.ops.gather import gather_nd as gather_nd_dense
from tfc.ops.ragged import RaggedTensor
from tfc.ops.ragged_slices import take
from tfc.ops.slicing import boolean_mask


def _axis(axis, rank: int, op: str) -> int:
    at = convert.integer(axis, "axis")
    if not -rank <= at < rank:
        raise ValueError(f"axis={at} out of bounds: {op} of a ragged tensor of rank {rank} takes {-rank}..{rank - 1}")
    return at % rank


def split(value, num_or_size_splits, axis=0, num=None) -> list[RaggedTensor]:
    """Parts of the rows, or of a dimension of one size inside the rows."""
    at = _axis(axis, value.shape.rank, "split")
    if at == 0:
        total = convert.static_value(value.nrows())
        if total is None:
            raise ValueError("tf.split of a ragged tensor needs its number of rows while tracing")
        parts, start = [], 0
        for size in _part_sizes(num_or_size_splits, num, int(total)):
            parts.append(value[start : start + size])
            start += size
        return parts
    if at <= value.ragged_rank:
        if value.shape[at] is None:
            raise ValueError(f"Cannot split a ragged dimension. Got `value` with shape {value.shape} and `axis` {at}.")
        raise NotImplementedError(f"tf.split of a ragged tensor takes rows or dimensions inside of rows, got axis {at}")
    parts = array.split(value.flat_values, num_or_size_splits, at - value.ragged_rank, num)
    return [value.with_flat_values(part) for part in parts]


def _part_sizes(given, num, total: int) -> list[int]:
    """The sizes of the parts of `total` rows."""
    sizes = convert.static_ints(given)
    if sizes is None or None in sizes:
        raise ValueError("tf.split of a ragged tensor needs sizes that are known while tracing")
    if isinstance(given, int) or convert.static_value(given).ndim == 0:
        count = sizes[0]
        if count <= 0 or total % count:
            raise InvalidArgumentError(
                None,
                "split",
                "Cannot exactly split the `axis` dimension of `value` with the given `num_or_size_split`: "
                f"{total} rows in {count} parts",
            )
        return [total // count] * count
    if num is not None and num != len(sizes):
        raise ValueError(f"`num` does not match the number of sizes: {num} and {len(sizes)}")
    if min(sizes, default=0) < 0:
        raise InvalidArgumentError(None, "split", f"`num_or_size_splits` must be non-negative, got {list(sizes)}")
    if sum(sizes) != total:
        raise InvalidArgumentError(
            None, "split", f"`num_or_size_splits` {list(sizes)} must add up to the number of rows, {total}"
        )
    return list(sizes)


def cumsum(x, axis=0, exclusive=False, reverse=False) -> RaggedTensor:
    """Sums along the rows (from column to column of the first ones for axis 0), over what is there."""
    at = _axis(axis, x.shape.rank, "cumsum")
    if at > x.ragged_rank:
        return x.with_flat_values(reductions.cumsum(x.flat_values, at - x.ragged_rank, exclusive, reverse))
    # What is missing counts as zero.
    whole = reductions.cumsum(x.to_tensor(), at, exclusive, reverse)
    return RaggedTensor.from_tensor(whole, _lengths(x))


def _lengths(x):
    lengths = x.nested_row_lengths()
    return lengths[0] if len(lengths) == 1 else lengths


def gather_nd(params, indices, batch_dims=0, bad_indices_policy=""):
    """Rows, or what is in them, at index vectors; the list of vectors may be ragged."""
    if isinstance(indices, RaggedTensor):
        if batch_dims:
            raise ValueError("batch_dims is not supported for ragged tensors yet.")
        if indices.ragged_rank >= indices.shape.rank - 1 and indices.flat_values.shape.rank == 1:
            raise ValueError("The innermost dimension of indices may not be ragged")
        return indices.with_flat_values(gather_nd(params, indices.flat_values, 0, bad_indices_policy))
    if not isinstance(params, RaggedTensor):
        return gather_nd_dense(params, indices, batch_dims, bad_indices_policy=bad_indices_policy)
    if batch_dims:
        raise ValueError("batch_dims is not supported for ragged tensors yet.")
    at = convert.convert_to_tensor(indices, dtype_hint=int64)
    depth = None if at.shape_tuple is None else at.shape_tuple[-1]
    if depth is None:
        raise ValueError("tf.gather_nd of a ragged tensor needs indices whose last dimension is known")
    if depth == 0:
        raise ValueError("tf.gather_nd of a ragged tensor takes index vectors of at least one element")
    at = p.cast(at, dtype=int64) if at.dtype is not int64 else at
    outer = at.shape_tuple[:-1]
    flat = array.reshape(at, [-1, depth])
    found = _at(params, flat, depth)
    if outer == ():
        return found[0]
    if len(outer) == 1:
        return found
    if isinstance(found, RaggedTensor):
        for size in reversed(outer[1:]):
            found = RaggedTensor.from_uniform_row_length(found, size)
        return found
    sizes = array.shape(at, int64)[:-1]
    return array.reshape(found, array.concat([sizes, array.shape(found, int64)[1:]], 0))


def _at(params, flat, depth: int):
    """The rows of `params` at the index vectors `flat`."""
    number = flat[:, 0]
    if depth == 1:
        return take(params, number)
    if not isinstance(params, RaggedTensor):
        return gather_nd_dense(params, flat)
    starts = gather(params.row_starts(), number)
    inside = flat[:, 1]
    p.assert_(
        p.reduce_all(
            p.logical_and(
                p.greater_equal(inside, convert.convert_to_tensor(0, int64)),
                p.less(inside, gather(params.row_lengths(), number)),
            ),
            axes=(0,),
            keepdims=False,
        ),
        inside,
        message="an index of tf.gather_nd is not inside of its row",
        summarize=8,
    )
    place = p.expand_dims(p.add(starts, inside), axes=(1,))
    return _at(params.values, array.concat([place, flat[:, 2:]], 1), depth - 1)


def dynamic_partition(data, partitions, num_partitions) -> list:
    """`num_partitions` parts: number i has the rows (or what is in them) where `partitions` is i."""
    if isinstance(partitions, RaggedTensor):
        if not isinstance(data, RaggedTensor) or data.ragged_rank < partitions.ragged_rank:
            raise ValueError("data and partitions must have the same rows")
        for _ in range(partitions.ragged_rank):
            known = convert.static_ints(data.row_splits), convert.static_ints(partitions.row_splits)
            if None not in known and known[0] != known[1]:
                raise InvalidArgumentError(None, None, "data and partitions must have the same rows")
            data, partitions = data.values, partitions.values
        return dynamic_partition(data, partitions, num_partitions)
    if not isinstance(data, RaggedTensor):
        return binning.dynamic_partition(data, partitions, num_partitions)
    at = convert.convert_to_tensor(partitions)
    if len(at.shape_tuple) != 1:
        raise ValueError(f"partitions of the rows of a ragged tensor are a vector, got shape {at.shape}")
    numbers = creation.range(data.nrows(), dtype=int64)
    return [take(data, part) for part in binning.dynamic_partition(numbers, at, num_partitions)]


def bincount(arr, weights=None, minlength=None, maxlength=None, dtype=int32, axis=None, binary_output=False) -> Tensor:
    """How often each number is there, in all rows or (axis -1) in each row of a ragged matrix."""
    flat = weights.flat_values if isinstance(weights, RaggedTensor) else weights
    if axis != -1:
        return segments.bincount(arr.flat_values, flat, minlength, maxlength, dtype, None, axis, binary_output)
    if arr.ragged_rank != 1 or arr.flat_values.shape.rank != 1:
        raise ValueError("tf.math.bincount with axis=-1 takes matrices of ragged rows")
    # One count of (row, number) pairs. What is too large for a row may not spill into the next one.
    values = p.cast(arr.values, dtype=int64)
    columns = math.maximum(_larger(values), 0 if minlength is None else math.cast(minlength, int64))
    rows = arr.value_rowids()
    if maxlength is not None:
        columns = math.minimum(columns, math.cast(maxlength, int64))
        kept = p.less(values, columns)
        values, rows = boolean_mask(values, kept), boolean_mask(rows, kept)
        flat = None if flat is None else boolean_mask(flat, kept)
    cells = p.mul(arr.nrows(), columns)
    place = p.add(p.mul(rows, columns), values)
    counts = segments.bincount(place, flat, cells, cells, dtype, binary_output=binary_output)
    return array.reshape(counts, array.stack([arr.nrows(), columns]))


def _larger(values):
    """One more than the largest of non-negative numbers; 0 if there are none."""
    none = convert.convert_to_tensor([-1], int64)
    largest = p.reduce_max(p.concat(values, none, axis=0), axes=(0,), keepdims=False)
    return p.add(largest, convert.convert_to_tensor(1, int64))


def squeeze(input, axis=None):
    """Without dimensions of one size 1, which have to be named."""
    if axis is None:
        raise ValueError("Ragged.squeeze must have an axis argument.")
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    rank = input.shape.rank
    for at in sorted({_axis(a, rank, "squeeze") for a in axes}, reverse=True):
        input = _squeezed(input, at)
    return input


def _squeezed(x, at: int):
    if not isinstance(x, RaggedTensor):
        return array.squeeze(x, at)
    if at == 0:
        _must_be_one(x.nrows())
        return x[0]
    if at > x.ragged_rank:
        return x.with_flat_values(array.squeeze(x.flat_values, at - x.ragged_rank))
    if at > 1:
        return RaggedTensor(_squeezed(x.values, at - 1), x.row_splits)
    _must_be_one(p.reduce_max(array.concat([x.row_lengths(), [1]], 0), axes=(0,), keepdims=False))
    _must_be_one(p.reduce_min(array.concat([x.row_lengths(), [1]], 0), axes=(0,), keepdims=False))
    return x.values


def _must_be_one(size):
    p.assert_(
        p.equal(size, convert.convert_to_tensor(1, int64)),
        size,
        message="tf.squeeze: the given axis must have size 1",
        summarize=3,
    )


def stack_dynamic_partitions(data, partitions, num_partitions, name=None) -> RaggedTensor:
    """A row for each number below `num_partitions`: the slices of `data` where `partitions` (a prefix of its shape;
    both may be ragged) is that number.
    """
    if isinstance(partitions, RaggedTensor):
        if not isinstance(data, RaggedTensor) or data.ragged_rank < partitions.ragged_rank:
            raise ValueError("data and partitions must have the same rows")
        return stack_dynamic_partitions(data.values, partitions.values, num_partitions)
    at = p.cast(convert.convert_to_tensor(partitions), dtype=int64)
    count = p.cast(convert.convert_to_tensor(num_partitions), dtype=int64)
    rank = len(at.shape_tuple)
    if isinstance(data, RaggedTensor):
        if rank != 1:
            raise ValueError(f"partitions of the rows of a ragged tensor are a vector, got shape {at.shape}")
    else:
        data = convert.convert_to_tensor(data)
        inner = array.shape(data)[rank:]
        data = array.reshape(data, array.concat([[-1], inner], 0)) if rank != 1 else data
        at = p.reshape(at, shape=(None,) if None in at.shape_tuple else (int(np.prod(at.shape_tuple, dtype=int)),))
    inside = p.logical_and(p.greater_equal(at, convert.convert_to_tensor(0, int64)), p.less(at, count))
    fine = p.reduce_all(inside, axes=(0,), keepdims=False)
    p.assert_(fine, at, message="partitions is not in [0, num_partitions):", summarize=8)
    order = argsort(at, stable=True)
    rows = take(data, order) if isinstance(data, RaggedTensor) else gather(data, order)
    return RaggedTensor.from_value_rowids(rows, gather(at, order), nrows=count, validate=False)


def ragged_fill_empty_rows(value_rowids, values, nrows, default_value, name=None) -> tuple:
    """Values of the rows `value_rowids`, and `default_value` for each of `nrows` rows that has none: (rows of all, all
    values, which rows had none, where each value went).
    """
    rows = p.cast(convert.convert_to_tensor(value_rowids), dtype=int64)
    x = convert.convert_to_tensor(values)
    count, filling = (
        p.cast(convert.convert_to_tensor(nrows), dtype=int64),
        convert.convert_to_tensor(default_value, x.dtype),
    )
    one = convert.convert_to_tensor(1, int64)
    numbers = creation.range(count, dtype=int64)
    lengths = segments.unsorted_segment_sum(creation.ones_like(rows), rows, count)
    empty = p.equal(lengths, convert.convert_to_tensor(0, int64))
    before = p.cumsum(p.cast(empty, dtype=int64), axis=0, exclusive=True, reverse=False)
    places = p.add(creation.range(array.shape(rows)[0], dtype=int64), gather(before, rows))
    all_rows = array.repeat(numbers, p.maximum(lengths, one))
    whole = creation.fill(array.shape(all_rows), filling)
    return all_rows, tensor_scatter_nd_update(whole, p.expand_dims(places, axes=(1,)), x), empty, places


def ragged_fill_empty_rows_grad(reverse_index_map, grad_values, name=None) -> tuple:
    """The gradients of `values` and `default_value` of `tf.ragged_fill_empty_rows` from that of all its values."""
    g = convert.convert_to_tensor(grad_values)
    of_values = gather(g, convert.convert_to_tensor(reverse_index_map))
    total, part = (p.reduce_sum(v, axes=(0,), keepdims=False) for v in (g, of_values))
    return of_values, p.sub(total, part)
