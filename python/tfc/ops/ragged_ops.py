"""What the functions of `tf` do with ragged tensors: elementwise ones on the values, reductions by rows, joins of rows.

A public function that does not know what to do with an argument asks `dispatched` (`ops.naming`).
"""

from tfc.core import Tensor
from tfc.dtypes import float32, float64, int32, int64
from tfc.ops import array, convert, creation, math, nest, ragged_rows, ragged_shape, reductions, segments, strings
from tfc.ops import primitives as p
from tfc.ops.control_flow import while_loop
from tfc.ops.gather import embedding_lookup, gather
from tfc.ops.gather import where as where_
from tfc.ops.naming import operation, register_dispatch
from tfc.ops.ragged import RaggedTensor, elementwise
from tfc.ops.ragged_slices import part as part_of
from tfc.ops.ragged_slices import reverse_rows, splits_of, strided, take
from tfc.ops.slicing import boolean_mask
from tfc.ops.tensor_array import TensorArray

_ELEMENTWISE = (
    "abs acos acosh add angle asin asinh atan atan2 atanh ceil conj cos cosh digamma divide divide_no_nan equal erf "
    "erfc exp expm1 floor floordiv floormod greater greater_equal imag invert is_finite is_inf is_nan lgamma log "
    "log1p log_sigmoid logical_and logical_not logical_or logical_xor maximum minimum multiply multiply_no_nan "
    "negative not_equal pow real reciprocal rint round rsqrt sigmoid sign sin sinh softplus sqrt square "
    "squared_difference subtract tan tanh truediv truncatediv truncatemod xdivy xlogy zeta less less_equal cast "
    "saturate_cast clip_by_value mod realdiv unsafe_div nextafter "
).split()


def _ragged_arguments(args, kwargs) -> bool:
    leaves = [*args, *kwargs.values()]
    return any(isinstance(v, RaggedTensor) for a in leaves for v in (a if isinstance(a, (list, tuple)) else (a,)))


def dispatched(function, public: str, args: tuple, kwargs: dict):
    """What `function` gives for ragged arguments; NotImplemented if there are none, or it takes none."""
    if not _ragged_arguments(args, kwargs):
        signature = kwargs.get("fn_output_signature", kwargs.get("dtype")) if public == "map_fn" else None
        ragged = any(hasattr(s, "ragged_rank") for s in nest.flatten(signature))
        return map_rows(*args, **kwargs) if ragged else NotImplemented
    kwargs = {k: v for k, v in kwargs.items() if k != "name"}
    made = _TABLE.get(public)
    if made is not None:
        return made(*args, **kwargs)
    if public in _ELEMENTWISE or public in _ON_VALUES:
        return elementwise(operation(function), *args, **kwargs)
    return NotImplemented


# Functions that work on each value alone, in other modules than `math`.
_ON_VALUES = frozenset(
    (
        "relu relu6 leaky_relu elu selu gelu silu swish softsign as_string lower upper strip length substr "
        "to_number regex_replace regex_full_match to_hash_bucket_fast to_hash_bucket_strong to_hash_bucket "
        "identity zeros_like ones_like one_hot stop_gradient bitcast dropout check_numerics bitwise_and "
        "bitwise_or bitwise_xor "
    ).split()
)


def _axis(axis, rank: int) -> int:
    axis = int(axis)
    if not -rank <= axis < rank:
        raise ValueError(f"axis={axis} out of bounds: expected {-rank}<=axis<{rank}")
    return axis % rank


def _reduction(whole, by_segment):
    def reduce(input_tensor, axis=None, keepdims=False):
        rt = input_tensor
        if not isinstance(rt, RaggedTensor) or isinstance(keepdims, RaggedTensor):
            raise TypeError(
                f"only the tensor that is reduced may be a RaggedTensor, got axis={axis!r}, keepdims={keepdims!r}"
            )
        if axis is None:
            return whole(rt.flat_values)
        axes = axis if isinstance(axis, (list, tuple)) else [axis]
        axes = sorted((_axis(a, rt.shape.rank) for a in axes), reverse=True)
        for at in axes:
            rt = (
                _along(rt, at, keepdims, whole, by_segment) if isinstance(rt, RaggedTensor) else whole(rt, at, keepdims)
            )
        return rt

    return reduce


