"""`tf.sparse`: tensors of which only some elements are named, by their indices."""

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import TensorShape, int64
from tfc.ops import primitives as p
from tfc.ops.array import expand_dims, shape
from tfc.ops.convert import convert_to_tensor, static_ints
from tfc.ops.creation import fill, zeros
from tfc.ops.gather import argsort, gather, gather_nd, tensor_scatter_nd_update
from tfc.ops.segments import unsorted_segment_sum


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

    def __tf_tensor__(self, dtype=None, name=None):
        raise TypeError("a SparseTensor is no dense tensor\n  try:  tf.sparse.to_dense")

    def __repr__(self):
        return f"SparseTensor(indices={self.indices!s}, values={self.values!s}, dense_shape={self.dense_shape!s})"


def _index(value) -> Tensor:
    x = convert_to_tensor(value, dtype_hint=int64)
    return x if x.dtype is int64 else p.cast(x, dtype=int64)


def to_dense(sp_input, default_value=None, validate_indices=True, name=None) -> Tensor:
    """The whole tensor, with `default_value` (zero) where no element is named."""
    x = _sparse(sp_input)
    fallback = zeros([], x.dtype) if default_value is None else convert_to_tensor(default_value, x.dtype)
    made = tensor_scatter_nd_update(fill(x.dense_shape, fallback), x.indices, x.values)
    return p.ensure_shape(made, shape=x.shape.dims) if x.shape.rank is not None else made


def from_dense(tensor, name=None) -> SparseTensor:
    """The elements of a tensor that are not zero (or empty strings)."""
    x = convert_to_tensor(tensor)
    at = p.nonzero(x if x.dtype.is_bool else p.not_equal(x, zeros([], x.dtype)))
    return SparseTensor(at, gather_nd(x, at), shape(x, int64))


def sparse_dense_matmul(sp_a, b, adjoint_a=False, adjoint_b=False, name=None) -> Tensor:
    """The product of a sparse and a dense matrix."""
    a, b = _sparse(sp_a), convert_to_tensor(b)
    if adjoint_b:
        b = p.transpose(p.conj(b) if b.dtype.is_complex else b, perm=(1, 0))
    rows, columns = a.indices[:, 0], a.indices[:, 1]
    count = a.dense_shape[0]
    values = a.values
    if adjoint_a:
        rows, columns, count = columns, rows, a.dense_shape[1]
        values = p.conj(values) if values.dtype.is_complex else values
    return unsorted_segment_sum(expand_dims(values, 1) * gather(b, columns), rows, count)


def reorder(sp_input, name=None) -> SparseTensor:
    """The elements in the order of their places, row by row."""
    x = _sparse(sp_input)
    steps = p.cumprod(x.dense_shape, axis=0, exclusive=True, reverse=True)
    places = p.reduce_sum(p.mul(x.indices, p.expand_dims(steps, axes=(0,))), axes=(1,), keepdims=False)
    order = argsort(places)
    return SparseTensor(gather(x.indices, order), gather(x.values, order), x.dense_shape)


def reduce_sum(sp_input, axis=None, keepdims=False, name=None) -> Tensor:
    """The sum over dimensions, as a dense tensor."""
    whole = to_dense(sp_input)
    axes = tuple(range(len(whole.shape_tuple))) if axis is None else tuple(np.atleast_1d(axis).tolist())
    return p.reduce_sum(whole, axes=tuple(sorted(a % len(whole.shape_tuple) for a in axes)), keepdims=bool(keepdims))


def is_sparse(x) -> bool:
    """Whether it is a SparseTensor."""
    return isinstance(x, SparseTensor)


def _sparse(x) -> SparseTensor:
    if not isinstance(x, SparseTensor):
        raise TypeError(f"Input must be a SparseTensor. Received: {x!r}")
    return x
