"""`tf.SparseTensorSpec`: what a SparseTensor is, for signatures and datasets."""

from tfc.dtypes import TensorShape, TensorSpec, as_dtype, float32, int64
from tfc.ops.sparse_ops import SparseTensor
from tfc.tracing.nested_types import FlattenedType
from tfc.tracing.trace_type import TensorType


class SparseTensorSpec:
    """SparseTensors of a dense shape (None: any size) and dtype."""

    value_type = SparseTensor

    def __init__(self, shape=None, dtype=float32):
        self._shape, self._dtype = TensorShape(shape), as_dtype(dtype)

    @property
    def shape(self) -> TensorShape:
        return self._shape

    @property
    def dtype(self):
        return self._dtype

    @classmethod
    def from_value(cls, value: SparseTensor) -> "SparseTensorSpec":
        return cls(value.shape, value.dtype)

    def is_compatible_with(self, other) -> bool:
        """Whether a SparseTensor, or another spec, is what this says."""
        other = self.from_value(other) if isinstance(other, SparseTensor) else other
        return (
            isinstance(other, SparseTensorSpec)
            and self._dtype is other._dtype
            and self._shape.is_compatible_with(other._shape)
        )

    @property
    def components(self) -> SparseTensor:
        """A SparseTensor of specs: its parts."""
        rank = self._shape.rank
        parts = TensorSpec([None, rank], int64), TensorSpec([None], self._dtype), TensorSpec([rank], int64)
        return SparseTensor.__tf_unflatten__("SparseTensor", parts)

    def __tf_tracing_type__(self, context):
        metadata, parts = self.components.__tf_flatten__()
        return FlattenedType((SparseTensor, metadata), [TensorType(s) for s in parts])

    def __eq__(self, other):
        return isinstance(other, SparseTensorSpec) and (self._shape, self._dtype) == (other._shape, other._dtype)

    def __hash__(self):
        return hash((self._shape.dims, self._dtype))

    def __repr__(self):
        return f"SparseTensorSpec({self._shape!r}, {self._dtype!r})"
