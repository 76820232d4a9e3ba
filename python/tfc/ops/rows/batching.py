"""How each primitive runs on many rows at once: what `tf.vectorized_map` is made of.

A batched value has the rows along its first dimension; all others are the same for every row. A rule gets at least one
batched operand and makes ops that work on all rows together. Where there is none, `OneByOne` says why.
"""

import math

import numpy as np

from tfc.dtypes import TensorSpec, int64
from tfc.ops import primitives as p
from tfc.ops.gradients import dynamic_shape, known
from tfc.ops.table import OneByOne, batched


class Row:
    """A value of a function of rows. `batched`: of all rows, along the first dimension."""

    __slots__ = ("batched", "value")

    def __init__(self, value, batched: bool):
        self.value = value
        self.batched = batched

    @property
    def dims(self):
        """The shape of one row."""
        dims = self.value.shape_tuple
        return dims[1:] if self.batched and dims is not None else dims


class Rows:
    """How many rows there are: `count` is an int, or None where only `size`, an int64 scalar, knows it."""

    def __init__(self, count: int | None, size):
        self.count = count
        self._size = size

    def size(self):
        """The number of rows as an int64 vector of one element."""
        return _vector(self.count) if self.count is not None else p.expand_dims(self._size, axes=(0,))

    def all(self, row: Row):
        """The value of each row."""
        if row.batched:
            return row.value
        x = row.value
        one = p.expand_dims(x, axes=(0,))
        if self.count is not None and known(x.shape_tuple):
            return p.broadcast_to(one, shape=(self.count, *x.shape_tuple))
        return p.dynamic_broadcast_to(one, self.then(dynamic_shape(x)))

    def then(self, sizes):
        """A vector of sizes with the number of rows before it."""
        count = self.size() if sizes.dtype is int64 else p.cast(self.size(), dtype=sizes.dtype)
        return p.concat(count, sizes, axis=0)

    def numbers(self, rank: int):
        """0, 1, ... along the first of `rank` dimensions, as int64."""
        if self.count is not None:
            at = p.iota(shape=(self.count,), axis=0, dtype=int64)
        else:
            at = p.range_(_number(0), self._size, _number(1))
        return p.expand_dims(at, axes=tuple(range(1, rank))) if rank > 1 else at


def _vector(*values):
    return p.constant(value=np.array(values, np.int64))


def _number(value):
    return p.constant(value=np.array(value, np.int64))


def _aligned(rows: list) -> list:
    """The values of operands that broadcast: rows of fewer dimensions get sizes of 1 behind the first."""
    rank = max(len(r.dims) for r in rows)
    return [
        p.expand_dims(r.value, axes=tuple(range(1, 1 + rank - len(r.dims))))
        if r.batched and len(r.dims) < rank
        else r.value
        for r in rows
    ]


def elementwise(rows, prim, operands, attrs):
    """Operands that broadcast against each other."""
    return prim(*_aligned(operands), **attrs)


def leading(rows, prim, operands, attrs):
    """Ops that take any leading dimensions, the same ones in each operand."""
    return prim(*map(rows.all, operands), **attrs)


def shifted(rows, prim, operands, attrs):
    """One operand, and positions of dimensions."""
    moved = {k: v + 1 if k == "axis" else tuple(a + 1 for a in v) if k == "axes" else v for k, v in attrs.items()}
    return prim(operands[0].value, **moved)


def _transpose(rows, prim, operands, attrs):
    return p.transpose(operands[0].value, perm=(0, *(a + 1 for a in attrs["perm"])))


def _slice(rows, prim, operands, attrs):
    return p.slice_(
        operands[0].value,
        starts=(0, *attrs["starts"]),
        sizes=(rows.count, *attrs["sizes"]),
        strides=(1, *attrs["strides"]),
    )


def _zero_before(starts):
    zero = p.constant(value=np.zeros(1, starts.dtype.np_dtype))
    return p.concat(zero, starts, axis=0)


def _dynamic_slice(rows, prim, operands, attrs):
    x, starts = operands
    sizes = attrs["sizes"]
    if not starts.batched and rows.count is not None:
        return p.dynamic_slice(x.value, _zero_before(starts.value), sizes=(rows.count, *sizes))
    if None in sizes:
        return NotImplemented
    # The elements of each row's box by their positions.
    rank = len(sizes)
    grid = np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), -1).reshape(*sizes, rank)
    begins = p.expand_dims(p.cast(rows.all(starts), dtype=int64), axes=tuple(range(1, rank + 1)))
    at = p.add(begins, p.constant(value=grid.astype(np.int64)))
    return p.gather_nd(x.value, at, batch_dims=int(x.batched))