def _along(rt, axis, keepdims, whole, by_segment):
    if axis > 1:
        values = rt.values
        inner = (
            _along(values, axis - 1, keepdims, whole, by_segment)
            if isinstance(values, RaggedTensor)
            else whole(values, axis - 1, keepdims)
        )
        return rt.with_values(inner)
    if axis == 1:
        made = _segments(rt.values, rt.value_rowids(), rt.nrows(), by_segment)
        return _extra_dimension(made, 1) if keepdims else made
    columns = p.sub(creation.range(_count(rt.values)), gather(rt.row_starts(), rt.value_rowids()))
    longest = reductions.reduce_max(array.concat([[0], rt.row_lengths()], 0))
    made = _segments(rt.values, columns, longest, by_segment)
    return _extra_dimension(made, 0) if keepdims else made


def _segments(values, ids, count, by_segment):
    """Values of one segment together; ragged ones by their places in the rows."""
    if isinstance(values, Tensor):
        return by_segment(values, ids, count)
    # Rows of one segment: the longest of them says how long the result is.
    lengths = p.maximum(segments.unsorted_segment_max(values.row_lengths(), ids, count), _number(0))
    splits = splits_of(lengths)
    rows = values.value_rowids()
    within = p.sub(creation.range(_count(values.values)), gather(values.row_starts(), rows))
    at = p.add(gather(splits, gather(ids, rows)), within)
    return RaggedTensor(_segments(values.values, at, splits[-1], by_segment), splits)


def _number(value):
    return convert.convert_to_tensor(value, int64)


def _count(values):
    return values.nrows() if isinstance(values, RaggedTensor) else array.shape(values, int64)[0]


def _extra_dimension(x, axis):
    if isinstance(x, Tensor):
        return array.expand_dims(x, axis)
    return part_of(x, (None,) if axis == 0 else (slice(None), None))


def _counted(whole):
    """A reduction of bool or of numbers by way of another one."""
    return _reduction(whole, lambda v, ids, n: whole_by_max(whole, v, ids, n))


def whole_by_max(whole, values, ids, count):
    numbers = p.cast(values, dtype=int32)
    if whole is reductions.reduce_any:
        return p.greater(segments.unsorted_segment_max(numbers, ids, count), convert.convert_to_tensor(0))
    return p.greater(segments.unsorted_segment_min(numbers, ids, count), convert.convert_to_tensor(0))


def _mean(values, ids, count):
    total = segments.unsorted_segment_sum(values, ids, count)
    ones = creation.ones_like(values)
    number = segments.unsorted_segment_sum(ones, ids, count)
    if not values.dtype.is_floating:
        return math.truediv(total, number)
    return p.div(total, number)


def _mean_of_all(values, axis=None, keepdims=False):
    if values.dtype.is_integer:
        values = math.cast(values, "float64")
    return reductions.reduce_mean(values, axis, keepdims)


def _variance(values, ids, count):
    centered = p.sub(values, gather(_mean(values, ids, count), ids))
    return _mean(p.mul(centered, centered), ids, count)


def _deviation(values, ids, count):
    return math.sqrt(_variance(values, ids, count))


# Joins.


def _as_ragged(x):
    if isinstance(x, RaggedTensor):
        return x
    x = convert.convert_to_tensor(x)
    return RaggedTensor.from_tensor(x)


def _alike(values, axis):
    """Values of one ragged rank; along the first dimension tensors become ragged, too."""
    made = [_as_ragged(v) for v in values]
    deepest = max(v.ragged_rank for v in made)
    return [v if v.ragged_rank == deepest else _deeper(v, deepest) for v in made]


