"""Tensors from nothing: zeros, ranges, identities."""

import builtins

import numpy as np

from tfc.core import Tensor, argument_error, dtype_error
from tfc.dtypes import as_dtype, bool_, float32, float64, int32, int64, string
from tfc.ops import primitives as p
from tfc.ops.convert import common_dtype, convert_to_tensor, integer, operands, static_value
from tfc.ops.gradients import broadcast_like
from tfc.ops.runtime_axes import counted
from tfc.ops.shapes import axis_of, broadcast_value, rank_of, static_shape


def zeros(shape, dtype=float32, name=None, layout=None) -> Tensor:
    """A tensor of zeros. `shape`: integers, or a vector tensor."""
    return broadcast_value(_number(0, dtype), shape)


def ones(shape, dtype=float32, name=None, layout=None) -> Tensor:
    """A tensor of ones. `shape`: integers, or a vector tensor."""
    return broadcast_value(_number(1, dtype), shape)


def fill(dims, value, name=None, layout=None) -> Tensor:
    """A tensor of shape `dims` of one value, a scalar."""
    value = convert_to_tensor(value)
    if value.shape_tuple:
        raise argument_error(None, "fill", f"value must be a scalar, got shape {list(value.shape_tuple)} [Op:Fill]")
    return broadcast_value(value, dims)


def zeros_like(input, dtype=None, name=None, layout=None) -> Tensor:
    """Zeros of the shape (and, unless given, dtype) of `input`."""
    return _like(input, 0, dtype)


def ones_like(input, dtype=None, name=None, layout=None) -> Tensor:
    """Ones of the shape (and, unless given, dtype) of `input`."""
    return _like(input, 1, dtype)


def _like(input, value, dtype):
    input = convert_to_tensor(input)
    return broadcast_like(_number(value, input.dtype if dtype is None else dtype), input)


def _number(value, dtype) -> Tensor:
    dtype = as_dtype(dtype)
    if dtype is string and value == 0:  # TensorFlow's zero of strings
        return convert_to_tensor("")
    return p.constant(value=np.array(value, dtype.np_dtype))


def eye(num_rows, num_columns=None, batch_shape=None, dtype=float32, name=None) -> Tensor:
    """An identity matrix `[num_rows, num_columns]`, repeated over `batch_shape`."""
    dtype = as_dtype(dtype)
    columns = num_rows if num_columns is None else num_columns
    for size in (static_value(num_rows), static_value(columns)):
        if size is not None and size < 0:
            raise argument_error(None, "eye", f"a size must be >= 0, got {size} [Op:Fill]")
    i = p.expand_dims(range(num_rows), axes=(1,))
    j = p.expand_dims(range(columns), axes=(0,))
    matrix = p.cast(p.equal(i, j), dtype=dtype)
    if batch_shape is None:
        return matrix
    batch = static_shape(batch_shape)
    if batch is None or None in matrix.shape_tuple:
        raise NotImplementedError("tf.eye needs a batch_shape that is known while tracing")
    return p.broadcast_to(matrix, shape=(*batch, *matrix.shape_tuple))


def range(start, limit=None, delta=1, dtype=None, name="range") -> Tensor:
    """start, start + delta, ... up to but not including limit; with one argument, from 0."""
    if limit is None:
        start, limit = 0, start
    values = [start, limit, delta]
    if any(isinstance(v, bool) for v in values):
        raise TypeError(f"tf.range takes numbers, got {values}")
    if dtype is not None:
        dtype = as_dtype(dtype)
        values = [_as(v, dtype) for v in values]
        for given, value in zip((start, limit, delta), values, strict=True):
            # A count that wraps around would give another range.
            if isinstance(given, int) and dtype.is_integer and static_value(value).item() != given:
                raise argument_error(None, "Range", f"{given} is out of range for {dtype.name} [Op:Range]")
    else:
        values = _widest(values)
    values = [p.reshape(v, shape=()) if v.shape_tuple == (1,) else v for v in values]
    known = [static_value(v) for v in values]
    if all(k is not None and k.size == 1 for k in known):
        _check_range(*(k.item() for k in known))
    result = p.range_(*values)
    if result.shape_tuple == (None,) and all(k is not None for k in known) and known[2] != 0:
        return p.ensure_shape(result, shape=p.range_.meaning(*known).shape)
    return result


