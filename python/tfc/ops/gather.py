"""Elements at positions that are data: gather, scatter, where, sort."""

from collections import namedtuple

import numpy as np

from tfc.core import Tensor, argument_error, dtype_error, executing_eagerly
from tfc.dtypes import as_dtype, as_shape, bool_, int32, int64, string
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape, size
from tfc.ops.convert import convert_to_tensor, integer, operand, operands, static_value
from tfc.ops.creation import range as range_
from tfc.ops.gradients import scalar, zeros_like
from tfc.ops.runtime_axes import needs_runtime, resized
from tfc.ops.shapes import axis_of, broadcast_value, index_vector, rank_of


def gather(params, indices, validate_indices=None, axis=None, batch_dims=0, name=None) -> Tensor:
    """Slices of `params` along `axis` at `indices`, any shape of integers; out of range raises
    `InvalidArgumentError`.

    The shape is `params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:]`.
    """
    x, at = convert_to_tensor(params), _indices(indices)
    if needs_runtime(x, axis) and batch_dims == 0:
        return resized(x, axis, "gather", lambda v: p.gather(v, at, axis=1, batch_dims=0))
    if x.shape_tuple is None and not batch_dims:
        return p.gather(x, at, axis=0, batch_dims=0)
    n = rank_of(x, "gather")
    indices_rank = rank_of(at, "gather")
    batch = axis_of(batch_dims, indices_rank if batch_dims < 0 else indices_rank + 1, "gather")
    where = batch if axis is None else axis_of(axis, n, "gather")
    if n == 0:
        raise argument_error(None, "gather", "params must be at least 1 dimensional [Op:GatherV2]")
    if where < batch:
        raise argument_error(
            None, "gather", f"batch_dims ({batch}) must be less than or equal to axis ({where}) [Op:GatherV2]"
        )
    return p.gather(x, at, axis=where, batch_dims=batch)


def _indices(indices) -> Tensor:
    at = convert_to_tensor(indices, dtype_hint=int32)
    if not at.dtype.is_integer:
        raise dtype_error(
            None, None, f"indices are integers, got dtype {at.dtype.name}\n  try:  tf.cast(indices, tf.int32)"
        )
    return at


def gather_nd(params, indices, batch_dims=0, name=None, bad_indices_policy="") -> Tensor:
    """Slices of `params` at index vectors, the last dimension of `indices`.

    A vector out of range is an error, or gives zeros with the `bad_indices_policy` "IGNORE".
    """
    x, at = convert_to_tensor(params), _indices(indices)
    dims = at.shape_tuple
    if dims is not None and (not dims or dims[-1] is None):
        raise ValueError(f"tf.gather_nd needs indices whose last dimension is known, got shape {as_shape(dims)}")
    if dims is not None and dims[-1] + batch_dims > rank_of(x, "gather_nd"):
        raise argument_error(
            None,
            "gather_nd",
            f"index innermost dimension length must be <= params rank; saw: {dims[-1]} vs. "
            f"{len(x.shape_tuple)} "
            "[Op:GatherNd]",
        )
    if not _ignores(bad_indices_policy, "gather_nd"):
        return p.gather_nd(x, at, batch_dims=batch_dims)
    inside, rank = _inside(x, at, batch_dims), len(at.shape_tuple)
    safe = p.select(p.expand_dims(inside, axes=(rank - 1,)), at, convert_to_tensor(0, at.dtype))
    found = p.gather_nd(x, safe, batch_dims=batch_dims)
    more = len(found.shape_tuple) - (rank - 1)
    wide = p.expand_dims(inside, axes=tuple(range(rank - 1, rank - 1 + more))) if more else inside
    return p.select(wide, found, convert_to_tensor(False if x.dtype.is_bool else 0, x.dtype))