def _deeper(rt, rank):
    values = rt.values
    if isinstance(values, Tensor):
        values = RaggedTensor.from_tensor(values)
    if rank > 2:
        values = _deeper(values, rank - 1)
    return rt.with_values(values)


def concat(values, axis):
    """Rows behind each other, or rows with the elements of several tensors."""
    parts = _alike(values, axis)
    axis = _axis(axis, parts[0].shape.rank)
    return _joined(parts, axis)


def _joined(parts, axis):
    if all(isinstance(v, Tensor) for v in parts):
        return array.concat(parts, axis)
    if axis == 0:
        values = _joined([v.values for v in parts], 0)
        lengths = array.concat([v.row_lengths() for v in parts], 0)
        return RaggedTensor(values, splits_of(lengths))
    if axis == 1:
        # Rows of all tensors below each other, then in the order row 0 of each, row 1 of each, ...
        below = _joined(parts, 0)
        n, k = parts[0].nrows(), len(parts)
        order = array.reshape(array.transpose(array.reshape(creation.range(p.mul(n, _number(k))), [k, -1])), [-1])
        mixed = take(below, order)
        outer = p.mul(creation.range(p.add(n, _number(1))), _number(k))
        return RaggedTensor(mixed.values, gather(mixed.row_splits, outer))
    return parts[0].with_values(_joined([v.values for v in parts], axis - 1))


def stack(values, axis=0, name=None):
    """Tensors and ragged tensors along a new dimension."""
    values = list(values)
    made = [v if isinstance(v, RaggedTensor) else convert.convert_to_tensor(v) for v in values]
    rank = max(v.shape.rank for v in made)
    axis = _axis(axis, rank + 1)
    if rank == 1:
        if axis == 1:
            return array.stack(made, 1)
        return RaggedTensor.from_row_lengths(array.concat(made, 0), [_count(v) for v in made], validate=False)
    if axis == 0:
        parts = _alike(made, 0)
        return RaggedTensor(_joined(parts, 0), splits_of(array.stack([v.nrows() for v in parts])))
    return _joined([_extra_at(v, axis) for v in _alike(made, axis)], axis)


def _extra_at(x, axis):
    if isinstance(x, Tensor):
        return array.expand_dims(x, axis)
    if axis > 1:
        return x.with_values(_extra_at(x.values, axis - 1))
    return _extra_dimension(x, axis)


def expand_dims(input, axis):
    return _extra_at(input, _axis(axis, input.shape.rank + 1))


def tile(input, multiples):
    """The rows so many times; the elements of each row so many times."""
    counts = convert.static_ints(convert.convert_to_tensor(multiples))
    if counts is None:
        raise NotImplementedError("tile of a ragged tensor needs multiples that are known while tracing")
    if len(counts) != input.shape.rank or None in counts:
        raise ValueError(f"tile: want {input.shape.rank} multiples, one for each dimension, got {list(counts)}")
    return _tiled(input, counts)


def _tiled(x, counts):
    if isinstance(x, Tensor):
        return array.tile(x, list(counts))
    if counts[1:] and any(c != 1 for c in counts[2:]):
        x = x.with_values(_tiled(x.values, [1, *counts[2:]]))
    if counts[1] != 1:
        x = _joined([x] * counts[1], 1) if counts[1] else part_of(x, (slice(None), slice(0, 0)))
    return _joined([x] * counts[0], 0) if counts[0] != 1 else x


def _gather(params, indices, validate_indices=None, axis=None, batch_dims=0):
    axis = batch_dims if axis is None else int(axis)
    if isinstance(params, RaggedTensor) and (batch_dims or axis):
        if batch_dims == 1 and axis == 1:
            at = _as_ragged(indices)
            places = p.add(p.cast(at.values, dtype=int64), gather(params.row_starts(), at.value_rowids()))
            return at.with_values(take(params.values, places))
        raise NotImplementedError("gather of a ragged tensor is there for axis 0, or batch_dims = axis = 1")
    if isinstance(indices, RaggedTensor):
        return indices.with_values(_gather(params, indices.values, axis=axis))
    if isinstance(params, RaggedTensor):
        indices = convert.convert_to_tensor(indices)
        if indices.shape_tuple == ():
            return params[indices]
        if len(indices.shape_tuple) > 1:
            return _gather(params, RaggedTensor.from_tensor(indices))
        return take(params, indices)
    return gather(params, indices, axis=axis)


