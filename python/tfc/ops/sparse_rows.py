"""More of `tf.sparse`: row by row, as numbers, and rows of tables that sparse tensors name."""

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import as_dtype, float32, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape, stack
from tfc.ops.convert import convert_to_tensor, integer, static_ints
from tfc.ops.creation import fill, ones, zeros
from tfc.ops.creation import range as range_
from tfc.ops.gather import boolean_mask, embedding_lookup, gather, tensor_scatter_nd_update
from tfc.ops.indexed_slices import IndexedSlices
from tfc.ops.segments import (
    segment_mean as mean_of_segments,
)
from tfc.ops.segments import (
    segment_sum as sum_of_segments,
)
from tfc.ops.segments import (
    unsorted_segment_max,
    unsorted_segment_mean,
    unsorted_segment_sqrt_n,
    unsorted_segment_sum,
)
from tfc.ops.shapes import axis_of, rank_of
from tfc.ops.sparse import SparseTensor, add, is_sparse, reorder, sparse_of, sparse_reshape
from tfc.ops.sparse import slice as box_of
from tfc.ops.unique import unique


def _number(value) -> Tensor:
    return convert_to_tensor(value, int64)


def _vector(*values) -> Tensor:
    return stack([v if isinstance(v, Tensor) else _number(v) for v in values])


def eye(num_rows, num_columns=None, dtype=float32, name=None) -> SparseTensor:
    """The identity matrix, or its first rows or columns."""
    rows = p.cast(convert_to_tensor(num_rows), dtype=int64)
    columns = rows if num_columns is None else p.cast(convert_to_tensor(num_columns), dtype=int64)
    count = p.minimum(rows, columns)
    at = p.expand_dims(range_(count), axes=(1,))
    return SparseTensor(concat([at, at], 1), ones(reshape(count, [1]), as_dtype(dtype)), _vector(rows, columns))


def _row_numbers(x: SparseTensor):
    """(For each element the number of its row, how many rows there are); rows are all but the last dimension."""
    steps = p.cumprod(x.dense_shape[:-1], axis=0, exclusive=True, reverse=True)
    at = p.reduce_sum(p.mul(x.indices[:, :-1], steps), axes=(1,), keepdims=False)
    return at, p.reduce_prod(x.dense_shape[:-1], axes=(0,), keepdims=False)


def softmax(sp_input, name=None) -> SparseTensor:
    """The softmax of the named elements of each row; the others count as minus infinity."""
    x = sparse_of(sp_input)
    at, count = _row_numbers(x)
    top = p.stop_gradient(gather(unsorted_segment_max(x.values, at, count), at))
    weights = p.exp(p.sub(x.values, top))
    return x.with_values(p.div(weights, gather(unsorted_segment_sum(weights, at, count), at)))


def _both(name, choose, sp_a, sp_b) -> SparseTensor:
    """`choose` of two sparse tensors where either names an element; the other one is zero there."""
    a, b = sparse_of(sp_a), sparse_of(sp_b)
    if a.dtype is not b.dtype:
        raise argument_error(None, name, f"{name} needs tensors of one dtype, got {a.dtype.name} and {b.dtype.name}")
    nothing = [x.with_values(zeros(shape(x.values), x.dtype)) for x in (a, b)]
    # Both on all places: zeros are added of the other one.
    left, right = (add(x, other) for x, other in ((a, nothing[1]), (nothing[0], b)))
    return left.with_values(choose(left.values, right.values))


def maximum(sp_a, sp_b, name=None) -> SparseTensor:
    """The larger of two sparse tensors, where either names an element."""
    return _both("sparse.maximum", p.maximum, sp_a, sp_b)


def minimum(sp_a, sp_b, name=None) -> SparseTensor:
    """The smaller of two sparse tensors, where either names an element."""
    return _both("sparse.minimum", p.minimum, sp_a, sp_b)