def _scatter(tensor, indices, updates, mode, policy="") -> Tensor:
    # Sums and the like are of numbers, the order of which is that of real ones.
    kinds = {"update": "biufcO", "max": "iuf", "min": "iuf"}.get(mode, "iufc")
    x, u = operands("scatter", tensor, updates, kinds)
    at = _indices(indices)
    if at.shape_tuple is not None and x.shape_tuple is not None and u.shape_tuple is not None:
        k = at.shape_tuple[-1] if at.shape_tuple else None
        if k is None:
            raise argument_error(None, "scatter", "indices must have rank at least 1 and a known last dimension")
        want = (*at.shape_tuple[:-1], *x.shape_tuple[k:])
        if not as_shape(want).is_compatible_with(u.shape_tuple):
            raise argument_error(
                None,
                "scatter",
                f"Dimensions of updates must be indices.shape[:-1] + tensor.shape[{k}:]\n  "
                f"want: {list(want)}\n"
                f"  got:  {list(u.shape_tuple)}",
            )
    if _ignores(policy, "scatter"):
        inside = _inside(x, at, 0)
        at, u = boolean_mask(at, inside), boolean_mask(u, inside)
    return p.scatter(x, at, u, mode=mode) if x.dtype is not string else _scatter_strings(x, at, u, mode)


def _scatter_strings(x, at, updates, mode) -> Tensor:
    """Strings do not go through `scatter`; the numbers of the strings that come out do."""
    kept, added = (reshape(v, [-1]) for v in (x, updates))
    count = size(kept)
    old = reshape(range_(count), shape(x))
    new = reshape(range_(count, p.add(count, size(added))), shape(updates))
    return gather(concat([kept, added], 0), p.scatter(old, at, new, mode="update"))


def _ignores(policy, op) -> bool:
    """Whether index vectors out of range are skipped instead of an error: "IGNORE"."""
    if policy not in ("", "DEFAULT", "ERROR", "IGNORE"):
        raise ValueError(f"{op}: bad_indices_policy is '', 'DEFAULT', 'ERROR' or 'IGNORE', got {policy!r}")
    return policy == "IGNORE"


def _inside(x, at, batch_dims) -> Tensor:
    """Whether all entries of index vectors are in range: a bool for each vector, or one of rank 1 if there is one."""
    rank, k = len(at.shape_tuple), at.shape_tuple[-1]
    sizes = p.slice_(p.shape_of(x, dtype=int64), starts=(batch_dims,), sizes=(k,), strides=(1,))
    at = p.cast(at, dtype=int64)
    zero = scalar(0, at)
    inside = p.logical_and(p.greater_equal(at, zero), p.less(at, sizes))
    return p.reduce_all(inside, axes=(rank - 1,), keepdims=False)


def tensor_scatter_nd_update(tensor, indices, updates, name=None, bad_indices_policy="") -> Tensor:
    """`tensor` with the slices at index vectors replaced."""
    return _scatter(tensor, indices, updates, "update", bad_indices_policy)


def tensor_scatter_nd_add(tensor, indices, updates, bad_indices_policy="", name=None) -> Tensor:
    """`tensor` with `updates` added at index vectors; repeated indices add up."""
    return _scatter(tensor, indices, updates, "add", bad_indices_policy)


def tensor_scatter_nd_sub(tensor, indices, updates, bad_indices_policy="", name=None) -> Tensor:
    """`tensor` with `updates` subtracted at index vectors."""
    return _scatter(tensor, indices, updates, "sub", bad_indices_policy)


def tensor_scatter_nd_max(tensor, indices, updates, bad_indices_policy="", name=None) -> Tensor:
    """`tensor` with the larger of it and `updates` at index vectors."""
    return _scatter(tensor, indices, updates, "max", bad_indices_policy)


def tensor_scatter_nd_min(tensor, indices, updates, bad_indices_policy="", name=None) -> Tensor:
    """`tensor` with the smaller of it and `updates` at index vectors."""
    return _scatter(tensor, indices, updates, "min", bad_indices_policy)


def scatter_nd(indices, updates, shape, bad_indices_policy="", name=None) -> Tensor:
    """Zeros of `shape` with `updates` added at index vectors; of bools, whether any is true there."""
    updates = operand("ScatterNd", updates, "biufc")
    if updates.dtype.is_bool:
        counts = scatter_nd(indices, p.cast(updates, dtype=int32), shape, bad_indices_policy)
        return p.cast(counts, dtype=updates.dtype)
    zeros = broadcast_value(convert_to_tensor(0, updates.dtype), shape)
    return _scatter(zeros, indices, updates, "add", bad_indices_policy)


