"""`tf.sparse`: tensors of which only some elements are named, by their indices."""

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import TensorShape, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape, stack
from tfc.ops.convert import convert_to_tensor, sequence, static_ints, static_value
from tfc.ops.creation import fill, zeros
from tfc.ops.gather import argsort, gather, gather_nd, tensor_scatter_nd_update
from tfc.ops.segments import unsorted_segment_max, unsorted_segment_sum
from tfc.ops.shapes import axis_of


class SparseTensor:
    """Element `indices[i]` (int64[n, rank]) of a tensor of `dense_shape` is `values[i]`, all others are zero."""

    def __init__(self, indices, values, dense_shape):
        self.indices = _index(indices)
        self.values = convert_to_tensor(values)
        self.dense_shape = _index(dense_shape)
        rank, width = self.dense_shape.shape_tuple[:1], self.indices.shape_tuple[1:2]
        if len(self.indices.shape_tuple) != 2 or (None not in (*rank, *width) and rank != width):
            raise ValueError(
                f"indices of shape {self.indices.shape} do not fit a dense_shape of shape {self.dense_shape.shape}: "
                "expected one row of indices for each value, one index for each dimension"
            )

    from_value = classmethod(lambda cls, value: cls(value.indices, value.values, value.dense_shape))

    _is_composite = is_tensor_like = True
    # What is known of the shape beside `dense_shape`, by the type of an argument.
    _declared: TensorShape | None = None

    def __tf_flatten__(self):
        return "SparseTensor", (self.indices, self.values, self.dense_shape)

    @classmethod
    def __tf_unflatten__(cls, metadata, components):
        made = cls.__new__(cls)
        made.indices, made.values, made.dense_shape = components
        return made

    @property
    def dtype(self):
        return self.values.dtype

    @property
    def shape(self) -> TensorShape:
        """The static shape, as far as `dense_shape` is known."""
        known = static_ints(self.dense_shape)
        if known is not None:
            return TensorShape(known)
        if self._declared is not None:
            return self._declared
        rank = self.dense_shape.shape_tuple[0]
        return TensorShape(None if rank is None else [None] * rank)

    def get_shape(self) -> TensorShape:
        return self.shape

    def with_values(self, new_values) -> "SparseTensor":
        """Other values at the same places."""
        return SparseTensor(self.indices, new_values, self.dense_shape)

    def __mul__(self, other):
        """Times a dense scalar or tensor, which is read where elements are named."""
        other = convert_to_tensor(other, self.dtype)
        if other.shape_tuple != ():
            other = gather_nd(p.dynamic_broadcast_to(other, self.dense_shape), self.indices)
        return self.with_values(self.values * other)

    __rmul__ = __mul__

    def __truediv__(self, other):
        """Over a dense scalar or tensor, which is read where elements are named; integers give floats."""
        other = convert_to_tensor(other, self.dtype)
        if other.shape_tuple != ():
            other = gather_nd(p.dynamic_broadcast_to(other, self.dense_shape), self.indices)
        return self.with_values(self.values / other)

    def __tf_tensor__(self, dtype=None, name=None):
        raise ValueError("a SparseTensor is no dense tensor\n  try:  tf.sparse.to_dense")

    def __repr__(self):
        return f"SparseTensor(indices={self.indices!s}, values={self.values!s}, dense_shape={self.dense_shape!s})"


def _index(value) -> Tensor:
    x = convert_to_tensor(value, dtype_hint=int64)
    return x if x.dtype is int64 else p.cast(x, dtype=int64)


def _in_order(rows: np.ndarray) -> bool:
    """Whether each row of integers comes behind the one before."""
    if rows.shape[1] == 0:
        return len(rows) < 2
    before, after = rows[:-1], rows[1:]
    differ = before != after
    first = differ.argmax(axis=1)[:, None]
    return bool((np.take_along_axis(before, first, 1) < np.take_along_axis(after, first, 1)).all())


def to_dense(sp_input, default_value=None, validate_indices=True, name=None) -> Tensor:
    """The whole tensor, with `default_value` (zero) where no element is named."""
    x = sparse_of(sp_input)
    known = static_value(x.indices) if validate_indices else None
    if known is not None and not _in_order(known):
        raise argument_error(
            None,
            "to_dense",
            "indices are out of order or repeated: want rows of indices in order\n  try:  tf.sparse.reorder",
        )
    fallback = zeros([], x.dtype) if default_value is None else convert_to_tensor(default_value, x.dtype)
    made = tensor_scatter_nd_update(fill(x.dense_shape, fallback), x.indices, x.values)
    known = static_ints(x.dense_shape)
    return made if known is None else p.ensure_shape(made, shape=tuple(known))


def from_dense(tensor, name=None) -> SparseTensor:
    """The elements of a tensor that are not zero (or empty strings)."""
    x = convert_to_tensor(tensor)
    at = p.nonzero(x if x.dtype.is_bool else p.not_equal(x, zeros([], x.dtype)))
    return SparseTensor(at, gather_nd(x, at), shape(x, int64))