def reset_shape(sp_input, new_shape=None) -> SparseTensor:
    """The same elements in a larger shape, or in the smallest that holds them."""
    x = sparse_of(sp_input)
    least = p.add(p.reduce_max(concat([x.indices, fill([1, x.shape.rank], _number(-1))], 0), axes=(0,), keepdims=False),
                  _number(1))  # fmt: skip
    if new_shape is None:
        return SparseTensor(x.indices, x.values, least)
    wanted = p.cast(convert_to_tensor(new_shape, dtype_hint=int64), dtype=int64)
    old, new = static_ints(x.dense_shape), static_ints(wanted)
    if new is not None and len(new) != x.shape.rank:
        raise ValueError(f"new_shape needs one size for each of the {x.shape.rank} dimensions, got {list(new)}")
    if None not in (old, new) and any(n < o for n, o in zip(new, old, strict=True)):
        raise ValueError(f"Requested dense_shape should be >= {list(old)}. Found new_shape: {list(new)}")
    fits = p.reduce_all(p.greater_equal(wanted, x.dense_shape), axes=(0,), keepdims=False)
    p.assert_(fits, wanted, message="new_shape must be at least the old one in every dimension, got", summarize=8)
    return SparseTensor(x.indices, x.values, wanted)


def fill_empty_rows(sp_input, default_value, name=None) -> tuple:
    """(A sparse tensor whose rows all name an element: `default_value` at column 0 where there was none; which rows had
    none.)
    """
    x = sparse_of(sp_input)
    rows = x.dense_shape[0]
    named = unsorted_segment_sum(ones(shape(x.values), int64), x.indices[:, 0], rows)
    empty = p.equal(named, _number(0))
    at = p.nonzero(empty)
    others = zeros(stack([shape(at, int64)[0], _number(x.shape.rank - 1)]), int64)
    default = convert_to_tensor(default_value, x.dtype)
    values = concat([x.values, fill(shape(at)[:1], default)], 0)
    filled = SparseTensor(concat([x.indices, concat([at, others], 1)], 0), values, x.dense_shape)
    return reorder(filled), empty


def _segments(ordered, by_number):
    def reduce(data, indices, segment_ids, num_segments=None, name=None, sparse_gradient=False) -> Tensor:
        rows = gather(data, indices)
        return ordered(rows, segment_ids) if num_segments is None else by_number(rows, segment_ids, num_segments)

    return reduce


def _ordered_sqrt_n(rows, segment_ids) -> Tensor:
    ids = convert_to_tensor(segment_ids)
    sums = sum_of_segments(rows, ids)
    ones_of_ids = p.add(p.mul(ids, convert_to_tensor(0, ids.dtype)), convert_to_tensor(1, ids.dtype))
    counts = p.cast(sum_of_segments(ones_of_ids, ids), dtype=sums.dtype)
    scale = p.sqrt(p.maximum(counts, convert_to_tensor(1, sums.dtype)))
    return p.div(sums, reshape(scale, concat([shape(scale), ones([len(sums.shape_tuple) - 1], shape(scale).dtype)], 0)))


segment_sum = _segments(sum_of_segments, unsorted_segment_sum)
segment_sum.__doc__ = """The sums of segments of `data`'s rows at `indices`: `tf.math.segment_sum` of `tf.gather`."""
segment_mean = _segments(mean_of_segments, unsorted_segment_mean)
segment_mean.__doc__ = """The means of segments of `data`'s rows at `indices`."""
segment_sqrt_n = _segments(_ordered_sqrt_n, unsorted_segment_sqrt_n)
segment_sqrt_n.__doc__ = (
    """The sums of segments of `data`'s rows at `indices`, each by the root of its number of rows."""
)