def boolean_mask(tensor, mask, axis=None, name="boolean_mask") -> Tensor:
    """The slices of `tensor` where `mask` is True; the dimensions of `mask` (from `axis` on) become one."""
    x = convert_to_tensor(tensor)
    m = operand("boolean_mask", mask, "b")
    n, k = rank_of(x, "boolean_mask"), rank_of(m, "boolean_mask")
    if k == 0:
        raise ValueError("mask cannot be scalar.")
    first = 0 if axis is None else axis_of(axis, n, "boolean_mask")
    if not as_shape(x.shape_tuple[first : first + k]).is_compatible_with(m.shape_tuple):
        raise ValueError(
            f"Shapes {as_shape(x.shape_tuple[first : first + k])} and {as_shape(m.shape_tuple)} are incompatible"
        )
    at = p.nonzero(m)
    if first == 0:
        return p.gather_nd(x, at, batch_dims=0)
    order = (*range(first, first + k), *range(first), *range(first + k, n))
    taken = p.gather_nd(p.transpose(x, perm=order), at, batch_dims=0)
    return p.transpose(taken, perm=(*range(1, first + 1), 0, *range(first + 1, n - k + 1)))


def where(condition, x=None, y=None, name=None) -> Tensor:
    """`x` where the condition holds, else `y`, with broadcasting; or, of the condition alone, the index
    vectors (int64).
    """
    c = convert_to_tensor(condition)
    if (x is None) != (y is None):
        raise ValueError("x and y must both be non-None or both be None.")
    if not c.dtype.is_bool:
        if x is not None:
            raise dtype_error(
                None,
                "select",
                f"cannot compute SelectV2 as input #0 was expected to be a bool tensor but is a "
                f"{c.dtype.name} tensor [Op:SelectV2]",
            )
        c = p.not_equal(c, convert_to_tensor(0, c.dtype))
    if x is None:
        return p.nonzero(c)
    x, y = operands("SelectV2", x, y, "biufcO")
    return p.select(c, x, y)


def sort(values, axis=-1, direction="ASCENDING", name=None) -> Tensor:
    """The elements sorted along `axis`, "ASCENDING" or "DESCENDING"."""
    x = operand("sort", values, "iuf")
    return p.sort(x, axis=axis_of(axis, rank_of(x, "sort"), "sort"), descending=_descending(direction))


def argsort(values, axis=-1, direction="ASCENDING", stable=False, name=None) -> Tensor:
    """The int32 indices that sort along `axis`; equal elements keep their order."""
    x = operand("argsort", values, "iuf")
    return p.argsort(x, axis=axis_of(axis, rank_of(x, "argsort"), "argsort"), descending=_descending(direction))


def _descending(direction) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"Argument `direction` should be one of 'ASCENDING' or 'DESCENDING'. Received: {direction}")
    return direction == "DESCENDING"


TopK = namedtuple("TopKV2", ["values", "indices"])


def _check_count(x, k):
    """Of the largest elements as many are asked for as there are, at most: checked when it runs."""
    k = convert_to_tensor(k)
    columns = shape(x, k.dtype)[-1]
    for holds, text in (
        (p.greater_equal(k, convert_to_tensor(0, k.dtype)), "Need k >= 0, got k ="),
        (p.greater_equal(columns, k), "input must have at least k columns. k ="),
    ):
        p.assert_(holds, k, message=text, summarize=3)


# From here on rows are worth a search of their own for the last one that counts.
_LONG = 2048