def sparse_dense_matmul(sp_a, b, adjoint_a=False, adjoint_b=False, name=None) -> Tensor:
    """The product of a sparse and a dense matrix."""
    a = sparse_of(sp_a)
    b = to_dense(b) if is_sparse(b) else convert_to_tensor(b)
    if adjoint_b:
        b = p.transpose(p.conj(b) if b.dtype.is_complex else b, perm=(1, 0))
    rows, columns = a.indices[:, 0], a.indices[:, 1]
    count = a.dense_shape[0]
    values = a.values
    if adjoint_a:
        rows, columns, count = columns, rows, a.dense_shape[1]
        values = p.conj(values) if values.dtype.is_complex else values
    return unsorted_segment_sum(p.expand_dims(values, axes=(1,)) * gather(b, columns), rows, count)


def reorder(sp_input, name=None) -> SparseTensor:
    """The elements in the order of their places, row by row."""
    x = sparse_of(sp_input)
    steps = p.cumprod(x.dense_shape, axis=0, exclusive=True, reverse=True)
    places = p.reduce_sum(p.mul(x.indices, p.expand_dims(steps, axes=(0,))), axes=(1,), keepdims=False)
    order = argsort(places)
    return SparseTensor(gather(x.indices, order), gather(x.values, order), x.dense_shape)


def _reduction(reduce, name, doc):
    def of_sparse(sp_input, axis=None, keepdims=None, output_is_sparse=False, name=None) -> Tensor | SparseTensor:
        x = sparse_of(sp_input)
        rank = x.shape.rank
        axes = range(rank) if axis is None else np.atleast_1d(axis).tolist()
        axes = sorted({int(a) % rank for a in axes})
        kept = [a for a in range(rank) if a not in axes]
        sizes = concat([gather(x.dense_shape, kept), [1]], 0)
        steps = p.cumprod(sizes, axis=0, exclusive=True, reverse=True)[:-1]
        at = p.reduce_sum(p.mul(gather(x.indices, kept, axis=1), steps), axes=(1,), keepdims=False)
        count = p.reduce_prod(sizes, axes=(0,), keepdims=False)
        made = reduce(x.values, at, count)
        named = unsorted_segment_sum(p.cast(p.equal(at, at), dtype=int64), at, count)
        named = p.greater(named, convert_to_tensor(0, int64))
        shown = [convert_to_tensor(1, int64) if a in axes else x.dense_shape[a] for a in range(rank)]
        shown = stack(shown) if keepdims else sizes[:-1]
        if output_is_sparse:
            places = p.nonzero(reshape(named, shown))
            return SparseTensor(places, gather_nd(reshape(made, shown), places), shown)
        return reshape(p.select(named, made, zeros([], x.dtype)), shown)

    of_sparse.__name__ = of_sparse.__qualname__ = name
    of_sparse.__doc__ = f"{doc} of the named elements along dimensions (0 where none is named): dense, or sparse."
    return of_sparse


reduce_sum = _reduction(unsorted_segment_sum, "reduce_sum", "The sum")
reduce_max = _reduction(unsorted_segment_max, "reduce_max", "The largest")


def add(a, b, threshold=0, name=None):
    """The sum of sparse tensors without elements below `threshold`; of a sparse and a dense one, dense."""
    if not (is_sparse(a) or is_sparse(b)):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if not (is_sparse(a) and is_sparse(b)):
        a, b = (to_dense(x) if is_sparse(x) else convert_to_tensor(x) for x in (a, b))
        return p.add(a, b)
    indices, values = concat([a.indices, b.indices], 0), concat([a.values, b.values], 0)
    steps = p.cumprod(a.dense_shape, axis=0, exclusive=True, reverse=True)
    places = p.reduce_sum(p.mul(indices, p.expand_dims(steps, axes=(0,))), axes=(1,), keepdims=False)
    order = argsort(places)
    places = gather(places, order)
    first = concat([[True], p.not_equal(places[1:], places[:-1])], 0)[: shape(places)[0]]
    number = p.sub(p.cumsum(p.cast(first, dtype=int64), axis=0, exclusive=False, reverse=False), _one())
    heads = p.squeeze(p.nonzero(first), axes=(1,))
    total = unsorted_segment_sum(gather(values, order), number, shape(heads, int64)[0])
    limit = convert_to_tensor(threshold)
    sizes = p.abs_(total)
    kept = p.squeeze(p.nonzero(p.greater_equal(sizes, p.cast(limit, dtype=sizes.dtype))), axes=(1,))
    at = gather(gather(indices, order), heads)
    return SparseTensor(gather(at, kept), gather(total, kept), a.dense_shape)


def _one():
    return convert_to_tensor(1, int64)