def reverse(tensor, axis):
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    for at in sorted(_axis(a, tensor.shape.rank) for a in axes):
        tensor = _reversed(tensor, at)
    return tensor


def _reversed(x, axis):
    if isinstance(x, Tensor):
        return array.reverse(x, [axis])
    if axis == 0:
        return reverse_rows(x)
    if axis == 1:
        return part_of(x, (slice(None), slice(None, None, -1)))
    return x.with_values(_reversed(x.values, axis - 1))


def where(condition, x=None, y=None):
    if x is None and y is None:
        if condition.ragged_rank != 1:
            raise NotImplementedError("where of a ragged tensor is there for one ragged dimension")
        kept = p.squeeze(p.nonzero(condition.values), axes=(1,))
        rows = condition.value_rowids()
        columns = p.sub(creation.range(_count(condition.values)), gather(condition.row_starts(), rows))
        return array.stack([gather(rows, kept), gather(columns, kept)], 1)
    return elementwise(where_, condition, x, y)


def mask(tensor, mask):
    """The elements of each row where a ragged mask holds."""
    rows = tensor if isinstance(tensor, RaggedTensor) else RaggedTensor.from_tensor(tensor)
    mask = mask if isinstance(mask, RaggedTensor) else convert.convert_to_tensor(mask)
    if isinstance(mask, Tensor) and len(mask.shape_tuple) == 1:
        return take(rows, p.squeeze(p.nonzero(mask), axes=(1,)))
    holds = mask if isinstance(mask, RaggedTensor) else RaggedTensor.from_tensor(mask)
    if isinstance(holds.values, RaggedTensor):
        return rows.with_values(globals()["mask"](rows.values, holds.values))
    kept = p.squeeze(p.nonzero(holds.values), axes=(1,))
    lengths = segments.unsorted_segment_sum(p.cast(holds.values, dtype=int64), holds.value_rowids(), holds.nrows())
    return RaggedTensor(take(rows.values, kept), splits_of(lengths))


def ragged_boolean_mask(data, mask, name=None):
    """The elements of each row where `mask` (of the same rows) holds; of a tensor those rows are ragged."""
    if not isinstance(data, RaggedTensor) and not isinstance(mask, RaggedTensor):
        mask = convert.convert_to_tensor(mask)
        if len(mask.shape_tuple) == 1:
            return boolean_mask(data, mask)
    return globals()["mask"](data if isinstance(data, RaggedTensor) else _ragged_of(data), mask)


def _ragged_of(data):
    return RaggedTensor.from_tensor(convert.convert_to_tensor(data))


def size(input, out_type=int32):
    return array.size(input.flat_values, out_type)


def rank(input):
    return convert.convert_to_tensor(input.shape.rank)


def to_tensor(value, *args, **kwargs):
    return value


def _embedding_lookup(params, ids, max_norm=None):
    if not isinstance(ids, RaggedTensor) or isinstance(params, RaggedTensor):
        raise TypeError(f"embedding_lookup takes ragged ids of a dense table, got a table {params!r} and ids {ids!r}")
    return ids.with_flat_values(embedding_lookup(params, ids.flat_values, max_norm))


def _segment_join(inputs, axis=None, keepdims=False, separator=""):
    if not isinstance(inputs, RaggedTensor):
        raise TypeError(
            f"reduce_join: only the strings that are joined may be a RaggedTensor, got keepdims={keepdims!r}"
        )
    if axis is None:
        return strings.reduce_join(inputs.flat_values, None, keepdims, separator)
    at = _axis(axis, inputs.shape.rank)
    if at > 1:
        return inputs.with_values(_reduce_join(inputs.values, at - 1, keepdims, separator))
    if at == 1 and not isinstance(inputs.values, RaggedTensor) and len(inputs.values.shape_tuple) == 1:
        made = strings.join_rows(inputs.values, inputs.row_splits, separator)
        return array.expand_dims(made, 1) if keepdims else made
    raise NotImplementedError(
        f"tf.strings.reduce_join of a ragged tensor joins its last dimension or one that is not ragged, got axis={axis}"
    )