def split(sp_input=None, num_split=None, axis=None, name=None) -> list[SparseTensor]:
    """`num_split` parts along a dimension; where it does not divide the size, the first ones are larger by one."""
    x = sparse_of(sp_input)
    if num_split is None or axis is None:
        raise ValueError("tf.sparse.split needs num_split and axis")
    count, rank = integer(num_split, "num_split"), x.shape.rank
    at = axis_of(axis, rank, "sparse.split")
    here = p.constant(value=np.eye(rank, dtype=np.int64)[at])
    size, start, parts = x.dense_shape[at], _number(0), []
    for i in range(count):
        more = p.cast(p.less(_number(i), p.floor_mod(size, _number(count))), dtype=int64)
        part = p.add(p.floor_div(size, _number(count)), more)
        sizes = p.add(p.mul(x.dense_shape, p.sub(_number(1), here)), p.mul(here, part))
        parts.append(box_of(x, p.mul(here, start), sizes))
        start = p.add(start, part)
    return parts


def mask(a, mask_indices, name=None) -> IndexedSlices:
    """Slices without those of these indices."""
    if not isinstance(a, IndexedSlices):
        raise TypeError(f"tf.sparse.mask takes IndexedSlices, got {a!r}")
    unwanted = convert_to_tensor(mask_indices, a.indices.dtype)
    hits = p.equal(p.expand_dims(a.indices, axes=(1,)), p.expand_dims(unwanted, axes=(0,)))
    kept = p.logical_not(p.reduce_any(hits, axes=(1,), keepdims=False))
    return IndexedSlices(boolean_mask(a.values, kept), boolean_mask(a.indices, kept), a.dense_shape)


def to_indicator(sp_input, vocab_size, name=None) -> Tensor:
    """True at [..., v] where a row names the value v: the last dimension becomes one of `vocab_size`."""
    x = sparse_of(sp_input)
    if not x.dtype.is_integer:
        raise TypeError(f"tf.sparse.to_indicator takes integers, got dtype {x.dtype.name}")
    at = concat([x.indices[:, :-1], p.expand_dims(p.cast(x.values, dtype=int64), axes=(1,))], 1)
    sizes = concat([x.dense_shape[:-1], reshape(_number(vocab_size), [1])], 0)
    found = convert_to_tensor(True)
    return tensor_scatter_nd_update(fill(sizes, convert_to_tensor(False)), at, fill(shape(x.values), found))


_COMBINERS = ("mean", "sqrtn", "sum")


def embedding_lookup_sparse(
    params, sp_ids, sp_weights, combiner=None, max_norm=None, name=None, allow_fast_lookup=False
) -> Tensor:
    """For each row of `sp_ids` the sum, mean or sum by the root of squares (`combiner`) of the rows of a table at its
    values, weighed by `sp_weights`.
    """
    combiner = "mean" if combiner is None else combiner
    if combiner not in _COMBINERS:
        raise ValueError(f"combiner must be one of {_COMBINERS}, got {combiner!r}")
    ids = sparse_of(sp_ids)
    if sp_weights is not None and not is_sparse(sp_weights):
        raise TypeError(f"sp_weights must be either None or SparseTensor, got {sp_weights!r}")
    segments = ids.indices[:, 0]
    distinct, places = unique(ids.values)
    rows = gather(embedding_lookup(params, distinct, max_norm), places)
    if sp_weights is None:
        reduce = {"sum": sum_of_segments, "mean": mean_of_segments, "sqrtn": _ordered_sqrt_n}[combiner]
        return reduce(rows, segments)
    weights = p.cast(sp_weights.values, dtype=rows.dtype)
    wide = reshape(weights, concat([shape(weights), ones([len(rows.shape_tuple) - 1], shape(weights).dtype)], 0))
    total = sum_of_segments(p.mul(rows, wide), segments)
    if combiner == "sum":
        return total
    scale = sum_of_segments(wide if combiner == "mean" else p.mul(wide, wide), segments)
    scale = scale if combiner == "mean" else p.sqrt(scale)
    zero = convert_to_tensor(0, total.dtype)
    nothing = p.equal(scale, zero)
    return p.select(nothing, zero, p.div(total, p.select(nothing, convert_to_tensor(1, total.dtype), scale)))


