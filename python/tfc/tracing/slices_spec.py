"""`tf.IndexedSlicesSpec`: what an IndexedSlices is, for signatures."""

from tfc.dtypes import TensorShape, TensorSpec, as_dtype, float32, int64
from tfc.ops.indexed_slices import IndexedSlices
from tfc.tracing.composite_spec import CompositeSpec
from tfc.tracing.nested_types import Nested
from tfc.tracing.trace_type import TensorType


class SlicesType(Nested):
    """The trace type of `tf.IndexedSlices`; `tag` is their class."""

    __slots__ = ()

    @classmethod
    def of_value(cls, value: IndexedSlices) -> "SlicesType":
        return cls(IndexedSlices, [TensorType(TensorSpec(c.shape, c.dtype)) for c in value._components()])

    def as_spec(self) -> "IndexedSlicesSpec":
        values, indices, *dense = self.flatten()
        dims = values.shape.dims
        shape = None if dims is None else [None, *dims[1:]]
        return IndexedSlicesSpec(shape, values.dtype, indices.dtype, dense[0].dtype if dense else None, indices.shape)

    def split(self, value):
        return list(value._components())

    def join(self, children):
        return IndexedSlices._of_components(tuple(children))

    def accepts(self, value):
        return isinstance(value, IndexedSlices)

    def __repr__(self):
        return repr(self.as_spec())


class IndexedSlicesSpec(CompositeSpec):
    """IndexedSlices of a dense shape and dtype; `dense_shape_dtype` None: without a dense shape."""

    value_type = IndexedSlices

    def __init__(self, shape=None, dtype=float32, indices_dtype=int64, dense_shape_dtype=None, indices_shape=None):
        self._shape, self._dtype = TensorShape(shape), as_dtype(dtype)
        self._indices_dtype = as_dtype(indices_dtype)
        self._dense_shape_dtype = None if dense_shape_dtype is None else as_dtype(dense_shape_dtype)
        self._indices_shape = TensorShape([None] if indices_shape is None else indices_shape)

    @classmethod
    def from_value(cls, value: IndexedSlices) -> "IndexedSlicesSpec":
        return SlicesType.of_value(value).as_spec()

    def _fixed(self) -> tuple:
        return self._dtype, self._indices_dtype, self._dense_shape_dtype

    def _of_shape(self, shape, indices_shape=None) -> "IndexedSlicesSpec":
        if indices_shape is None:
            indices_shape = self._indices_shape
        return IndexedSlicesSpec(shape, *self._fixed(), indices_shape)

    def is_compatible_with(self, other) -> bool:
        other = self.from_value(other) if isinstance(other, IndexedSlices) else other
        return super().is_compatible_with(other) and self._indices_shape.is_compatible_with(other._indices_shape)

    def is_subtype_of(self, other) -> bool:
        return super().is_subtype_of(other) and self._indices_shape.is_subtype_of(other._indices_shape)

    def most_specific_common_supertype(self, others):
        made = super().most_specific_common_supertype(others)
        if made is None:
            return None
        count = self._indices_shape
        for other in others:
            count = count.most_specific_compatible_shape(other._indices_shape)
        return made._of_shape(made._shape, count)

    def __tf_tracing_type__(self, context):
        count = self._indices_shape.dims
        rest = None if self._shape.rank is None else self._shape.dims[1:]
        values = None if rest is None or count is None else [count[0], *rest]
        parts = [TensorSpec(values, self._dtype), TensorSpec(self._indices_shape, self._indices_dtype)]
        if self._dense_shape_dtype is not None:
            parts.append(TensorSpec([self._shape.rank], self._dense_shape_dtype))
        return SlicesType(IndexedSlices, [TensorType(s) for s in parts])

    def _key(self) -> tuple:
        return (*super()._key(), self._indices_shape.dims)

    def __repr__(self):
        return (
            f"IndexedSlicesSpec({self._shape!r}, {self._dtype!r}, {self._indices_dtype!r}, "
            f"{self._dense_shape_dtype!r}, {self._indices_shape!r})"
        )
