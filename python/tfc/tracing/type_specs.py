"""`tf.TypeSpec` and `tf.type_spec_from_value`: what values of tensors are, as objects."""

import abc

from tfc.core import Tensor, VariableStorage
from tfc.dtypes import TensorSpec
from tfc.ops.convert import convert_to_tensor
from tfc.ops.indexed_slices import IndexedSlices
from tfc.ops.ragged_ops import RaggedTensor
from tfc.ops.sparse_ops import SparseTensor
from tfc.ops.tensor_array import TensorArray
from tfc.tracing.ragged_spec import RaggedTensorSpec
from tfc.tracing.slices_spec import IndexedSlicesSpec
from tfc.tracing.sparse_spec import SparseTensorSpec
from tfc.tracing.tensor_array_spec import TensorArraySpec


class TypeSpec(abc.ABC):  # noqa: B024
    """What all specs are: `isinstance(spec, tf.TypeSpec)`."""


for _kind in (TensorSpec, RaggedTensorSpec, SparseTensorSpec, IndexedSlicesSpec, TensorArraySpec):
    TypeSpec.register(_kind)
del _kind

_OF = {
    RaggedTensor: RaggedTensorSpec,
    SparseTensor: SparseTensorSpec,
    IndexedSlices: IndexedSlicesSpec,
    TensorArray: TensorArraySpec,
}


def type_spec_from_value(value):
    """The spec of a value: a tensor, a ragged or sparse one, an object of an extension type, a dataset, or numbers."""
    for kind, spec in _OF.items():
        if isinstance(value, kind):
            return spec.from_value(value)
    own = getattr(value, "_type_spec", None)
    if own is not None:
        return own
    if isinstance(value, (Tensor, VariableStorage)):
        return TensorSpec(value.shape, value.dtype)
    try:
        tensor = convert_to_tensor(value)
    except (TypeError, ValueError):
        raise TypeError(f"Could not build a TypeSpec for {value!r} of type {type(value).__name__}") from None
    return TensorSpec(tensor.shape, tensor.dtype)