def _strided_slice(rows, prim, operands, attrs):
    x, begins, ends = operands
    if begins.batched or ends.batched:
        return NotImplemented
    return prim(
        x.value,
        _zero_before(begins.value),
        _zero_before(ends.value),
        strides=(1, *attrs["strides"]),
        begin_mask=attrs["begin_mask"] << 1 | 1,
        end_mask=attrs["end_mask"] << 1 | 1,
    )


def _update_slice(rows, prim, operands, attrs):
    x, update, starts = operands
    if starts.batched:
        return NotImplemented
    at = _zero_before(starts.value)
    return p.update_slice(rows.all(x), rows.all(update), at, strides=(1, *attrs["strides"]))


def _concat(rows, prim, operands, attrs):
    return p.concat(*map(rows.all, operands), axis=attrs["axis"] + 1)


def _recurrence(rows, prim, operands, attrs):
    return prim(*map(rows.all, operands), axis=attrs["axis"] + 1, reverse=attrs["reverse"])


def _pad(rows, prim, operands, attrs):
    x, value = operands
    if value.batched:
        return NotImplemented
    return p.pad(x.value, value.value, low=(0, *attrs["low"]), high=(0, *attrs["high"]))


def _ensure_shape(rows, prim, operands, attrs):
    return p.ensure_shape(operands[0].value, shape=(rows.count, *attrs["shape"]))