def _first_places(x: np.ndarray, count: int) -> np.ndarray:
    """The first of `argsort` in descending order, along the last dimension, without sorting all."""
    rows = x.reshape(-1, x.shape[-1])
    out = np.empty((len(rows), count), np.int32)
    for row, places in zip(rows, out, strict=True):
        if count == 0:
            break
        last = np.partition(row, -count)[-count]
        # NaN is the largest: where it is the last one, so are all others.
        at = np.flatnonzero(np.isnan(row) if last != last else ~(row < last))
        places[:] = at[p.argsort.meaning(row[at], 0, True)[:count]]
    return out.reshape(*x.shape[:-1], count)


def top_k(input, k=1, sorted=True, index_type=int32, name=None):
    """The k largest elements along the last dimension, and their indices, as a named tuple (values,
    indices).
    """
    x = operand("top_k", input, "iuf")
    n = rank_of(x, "top_k")
    known = static_value(k)
    if np.ndim(known if known is not None else 0):
        raise argument_error(None, "top_k", f"k must be a scalar, got shape {list(np.shape(known))} [Op:TopKV2]")
    count = None if known is None else integer(k, "k")
    if count is not None and count < 0:
        raise argument_error(None, "top_k", f"Need k >= 0, got {count} [Op:TopKV2]")
    size = x.shape_tuple[-1] if n else None
    if count is None and n:
        _check_count(x, k)
    if n == 0 or (size is not None and count is not None and count > size):
        raise argument_error(None, "top_k", f"input must have at least k columns. Had {size}, needed {count}")
    few = count is not None and size is not None and size >= _LONG and 8 * count <= size
    if few and executing_eagerly() and x.dtype.np_dtype.kind in "iuf":
        order = p.constant(value=_first_places(x.numpy(), int(count)))
        values = p.gather(x, order, axis=n - 1, batch_dims=n - 1)
        return TopK(values, order if index_type is int32 else p.cast(order, dtype=as_dtype(index_type)))
    order = p.argsort(x, axis=n - 1, descending=True)
    if count is not None and (size is not None or n == 1):
        sizes = (*order.shape_tuple[:-1], int(count))
        # A size that is not known is compared with `count` when it runs.
        order = (
            p.slice_(order, starts=(0,) * n, sizes=sizes, strides=(1,) * n)
            if size is not None
            else p.dynamic_slice(order, index_vector([0] * n), sizes=sizes)
        )
    else:
        first, end = index_vector([0] * n), index_vector([0] * (n - 1) + [k])
        others = (1 << n - 1) - 1
        order = p.dynamic_strided_slice(order, first, end, strides=(1,) * n, begin_mask=0, end_mask=others)
        order = order if count is None else p.ensure_shape(order, shape=(*order.shape_tuple[:-1], int(count)))
    values = p.gather(x, order, axis=n - 1, batch_dims=n - 1)
    return TopK(values, order if index_type is int32 else p.cast(order, dtype=as_dtype(index_type)))


def _approx(operand_, k, axis, smallest, name):
    x = operand(name, operand_, "f")
    n = rank_of(x, name)
    where = axis_of(axis, n, name)
    perm = (*(i for i in range(n) if i != where), where)
    moved = p.transpose(x, perm=perm) if where != n - 1 else x
    values, indices = top_k(p.neg(moved) if smallest else moved, k)
    values = p.neg(values) if smallest else values
    if where == n - 1:
        return values, indices
    inverse = tuple(perm.index(i) for i in range(n))
    return p.transpose(values, perm=inverse), p.transpose(indices, perm=inverse)


def approx_max_k(
    operand,
    k,
    reduction_dimension=-1,
    recall_target=0.95,
    reduction_input_size_override=-1,
    aggregate_to_topk=True,
    name=None,
):
    """The k largest elements along a dimension and their indices; exact, whatever recall is asked for."""
    return _approx(operand, k, reduction_dimension, False, "approx_max_k")


def approx_min_k(
    operand,
    k,
    reduction_dimension=-1,
    recall_target=0.95,
    reduction_input_size_override=-1,
    aggregate_to_topk=True,
    name=None,
):
    """The k smallest elements along a dimension and their indices; exact, whatever recall is asked for."""
    return _approx(operand, k, reduction_dimension, True, "approx_min_k")