def _check_range(start, limit, delta) -> None:
    if delta == 0:
        raise argument_error(None, "Range", "Requires delta != 0 [Op:Range]")
    if not (start <= limit if delta > 0 else start >= limit):
        wanted = "start <= limit when delta > 0" if delta > 0 else "start >= limit when delta < 0"
        raise argument_error(None, "Range", f"Requires {wanted}: {start}/{limit} [Op:Range]")
    if not (limit - start) / delta < 2**63:
        raise argument_error(
            None, "Range", f"Requires ((limit - start) / delta) <= 2**63: {start}/{limit} by {delta} [Op:Range]"
        )


def _as(value, dtype):
    value = convert_to_tensor(value, None if isinstance(value, Tensor) else dtype)
    return value if value.dtype is dtype else p.cast(value, dtype=dtype)


def _beside(x, size):
    """`x`, and 0, 1, ... up to a size, in a dtype that has the numbers of both."""
    dtype, known = x.dtype, static_value(size)
    if dtype.is_integer and dtype.size < 8:
        is_far = isinstance(size, Tensor) and size.dtype.size == 8
        if known is not None and known.size == 1:
            is_far = known.item() > np.iinfo(np.int32).max
        dtype = int64 if is_far or dtype.name == "uint32" else int32
    return _as(x, dtype), p.range_(*(_as(v, dtype) for v in (0, size, 1)))


def _widest(values):
    """Scalars in the widest of their dtypes, in the order int32, int64, float32, float64."""
    tensors = [convert_to_tensor(v) for v in values]
    order = [int32, int64, float32, float64]
    if all(t.dtype in order for t in tensors):
        widest = max((t.dtype for t in tensors), key=order.index)
        return [_as(v, widest) for v in values]
    return common_dtype(values, "Range")


def linspace(start, stop, num, name=None, axis=0) -> Tensor:
    """`num` evenly spaced values from `start` to `stop`, both included, along a new axis."""
    start, stop = operands("linspace", start, stop, "iufc")
    if start.dtype.is_integer:
        wide = float32 if start.dtype.size <= 2 else float64
        start, stop = p.cast(start, dtype=wide), p.cast(stop, dtype=wide)
    count = static_value(num)
    if count is None:
        return _spaced(start, stop, convert_to_tensor(num), axis)
    count = integer(num, "num")
    if count < 0:
        raise argument_error(None, "linspace", f"Requires num >= 0: {count} [Op:LinSpace]")
    if start.shape_tuple != stop.shape_tuple:
        start, stop = (
            p.add(start, p.mul(stop, _as(0, stop.dtype))),
            p.add(stop, p.mul(start, _as(0, start.dtype))),
        )
    where = axis_of(axis, rank_of(start, "linspace") + 1, "linspace")
    if count == 1:
        return p.expand_dims(start, axes=(where,))
    if count == 0:
        first = p.expand_dims(start, axes=(where,))
        rank = len(first.shape_tuple)
        return p.slice_(
            first,
            starts=(0,) * rank,
            sizes=tuple(0 if axis == where else size for axis, size in enumerate(first.shape_tuple)),
            strides=(1,) * rank,
        )
    steps = np.arange(count - 1).astype(start.dtype.np_dtype)
    shape = [1] * (len(start.shape_tuple) + 1)
    shape[where] = count - 1
    delta = p.div(p.sub(stop, start), _number(count - 1, start.dtype))
    first, step = p.expand_dims(start, axes=(where,)), p.expand_dims(delta, axes=(where,))
    body = p.add(first, p.mul(step, p.constant(value=steps.reshape(shape))))
    return p.concat(body, p.expand_dims(stop, axes=(where,)), axis=where)


