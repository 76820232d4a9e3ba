"""`tf.IndexedSlices`: some slices of a larger tensor along its first dimension."""

from tfc.core import Tensor
from tfc.dtypes import TensorShape
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, static_ints
from tfc.ops.nest import Composite
from tfc.ops.segments import unsorted_segment_sum


class IndexedSlices(Composite):
    """Slice `indices[i]` of a tensor is `values[i]`; slices that are not named are zero, repeated ones are added.

    What `Variable.scatter_add` and its like take. `tf.convert_to_tensor` of it needs `dense_shape`.
    """

    is_tensor_like = True

    def __init__(self, values, indices, dense_shape=None):
        self.values = convert_to_tensor(values)
        self.indices = convert_to_tensor(indices)
        self.dense_shape = None if dense_shape is None else convert_to_tensor(dense_shape)

    def _components(self) -> tuple:
        parts = self.values, self.indices
        return parts if self.dense_shape is None else (*parts, self.dense_shape)

    def _with_components(self, components) -> "IndexedSlices":
        return type(self)._of_components(components)

    @classmethod
    def _of_components(cls, components) -> "IndexedSlices":
        """Of tensors, or of what stands for them in a structure."""
        made = cls.__new__(cls)
        made.values, made.indices, made.dense_shape = (*components, None)[:3]
        return made

    @property
    def dtype(self):
        return self.values.dtype

    @property
    def shape(self) -> TensorShape:
        dims = None if self.dense_shape is None else static_ints(self.dense_shape)
        return TensorShape(dims)

    def __tf_tensor__(self, dtype=None, name=None) -> Tensor:
        if self.dense_shape is None:
            raise ValueError(
                f"Tensor conversion requested for IndexedSlices for variable without dense_shape. {self!r}: give "
                "dense_shape, or use values and indices"
            )
        dense = unsorted_segment_sum(self.values, self.indices, self.dense_shape[0])
        return convert_to_tensor(dense, dtype)

    def numpy(self):
        """The whole tensor as an array."""
        return self.__tf_tensor__().numpy()

    def consumers(self):
        raise AttributeError("consumers of an IndexedSlices are not known: there is no graph of operations")

    def __neg__(self) -> "IndexedSlices":
        return IndexedSlices(-self.values, self.indices, self.dense_shape)

    # What scales each slice keeps slices; everything else works on the whole tensor.

    def __mul__(self, other):
        other = convert_to_tensor(other, self.dtype) if not isinstance(other, Tensor) else other
        if other.shape_tuple == ():
            return IndexedSlices(self.values * other, self.indices, self.dense_shape)
        return self.__tf_tensor__() * other

    __rmul__ = __mul__

    def __truediv__(self, other):
        other = convert_to_tensor(other, self.dtype) if not isinstance(other, Tensor) else other
        if other.shape_tuple == ():
            return IndexedSlices(self.values / other, self.indices, self.dense_shape)
        return self.__tf_tensor__() / other

    def __add__(self, other):
        if isinstance(other, IndexedSlices):
            return add_slices(self, other)
        return self.__tf_tensor__() + other

    __radd__ = __add__

    def __sub__(self, other):
        return self.__tf_tensor__() - dense(other)

    def __getitem__(self, key):
        return self.__tf_tensor__()[key]

    def __repr__(self):
        return f"IndexedSlices(indices={self.indices!r}, values={self.values!r}, dense_shape={self.dense_shape!r})"

    def __str__(self):
        shape = "" if self.dense_shape is None else f", dense_shape={self.dense_shape!s}"
        return f"IndexedSlices(indices={self.indices!s}, values={self.values!s}{shape})"


def dense(value):
    """A gradient as a whole tensor; anything but slices as it is."""
    return value.__tf_tensor__() if isinstance(value, IndexedSlices) else value


def scatter_slices(total: Tensor, slices: IndexedSlices) -> Tensor:
    """The sum of a whole tensor and slices."""
    return p.scatter(total, p.expand_dims(slices.indices, axes=(1,)), slices.values, mode="add")


def add_slices(x: IndexedSlices, y: IndexedSlices) -> IndexedSlices:
    """The sum: the slices of both."""
    dtype = x.indices.dtype
    other = y.indices if y.indices.dtype is dtype else p.cast(y.indices, dtype=dtype)
    values, indices = p.concat(x.values, y.values, axis=0), p.concat(x.indices, other, axis=0)
    return IndexedSlices(values, indices, x.dense_shape)
