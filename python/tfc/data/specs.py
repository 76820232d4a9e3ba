"""What a trace knows of datasets and iterators that it is given: their elements."""

from tfc.dtypes import TensorSpec, int64
from tfc.tracing.nested_types import FlattenedType
from tfc.tracing.trace_type import Literal, TensorType
from tfc.tracing.type_specs import TypeSpec


class NoneTensorSpec:
    """None in the place of a tensor."""

    value_type = type(None)

    def is_compatible_with(self, other) -> bool:
        """Whether a value, or another spec, is None."""
        return other is None or self == other

    def __tf_tracing_type__(self, context):
        return Literal(None)

    def __eq__(self, other):
        return isinstance(other, NoneTensorSpec)

    def __hash__(self):
        return hash(NoneTensorSpec)

    def __repr__(self):
        return "NoneTensorSpec()"


class DatasetSpec:
    """Datasets of such elements: `tf.data.DatasetSpec(element_spec)` in an `input_signature`."""

    dataset: type  # `Dataset`, which knows this module

    def __init__(self, element_spec, dataset_shape=(), name: str = "_VariantDataset"):
        self.element_spec, self.name = element_spec, name

    @property
    def value_type(self):
        return self.dataset

    @classmethod
    def from_value(cls, value) -> "DatasetSpec":
        return cls(value.element_spec, name=value._kind)

    def is_compatible_with(self, other) -> bool:
        """Whether a dataset, or another spec, is what this says."""
        return self == (other if isinstance(other, DatasetSpec) else getattr(other, "_type_spec", None))

    def __tf_tracing_type__(self, context):
        return FlattenedType((self.dataset, self), [TensorType(TensorSpec((), int64))])

    def __eq__(self, other):
        return isinstance(other, DatasetSpec) and repr(self.element_spec) == repr(other.element_spec)

    def __hash__(self):
        return hash(repr(self.element_spec))

    def __repr__(self):
        return f"DatasetSpec({self.element_spec}, TensorShape([]))"


TypeSpec.register(NoneTensorSpec)
TypeSpec.register(DatasetSpec)