def _spaced(start, stop, num, axis) -> Tensor:
    """`linspace` of a number of values that only run time knows."""
    p.assert_(p.less_equal(_as(0, num.dtype), num), num, message="Requires num >= 0: {}", summarize=3)
    where = axis_of(axis, rank_of(start, "linspace") + 1, "linspace")
    n = p.reshape(p.cast(num, dtype=int64), shape=(1,))
    last = p.sub(n, _as(1, int64))
    shape = [1] * (len(start.shape_tuple) + 1)
    shape[where] = None
    at = p.reshape(counted(n), shape=tuple(shape))
    first, end = p.expand_dims(start, axes=(where,)), p.expand_dims(stop, axes=(where,))
    step = p.div(p.sub(end, first), p.cast(p.maximum(last, _as(1, int64)), dtype=start.dtype))
    # The last value is `stop` itself; of one value, it is `start`.
    is_end = p.logical_and(p.equal(at, last), p.less(_as(0, int64), last))
    return p.select(is_end, end, p.add(first, p.mul(step, p.cast(at, dtype=start.dtype))))


def one_hot(indices, depth, on_value=None, off_value=None, axis=None, dtype=None, name=None) -> Tensor:
    """`on_value` at the index, `off_value` elsewhere, along a new axis of size `depth` (the last by
    default).
    """
    indices = convert_to_tensor(indices)
    if not indices.dtype.is_integer:
        raise dtype_error(
            None, None, f"tf.one_hot takes integers, got {indices.dtype.name}\n  try:  tf.cast(indices, tf.int32)"
        )
    known = static_value(depth)
    if known is not None and known.size == 1 and known.item() < 0:
        raise argument_error(None, "one_hot", f"depth must be non-negative, got: {known.item()} [Op:OneHot]")
    if dtype is None:
        given = [v for v in (on_value, off_value) if v is not None]
        dtype = convert_to_tensor(given[0]).dtype if given else float32
    dtype = as_dtype(dtype)
    on = _typed("on_value", on_value, 1, dtype)
    off = _typed("off_value", off_value, 0, dtype)
    where = axis_of(-1 if axis is None else axis, rank_of(indices, "one_hot") + 1, "one_hot")
    indices, count = _beside(indices, depth)
    rank = len(indices.shape_tuple) + 1
    count = p.expand_dims(count, axes=tuple(i for i in builtins.range(rank) if i != where))
    return p.select(p.equal(p.expand_dims(indices, axes=(where,)), count), on, off)


def _typed(what, value, default, dtype):
    value = default if value is None else value
    if isinstance(value, Tensor) and value.dtype is not dtype:
        raise TypeError(f"dtype {dtype!r} of {what} does not match dtype parameter {value.dtype!r}")
    return convert_to_tensor(value, dtype)


def meshgrid(*args, indexing="xy", name=None) -> list[Tensor]:
    """Coordinate matrices of coordinate vectors."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Argument `indexing` parameter must be either 'xy' or 'ij', got '{indexing}'")
    vectors = [p.reshape(convert_to_tensor(a), shape=(None,)) for a in args]
    n = len(vectors)
    order = list(builtins.range(n))
    if indexing == "xy" and n >= 2:
        order[0], order[1] = 1, 0
    shaped = [
        p.expand_dims(v, axes=tuple(i for i in builtins.range(n) if i != order[k])) for k, v in enumerate(vectors)
    ]
    zero = None
    for s in shaped:
        z = p.equal(s, s)
        zero = z if zero is None else p.logical_or(zero, z)
    return [p.select(p.logical_or(zero, p.logical_not(zero)), s, s) for s in shaped]


def sequence_mask(lengths, maxlen=None, dtype=bool_, name=None) -> Tensor:
    """`result[..., j] = j < lengths[...]`, as bool or `dtype`."""
    lengths = convert_to_tensor(lengths)
    if maxlen is None:
        every = tuple(builtins.range(rank_of(lengths, "sequence_mask")))
        zero = _as(0, lengths.dtype)
        maxlen = p.maximum(p.reduce_max(lengths, axes=every, keepdims=False), zero)
    lengths, positions = _beside(lengths, maxlen)
    mask = p.less(positions, p.expand_dims(lengths, axes=(len(lengths.shape_tuple),)))
    return mask if dtype is None or as_dtype(dtype).is_bool else p.cast(mask, dtype=as_dtype(dtype))