def _reshape(rows, prim, operands, attrs):
    x, shape = operands[0], tuple(attrs["shape"])
    if None in shape and known(x.dims):
        # With no rows -1 would say nothing.
        rest = math.prod(d for d in shape if d is not None)
        if rest:
            shape = tuple(math.prod(x.dims) // rest if d is None else d for d in shape)
    if rows.count is not None or None not in shape:
        return p.reshape(x.value, shape=(rows.count, *shape))
    sizes = _vector(*(-1 if d is None else d for d in shape))
    return p.dynamic_reshape(x.value, rows.then(sizes))


def _dynamic_reshape(rows, prim, operands, attrs):
    x, shape = operands
    return NotImplemented if shape.batched else p.dynamic_reshape(x.value, rows.then(shape.value))


def _stretched(x: Row, rank: int):
    missing = rank - len(x.dims)
    return p.expand_dims(x.value, axes=tuple(range(1, 1 + missing))) if missing else x.value


def _broadcast_to(rows, prim, operands, attrs):
    shape = tuple(attrs["shape"])
    x = _stretched(operands[0], len(shape))
    if rows.count is not None and known(shape):
        return p.broadcast_to(x, shape=(rows.count, *shape))
    return p.dynamic_broadcast_to(x, rows.then(_vector(*shape)))


def _dynamic_broadcast_to(rows, prim, operands, attrs):
    x, shape = operands
    rank = shape.dims[0]
    if shape.batched or rank is None:
        return NotImplemented
    return p.dynamic_broadcast_to(_stretched(x, rank), rows.then(shape.value))


def _sum_to(rows, prim, operands, attrs):
    x, shape = operands
    rank = shape.dims[0]
    if shape.batched or rank is None:
        return NotImplemented
    extra = len(x.dims) - rank
    value = p.reduce_sum(x.value, axes=tuple(range(1, 1 + extra)), keepdims=False) if extra else x.value
    return p.sum_to(value, rows.then(shape.value))


def _shape_of(rows, prim, operands, attrs):
    x = operands[0]
    sizes = p.shape_of(x.value, **attrs)
    return Row(p.slice_(sizes, starts=(1,), sizes=(len(x.dims),), strides=(1,)), False)


def _matmul(rows, prim, operands, attrs):
    x, y = operands
    if not y.batched and len(x.dims) == len(y.dims) == 2 and not attrs["transpose_x"] and known(x.dims):
        # One product of all rows below each other.
        flat = p.reshape(x.value, shape=(None if rows.count is None else rows.count * x.dims[0], x.dims[1]))
        out = p.matmul(flat, y.value, **attrs)
        return p.reshape(out, shape=(rows.count, x.dims[0], out.shape_tuple[1]))
    return p.matmul(*_aligned(operands), **attrs)


def _gather(rows, prim, operands, attrs):
    x, indices = operands
    axis, batch_dims = attrs["axis"], attrs["batch_dims"]
    if not indices.batched and not batch_dims:
        return p.gather(x.value, indices.value, axis=axis + 1, batch_dims=0)
    if not x.batched and not batch_dims:
        out = p.gather(x.value, indices.value, axis=axis, batch_dims=0)
        if not axis:
            return out
        rank = len(out.shape_tuple)
        return p.transpose(out, perm=(axis, *(i for i in range(rank) if i != axis)))
    return p.gather(rows.all(x), rows.all(indices), axis=axis + 1, batch_dims=batch_dims + 1)


def _gather_nd(rows, prim, operands, attrs):
    x, indices = operands
    if not x.batched and not attrs["batch_dims"]:
        return p.gather_nd(x.value, indices.value, batch_dims=0)
    return p.gather_nd(rows.all(x), rows.all(indices), batch_dims=attrs["batch_dims"] + 1)


def _scatter(rows, prim, operands, attrs):
    x, indices, updates = operands
    at = p.cast(rows.all(indices), dtype=int64)
    rank = len(at.shape_tuple)
    one = p.slice_(at, starts=(0,) * rank, sizes=(*at.shape_tuple[:-1], 1), strides=(1,) * rank)
    if indices.dims[-1] == 0:
        return NotImplemented
    row = p.add(p.mul(one, p.constant(value=np.zeros((), np.int64))), rows.numbers(rank))
    return p.scatter(rows.all(x), p.concat(row, at, axis=rank - 1), rows.all(updates), mode=attrs["mode"])


# Windows: rows are more of the batch that these ops have already.


def _merged(rows, x):
    dims = x.shape_tuple
    count = None if rows.count is None or dims[1] is None else rows.count * dims[1]
    if known(dims[2:]) and (count is not None or 0 not in dims[2:]):
        return p.reshape(x, shape=(count, *dims[2:]))
    return None


def _windows(rows, prim, operands, attrs):
    x, *others = operands
    batch = x.dims[0]
    if any(o.batched for o in others) or batch is None or not x.batched:
        return NotImplemented
    flat = _merged(rows, x.value)
    if flat is None:
        return NotImplemented
    values = [o.value for o in others]
    if prim in (p.conv_input_grad, p.avg_pool_grad):
        factor = rows.size()
        sizes = p.cast(values[-1], dtype=int64)
        rank = len(x.dims)
        first = p.mul(p.slice_(sizes, starts=(0,), sizes=(1,), strides=(1,)), factor)
        rest = p.slice_(sizes, starts=(1,), sizes=(rank - 1,), strides=(1,))
        values[-1] = p.concat(first, rest, axis=0)
    out = prim(flat, *values, **attrs)
    dims = out.shape_tuple
    if rows.count is None and not known(dims[1:]):
        return NotImplemented
    return p.reshape(out, shape=(rows.count, batch, *dims[1:]))


# Lists: each element is that of all rows.


def _list_create(rows, prim, operands, attrs):
    if operands[0].batched:
        return NotImplemented
    element = attrs["element_type"]
    dims = None if element.shape.rank is None else (rows.count, *element.shape.dims)
    made = TensorSpec(dims, element.dtype)
    return p.list_create(operands[0].value, element_type=made, dynamic_size=attrs["dynamic_size"])


def _element(rows, spec):
    return TensorSpec(None if spec.shape.rank is None else (rows.count, *spec.shape.dims), spec.dtype)


def _list_length(rows, prim, operands, attrs):
    return Row(p.list_length(operands[0].value), False)


def _list_get(rows, prim, operands, attrs):
    lst, index = operands
    element = _element(rows, attrs["element_type"])
    if not index.batched:
        return p.list_get(lst.value, index.value, element_type=element)
    if not lst.batched:
        stacked = p.list_stack(lst.value, element_type=attrs["element_type"])
        return p.gather(stacked, index.value, axis=0, batch_dims=0)
    stacked = _rows_first(p.list_stack(lst.value, element_type=element))
    return p.gather(stacked, index.value, axis=1, batch_dims=1) if stacked is not None else NotImplemented


def _rows_first(stacked):
    dims = stacked.shape_tuple
    return None if dims is None else p.transpose(stacked, perm=(1, 0, *range(2, len(dims))))


def _batched_list(rows, lst: Row):
    if lst.batched:
        return lst.value
    stacked = p.list_stack(lst.value, element_type=lst.value.element)
    if stacked.shape_tuple is None:
        return None
    return p.list_unstack(_rows_first(rows.all(Row(stacked, False))))


def _list_set(rows, prim, operands, attrs):
    lst, index, value = operands
    target = _batched_list(rows, lst)
    if index.batched or target is None:
        return NotImplemented
    return p.list_set(target, index.value, rows.all(value))


def _list_stack(rows, prim, operands, attrs):
    stacked = p.list_stack(operands[0].value, element_type=_element(rows, attrs["element_type"]))
    made = _rows_first(stacked)
    return NotImplemented if made is None else made


def _list_unstack(rows, prim, operands, attrs):
    return p.list_unstack(_rows_first(operands[0].value))


def _assert(rows, prim, operands, attrs):
    condition, *data = operands
    holds = condition.value
    if condition.batched:
        holds = p.reduce_all(holds, axes=(0,), keepdims=False)
    p.assert_(holds, *(d.value for d in data), **attrs)
    return ()


batched(
    elementwise,
    *(p.neg, p.abs_, p.sign, p.sqrt, p.rsqrt, p.exp, p.expm1, p.log, p.log1p, p.sin, p.cos, p.tan, p.asin, p.acos),
    *(p.atan, p.sinh, p.cosh, p.tanh, p.asinh, p.acosh, p.atanh, p.sigmoid, p.floor, p.ceil, p.round_, p.trunc),
    *(p.erf, p.erfc, p.erfinv, p.lgamma, p.digamma, p.is_finite, p.is_inf, p.is_nan, p.logical_not, p.bitwise_not),
    *(p.population_count, p.real, p.imag, p.conj, p.add, p.sub, p.mul, p.div, p.pow_, p.floor_div, p.floor_mod),
    *(p.trunc_div, p.trunc_mod, p.maximum, p.minimum, p.atan2, p.nextafter, p.complex_, p.logical_and, p.logical_or),
    *(p.bitwise_and, p.bitwise_or, p.bitwise_xor, p.left_shift, p.right_shift, p.equal, p.not_equal, p.less),
    *(p.less_equal, p.greater, p.greater_equal, p.select, p.cast, p.stop_gradient),
)
batched(
    shifted,
    *(p.reduce_sum, p.reduce_prod, p.reduce_max, p.reduce_min, p.reduce_any, p.reduce_all, p.argmax, p.argmin),
    *(p.cumsum, p.cumprod, p.cumlogsumexp, p.sort, p.argsort, p.squeeze, p.expand_dims, p.reverse),
)
batched(
    leading,
    *(p.bitcast, p.cholesky, p.triangular_solve, p.solve, p.lu, p.qr, p.eigh, p.svd, p.eig, p.sqrtm, p.logm),
    *(p.tridiagonal_solve, p.fft),
)
batched(_transpose, p.transpose)
batched(_slice, p.slice_)
batched(_dynamic_slice, p.dynamic_slice)
batched(_strided_slice, p.dynamic_strided_slice)
batched(_update_slice, p.update_slice)
batched(_concat, p.concat)
batched(_pad, p.pad)
batched(_recurrence, p.linear_recurrence)
batched(_ensure_shape, p.ensure_shape)
batched(_reshape, p.reshape)
batched(_dynamic_reshape, p.dynamic_reshape)
batched(_broadcast_to, p.broadcast_to)
batched(_dynamic_broadcast_to, p.dynamic_broadcast_to)
batched(_sum_to, p.sum_to)
batched(_shape_of, p.shape_of)
batched(_matmul, p.matmul)
batched(_gather, p.gather)
batched(_gather_nd, p.gather_nd)
batched(_scatter, p.scatter)
batched(_windows, p.conv, p.conv_input_grad, p.max_pool, p.avg_pool, p.avg_pool_grad)
batched(_list_create, p.list_create)
batched(_list_length, p.list_length)
batched(_list_get, p.list_get)
batched(_list_set, p.list_set)
batched(_list_stack, p.list_stack)
batched(_list_unstack, p.list_unstack)
batched(_assert, p.assert_)
batched(OneByOne("it has no operands that could differ"), p.constant, p.iota)
batched(OneByOne("rows may have different sizes"), p.range_, p.nonzero)
batched(OneByOne("each row is a gradient of its own filter"), p.conv_filter_grad)
batched(OneByOne("positions are counted within each row"), p.argmax_pool)
batched(OneByOne("each row is a stream of its own"), p.random_bits)
batched(OneByOne("strings are on the host"), p.string)
batched(
    OneByOne("effects happen row by row"),
    *(p.read_variable, p.assign_variable, p.print_, p.host_call),
)

__all__ = ["Row", "Rows"]
