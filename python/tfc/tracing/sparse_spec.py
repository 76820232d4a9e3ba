"""`tf.SparseTensorSpec`: what a SparseTensor is, for signatures and datasets."""

from tfc.dtypes import TensorShape, TensorSpec, as_dtype, float32, int64
from tfc.ops.sparse_ops import SparseTensor
from tfc.tracing.composite_spec import CompositeSpec
from tfc.tracing.nested_types import FlattenedType
from tfc.tracing.trace_type import TensorType


class SparseType(FlattenedType):
    """The trace type of sparse tensors: the dense shape is a part of it, how many elements are named is not.

    `tag` is (SparseTensor, ranks or sizes of the dense shape).
    """

    __slots__ = ()

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self.tag[1])

    def as_spec(self) -> "SparseTensorSpec":
        return SparseTensorSpec(self.shape, self.components[1].spec.dtype)

    def is_subtype_of(self, other):
        return (
            isinstance(other, SparseType)
            and self.shape.is_subtype_of(other.shape)
            and self.components[1].is_subtype_of(other.components[1])
        )

    def most_specific_common_supertype(self, others):
        dtype, shape = self.components[1].spec.dtype, self.shape
        for other in others:
            if not isinstance(other, SparseType) or other.components[1].spec.dtype is not dtype:
                return None
            shape = shape.most_specific_compatible_shape(other.shape)
        return type_of_sparse(shape, dtype)

    def split(self, value):
        return list(value.__tf_flatten__()[1])

    def join(self, children):
        made = SparseTensor.__tf_unflatten__("SparseTensor", tuple(children))
        made._declared = self.shape
        return made

    def accepts(self, value):
        return isinstance(value, SparseTensor) and value.shape.is_compatible_with(self.shape)

    def __repr__(self):
        return repr(self.as_spec())


def type_of_sparse(shape: TensorShape, dtype) -> SparseType:
    """The type of sparse tensors of a dense shape."""
    rank = shape.rank
    parts = TensorSpec([None, rank], int64), TensorSpec([None], dtype), TensorSpec([rank], int64)
    return SparseType((SparseTensor, shape.dims), [TensorType(s) for s in parts])


class SparseTensorSpec(CompositeSpec):
    """SparseTensors of a dense shape (None: any size) and dtype."""

    value_type = SparseTensor

    def __init__(self, shape=None, dtype=float32):
        self._shape, self._dtype = TensorShape(shape), as_dtype(dtype)

    @classmethod
    def from_value(cls, value: SparseTensor) -> "SparseTensorSpec":
        return cls(value.shape, value.dtype)

    def _of_shape(self, shape) -> "SparseTensorSpec":
        return SparseTensorSpec(shape, self._dtype)

    @property
    def components(self) -> SparseTensor:
        """A SparseTensor of specs: its parts."""
        kind = type_of_sparse(self._shape, self._dtype)
        return kind.from_tensors(iter(kind.flatten()))

    def __tf_tracing_type__(self, context):
        return type_of_sparse(self._shape, self._dtype)

    def __repr__(self):
        return f"SparseTensorSpec({self._shape!r}, {self._dtype!r})"