def sparse_concat(axis, sp_inputs, expand_nonconcat_dims=False, name=None) -> SparseTensor:
    """Sparse tensors behind each other along a dimension."""
    inputs = [sparse_of(x) for x in sequence(sp_inputs, "sp_inputs")]
    if not inputs:
        raise ValueError("tf.sparse.concat needs at least one SparseTensor")
    rank = inputs[0].shape.rank
    axis = axis_of(axis, rank, "sparse.concat")
    here = p.constant(value=np.eye(rank, dtype=np.int64)[axis])
    offset, moved = convert_to_tensor(0, int64), []
    largest = inputs[0].dense_shape
    for x in inputs:
        moved.append(p.add(x.indices, p.mul(here, offset)))
        offset = p.add(offset, x.dense_shape[axis])
        if expand_nonconcat_dims:
            largest = p.maximum(largest, x.dense_shape)
    sizes = p.add(p.mul(largest, p.sub(_one(), here)), p.mul(here, offset))
    return reorder(SparseTensor(concat(moved, 0), concat([x.values for x in inputs], 0), sizes))


def slice(sp_input, start, size, name=None) -> SparseTensor:
    """The elements of a box, whose first one has the index `start`."""
    x = sparse_of(sp_input)
    start, size = _index(start), _index(size)
    size = p.maximum(p.minimum(size, p.sub(x.dense_shape, start)), convert_to_tensor(0, int64))
    at = p.sub(x.indices, start)
    inside = p.logical_and(p.greater_equal(at, convert_to_tensor(0, int64)), p.less(at, size))
    kept = p.squeeze(p.nonzero(p.reduce_all(inside, axes=(1,), keepdims=False)), axes=(1,))
    return SparseTensor(gather(at, kept), gather(x.values, kept), size)


def transpose(sp_input, perm=None, name=None) -> SparseTensor:
    """The dimensions in another order (`perm`), or the other way around."""
    x = sparse_of(sp_input)
    rank = x.shape.rank
    perm = list(range(rank))[::-1] if perm is None else [int(a) for a in perm]
    return reorder(SparseTensor(gather(x.indices, perm, axis=1), x.values, gather(x.dense_shape, perm)))


def retain(sp_input, to_retain) -> SparseTensor:
    """The elements where the bool vector `to_retain` holds."""
    x = sparse_of(sp_input)
    kept = p.squeeze(p.nonzero(convert_to_tensor(to_retain)), axes=(1,))
    return SparseTensor(gather(x.indices, kept), gather(x.values, kept), x.dense_shape)


def expand_dims(sp_input, axis=None, name=None) -> SparseTensor:
    """A dimension of size 1 more."""
    x = sparse_of(sp_input)
    rank = x.shape.rank
    at = (-1 if axis is None else int(axis)) % (rank + 1)
    zero = p.mul(x.indices[:, :1], convert_to_tensor(0, int64))
    indices = concat([x.indices[:, :at], zero, x.indices[:, at:]], 1)
    return SparseTensor(indices, x.values, concat([x.dense_shape[:at], [1], x.dense_shape[at:]], 0))


def sparse_reshape(sp_input, shape, name=None) -> SparseTensor:
    """The same elements, numbered row by row, in another shape."""
    x = sparse_of(sp_input)
    sizes = _index(shape)
    total = p.reduce_prod(x.dense_shape, axes=(0,), keepdims=False)
    known = p.neg(p.reduce_prod(sizes, axes=(0,), keepdims=False))
    sizes = p.select(p.less(sizes, convert_to_tensor(0, int64)), p.floor_div(total, p.maximum(known, _one())), sizes)
    steps = p.cumprod(x.dense_shape, axis=0, exclusive=True, reverse=True)
    place = p.reduce_sum(p.mul(x.indices, steps), axes=(1,), keepdims=True)
    steps = p.cumprod(sizes, axis=0, exclusive=True, reverse=True)
    return SparseTensor(p.floor_mod(p.floor_div(place, steps), sizes), x.values, sizes)


def map_values(op, *args, **kwargs) -> SparseTensor:
    """`op` of the values of sparse arguments, which name the same elements; other arguments as they are."""
    sparse = [a for a in [*args, *kwargs.values()] if is_sparse(a)]
    if not sparse:
        raise ValueError("No SparseTensor in argument list of map_values")
    for other in sparse[1:]:
        p.assert_(
            p.reduce_all(p.equal(sparse[0].indices, other.indices), axes=(0, 1), keepdims=False),
            message="map_values takes sparse tensors that name the same elements",
            summarize=3,
        )

    def values(a):
        return a.values if is_sparse(a) else a

    return sparse[0].with_values(op(*map(values, args), **{k: values(v) for k, v in kwargs.items()}))


def is_sparse(x) -> bool:
    """Whether it is a SparseTensor."""
    return isinstance(x, SparseTensor)


def sparse_of(x) -> SparseTensor:
    if not isinstance(x, SparseTensor):
        raise TypeError(f"Input must be a SparseTensor. Received: {x!r}")
    return x