def approx_top_k(
    input,
    k,
    reduction_dimension=-1,
    recall_target=0.95,
    is_max_k=True,
    reduction_input_size_override=-1,
    aggregate_to_topk=True,
    name=None,
):
    """`tf.math.approx_max_k`, or with `is_max_k` False `tf.math.approx_min_k`."""
    return _approx(input, k, reduction_dimension, not is_max_k, "approx_top_k")


def in_top_k(targets, predictions, k, name=None) -> Tensor:
    """Whether the target of each row is among its k largest predictions.

    False where the target is no column, or a prediction of the row is not finite.
    """
    predictions = operand("in_top_k", predictions, "f")
    targets = convert_to_tensor(targets)
    if rank_of(predictions, "in_top_k") != 2 or rank_of(targets, "in_top_k") != 1:
        raise argument_error(
            None,
            "in_top_k",
            f"predictions must be 2-dimensional and targets 1-dimensional, got {predictions.shape} and {targets.shape}",
        )
    if targets.dtype.size < 4:
        targets = p.cast(targets, dtype=int32)  # which has the number of columns
    classes = predictions.shape_tuple[1]
    if classes == 0:
        return p.cast(zeros_like(targets), dtype=bool_)
    end = scalar(classes, targets) if classes is not None else p.cast(_columns_of(predictions), dtype=targets.dtype)
    inside = p.logical_and(p.greater_equal(targets, scalar(0, targets)), p.less(targets, end))
    at = p.expand_dims(p.select(inside, targets, scalar(0, targets)), axes=(1,))
    mine = p.gather(predictions, at, axis=1, batch_dims=1)
    larger = p.cast(p.greater(predictions, mine), dtype=int32)
    count = p.reduce_sum(larger, axes=(1,), keepdims=False)
    finite = p.reduce_all(p.is_finite(predictions), axes=(1,), keepdims=False)
    return p.logical_and(p.logical_and(p.less(count, convert_to_tensor(k, int32)), finite), inside)


def _columns_of(x):
    return p.squeeze(p.slice_(p.shape_of(x, dtype=int64), starts=(1,), sizes=(1,), strides=(1,)), axes=(0,))


def invert_permutation(x, name=None) -> Tensor:
    """The permutation that undoes `x`, a vector of int32 or int64 with each number below its size once.

    Raises `InvalidArgumentError` for other numbers, in a function when it runs.
    """
    x = convert_to_tensor(x)
    if x.dtype not in (int32, int64) or x.shape_tuple is None or len(x.shape_tuple) != 1:
        raise argument_error(
            None,
            "invert_permutation",
            f"invert_permutation expects a vector of int32 or int64, got {x.dtype.name}{x.shape}",
        )
    order = p.argsort(x, axis=0, descending=False)
    zero, one = (p.constant(value=np.array(v, np.int64)) for v in (0, 1))
    places = p.range_(zero, _size_of(x), one)
    there = p.gather(x, order, axis=0, batch_dims=0)
    right = p.reduce_all(p.equal(there, p.cast(places, dtype=x.dtype)), axes=(0,), keepdims=False)
    p.assert_(right, x, message="invert_permutation expects each number below the size once, got", summarize=10)
    return p.cast(order, dtype=x.dtype)


def _size_of(x):
    return p.squeeze(p.shape_of(x, dtype=int64), axes=(0,))


def embedding_lookup(params, ids, max_norm=None, name=None) -> Tensor:
    """Rows of a table at `ids`; with `max_norm`, scaled down to that norm."""
    if isinstance(params, (list, tuple)):
        if len(params) != 1:
            raise NotImplementedError("tf.nn.embedding_lookup with several partitions is not supported: concat them")
        params = params[0]
    rows = gather(params, ids)
    if max_norm is None:
        return rows
    axes = tuple(range(len(convert_to_tensor(ids).shape_tuple), len(rows.shape_tuple)))
    norm = p.sqrt(p.reduce_sum(p.mul(rows, rows), axes=axes, keepdims=True))
    limit = convert_to_tensor(max_norm, rows.dtype)
    return p.div(p.mul(rows, limit), p.maximum(norm, limit))