def _reduce_join(values, axis, keepdims, separator):
    join = _segment_join if isinstance(values, RaggedTensor) else strings.reduce_join
    return join(values, axis, keepdims, separator)


def softmax(logits, axis=None):
    at = _axis(-1 if axis is None else axis, logits.shape.rank)
    if at != 1 or logits.ragged_rank != 1:
        raise NotImplementedError("softmax of a ragged tensor is there for its rows")
    ids, n = logits.value_rowids(), logits.nrows()
    peak = gather(segments.unsorted_segment_max(logits.values, ids, n), ids)
    powers = p.exp(p.sub(logits.values, peak))
    return logits.with_values(p.div(powers, gather(segments.unsorted_segment_sum(powers, ids, n), ids)))


def ragged_range(starts, limits=None, deltas=1, dtype=None, name=None, row_splits_dtype=int64) -> RaggedTensor:
    """The integers of a range in each row."""
    if limits is None:
        starts, limits = 0, starts
    a, b, d = (convert.convert_to_tensor(v, dtype) for v in (starts, limits, deltas))
    kinds = [t.dtype for t in (a, b, d)]
    a, b, d = (math.cast(t, next(k for k in (float64, float32, int64, *kinds) if k in kinds)) for t in (a, b, d))
    zero = p.mul(p.mul(p.add(a, p.add(b, d)), convert.convert_to_tensor(0, a.dtype)), d)
    a, b, d = (array.reshape(p.add(v, zero), [-1]) for v in (a, b, d))
    span = math.cast(math.ceil(math.truediv(p.sub(b, a), d)), int64)
    lengths = p.maximum(span, _number(0))
    step = convert.static_value(deltas)
    if a.dtype in (int32, int64) and step is not None and step.shape == ():
        return RaggedTensor(*strided(a, lengths, int(step)))
    number, splits = strided(p.mul(lengths, _number(0)), lengths, 1)
    rows = RaggedTensor(number, splits).value_rowids()
    steps = p.mul(math.cast(number, a.dtype), gather(d, rows))
    return RaggedTensor(p.add(gather(a, rows), steps), splits)


def map_rows(fn, elems, dtype=None, *unused, fn_output_signature=None, **others):
    """`fn` of each row of a nest of tensors and ragged tensors. A row of a ragged tensor is a tensor; results are rows
    again, or what `fn_output_signature` says: a nest of ragged specs, dtypes and `TensorSpec`s, these for results of
    one shape.
    """
    leaf = nest.COMPOSITES_ARE_LEAVES
    sources = [e if isinstance(e, RaggedTensor) else convert.convert_to_tensor(e) for e in nest.flatten(elems, leaf)]
    if any(isinstance(e, RaggedTensor) and e.ragged_rank != 1 for e in sources):
        raise NotImplementedError("map_fn of a ragged tensor takes one with one ragged dimension")
    first = sources[0]
    rows = p.cast(first.nrows(), dtype=int32) if isinstance(first, RaggedTensor) else array.shape(first)[0]
    signature = fn_output_signature if fn_output_signature is not None else dtype
    # With a leaf that is no tensor for each result.
    structure = nest.map_structure(lambda _: 0, elems, expand_composites=leaf) if signature is None else signature
    wanted = [_Rows(e, e.dtype) for e in sources] if signature is None else list(map(_Rows, nest.flatten(signature)))
    outs = [TensorArray(w.dtype, rows, infer_shape=not w.ragged, element_shape=w.shape) for w in wanted]
    lengths = [TensorArray(int64, rows, element_shape=[]) for w in wanted if w.ragged]

    def step(i, outs, lengths):
        result = fn(nest.pack_sequence_as(elems, [s[i] for s in sources], leaf))
        nest.assert_same_structure(structure, result, expand_composites=leaf)
        leaves = [
            convert.convert_to_tensor(r, w.dtype) for r, w in zip(nest.flatten(result, leaf), wanted, strict=True)
        ]
        counts = [array.shape(r, int64)[0] for r, w in zip(leaves, wanted, strict=True) if w.ragged]
        return (
            i + 1,
            [out.write(i, r) for out, r in zip(outs, leaves, strict=True)],
            [length.write(i, n) for length, n in zip(lengths, counts, strict=True)],
        )

    zero = convert.convert_to_tensor(0, int32)
    _, outs, lengths = while_loop(lambda i, *_: p.less(i, rows), step, (zero, outs, lengths))
    empty = convert.static_value(rows) == 0
    splits = (splits_of(length.stack()) for length in lengths)
    made = [
        RaggedTensor(w.nothing() if empty else out.concat(), next(splits)) if w.ragged else out.stack()
        for out, w in zip(outs, wanted, strict=True)
    ]
    return nest.pack_sequence_as(structure, made, leaf)