def safe_embedding_lookup_sparse(
    embedding_weights,
    sparse_ids,
    sparse_weights=None,
    combiner="mean",
    default_id=None,
    max_norm=None,
    name=None,
    allow_fast_lookup=False,
) -> Tensor:
    """As `embedding_lookup_sparse`, without negative ids and weights that are not positive; a row without ids is the
    row `default_id` of the table, or zero.
    """
    ids = sparse_of(sparse_ids)
    lead = ids.dense_shape[:-1]
    flat = concat([reshape(p.reduce_prod(lead, axes=(0,), keepdims=False), [1]), ids.dense_shape[-1:]], 0)
    ids = sparse_reshape(ids, flat)
    kept = p.greater_equal(ids.values, convert_to_tensor(0, ids.dtype))
    weights = None
    if sparse_weights is not None:
        weights = sparse_reshape(sparse_of(sparse_weights), flat)
        if combiner != "sum":
            kept = p.logical_and(kept, p.greater(weights.values, convert_to_tensor(0, weights.dtype)))
        weights = _kept(weights, kept)
    ids = _kept(ids, kept)
    ids, empty = fill_empty_rows(ids, default_id or 0)
    if weights is not None:
        weights = fill_empty_rows(weights, 1.0)[0]
    found = embedding_lookup_sparse(embedding_weights, ids, weights, combiner, max_norm)
    rank = len(found.shape_tuple)
    if default_id is None:
        wide = p.expand_dims(empty, axes=tuple(range(1, rank)))
        found = p.select(wide, convert_to_tensor(0, found.dtype), found)
    return reshape(found, concat([lead, shape(found, int64)[1:]], 0))


def _kept(x: SparseTensor, kept) -> SparseTensor:
    return SparseTensor(boolean_mask(x.indices, kept), boolean_mask(x.values, kept), x.dense_shape)


def sampled_addmm(indices, values, dense_shape, mat1, mat2, beta=1.0, alpha=1.0, output_type=float32) -> tuple:
    """(indices, values, dense_shape) of `alpha * (mat1 @ mat2) + beta * values`, only where `indices` (`[..., n, 2]`,
    with the batch dimensions of the matrices) says; no other element of the product is computed.
    """
    op, dtype = "sampled_addmm", as_dtype(output_type)
    at, sizes = convert_to_tensor(indices), convert_to_tensor(dense_shape)
    x, a, b = (v if v.dtype is dtype else p.cast(v, dtype=dtype) for v in map(convert_to_tensor, (values, mat1, mat2)))
    rank = rank_of(a, op)
    if not dtype.is_floating or not at.dtype.is_integer:
        raise argument_error(None, op, f"want floating point output and integer indices, got {dtype.name}, {at!r}")
    if rank < 2 or rank_of(b, op) != rank or rank_of(at, op) != rank:
        raise argument_error(None, op, f"want matrices and indices of one rank, got {a.shape}, {b.shape}, {at.shape}")
    want = static_ints(sizes)
    for known, size in zip((want or (None, None))[-2:], (a.shape_tuple[-2], b.shape_tuple[-1]), strict=True):
        if None not in (known, size) and known != size:
            raise ValueError(f"dense_shape must match the product of {a.shape} and {b.shape}, got {want}")
    rows = gather(a, at[..., 0], axis=rank - 2, batch_dims=rank - 2)
    swapped = p.transpose(b, perm=(*range(rank - 2), rank - 1, rank - 2))
    columns = gather(swapped, at[..., 1], axis=rank - 2, batch_dims=rank - 2)
    products = p.reduce_sum(p.mul(rows, columns), axes=(rank - 1,), keepdims=False)
    alpha, beta = (convert_to_tensor(v, dtype) for v in (alpha, beta))
    return at, p.add(p.mul(alpha, products), p.mul(beta, x)), sizes