class _Rows:
    """What `map_fn` makes of one result: `ragged` rows, or elements of one `shape`."""

    def __init__(self, signature, dtype=None):
        self.dtype = dtype or getattr(signature, "dtype", signature)
        self.ragged = isinstance(signature, RaggedTensor) or hasattr(signature, "ragged_rank")
        self.shape = None if self.ragged or dtype is not None else getattr(signature, "shape", None)
        rows = getattr(signature, "shape", None) if self.ragged else None
        # The sizes of one value of a row.
        self._inner = rows.dims[1:] if rows is not None and rows.rank else ()
        if isinstance(signature, RaggedTensor):
            self._inner = tuple(signature.flat_values.shape[1:])
            self.shape = [None, *self._inner]

    def nothing(self) -> Tensor:
        """The values of no rows."""
        return creation.zeros([0, *(size or 0 for size in self._inner)], self.dtype)


_TABLE = {
    "map_fn": map_rows,
    "reduce_sum": _reduction(reductions.reduce_sum, segments.unsorted_segment_sum),
    "reduce_prod": _reduction(reductions.reduce_prod, segments.unsorted_segment_prod),
    "reduce_max": _reduction(reductions.reduce_max, segments.unsorted_segment_max),
    "reduce_min": _reduction(reductions.reduce_min, segments.unsorted_segment_min),
    "reduce_mean": _reduction(_mean_of_all, _mean),
    "reduce_variance": _reduction(reductions.reduce_variance, _variance),
    "reduce_std": _reduction(reductions.reduce_std, _deviation),
    "reduce_any": _counted(reductions.reduce_any),
    "reduce_all": _counted(reductions.reduce_all),
    "concat": concat,
    "stack": stack,
    "expand_dims": expand_dims,
    "tile": tile,
    "gather": _gather,
    "embedding_lookup": _embedding_lookup,
    "reverse": reverse,
    "where": where,
    "boolean_mask": mask,
    "size": size,
    "shape": ragged_shape.shape_of,
    "rank": rank,
    "softmax": softmax,
    "convert_to_tensor_or_ragged": to_tensor,
    "reduce_join": _segment_join,
    "bincount": ragged_rows.bincount,
    "cumsum": ragged_rows.cumsum,
    "dynamic_partition": ragged_rows.dynamic_partition,
    "gather_nd": ragged_rows.gather_nd,
    "split": ragged_rows.split,
    "squeeze": ragged_rows.squeeze,
    "join": lambda inputs, separator="": elementwise(lambda *xs: strings.join(list(xs), separator), *inputs),
    "add_n": lambda inputs: elementwise(lambda *xs: math.add_n(list(xs)), *inputs),
}

register_dispatch(dispatched)

__all__ = ["RaggedTensor", "dispatched", "ragged_boolean_mask", "ragged_range", "stack"]
