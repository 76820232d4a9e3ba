"""From a Python value to its trace type."""

import collections.abc
import enum
import types
import weakref

import numpy as np

from tfc.core import Tensor, VariableStorage
from tfc.dtypes import DType, TensorShape, TensorSpec, as_dtype
from tfc.ops.indexed_slices import IndexedSlices
from tfc.ops.ragged_ops import RaggedTensor
from tfc.ops.sparse_ops import SparseTensor
from tfc.ops.tensor_array import TensorArray
from tfc.tracing.nested_types import (
    DictType,
    FlattenedType,
    ListType,
    NamedTupleType,
    RecordType,
    TupleType,
    is_record,
    record_fields,
    sorted_keys,
)
from tfc.tracing.ragged_spec import RaggedType
from tfc.tracing.slices_spec import SlicesType
from tfc.tracing.sparse_spec import type_of_sparse
from tfc.tracing.tensor_array_spec import type_of_array
from tfc.tracing.trace_type import (
    BoundMethod,
    Identity,
    Literal,
    TensorType,
    TraceType,
    VariableType,
    tuple_or_none,
    unsupported,
)

_LITERALS = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    type(None),
    type(Ellipsis),
    enum.Enum,
    DType,
    TensorShape,
    np.dtype,
)


class TracingContext:
    """Shared by the types of one call. `specs`: TensorSpecs stand for tensors (`get_concrete_function`).

    `aliases`: variables of the call so far, and what their number is.
    """

    def __init__(self, specs: bool = False):
        self.specs = specs
        self.aliases: dict = {}
        self.variables: list = []
        # Variables that stand for themselves: id -> weakref.
        self.captured: dict = {}

    def alias_of(self, variable) -> int:
        found = self.aliases.get(id(variable))
        if found is None:
            found = self.aliases[id(variable)] = len(self.aliases)
            self.variables.append(variable)
        return found


def type_of(value, context: TracingContext) -> TraceType:
    """The trace type of an argument; `TypeError` if it cannot have one."""
    if isinstance(value, Tensor):
        return TensorType(TensorSpec(value.shape_tuple, value.dtype))
    if isinstance(value, VariableStorage):
        return _variable(value, context)
    if isinstance(value, (np.ndarray, np.generic)):
        return _array(value)
    if isinstance(value, TensorSpec):
        return TensorType(value) if context.specs else Literal(value)
    if isinstance(value, TraceType):
        return value
    if isinstance(value, _LITERALS) or (isinstance(value, type) and issubclass(value, np.generic)):
        return Literal(value)
    if isinstance(value, TensorArray):
        return type_of_array(value)
    protocol = getattr(type(value), "__tf_tracing_type__", None)
    if protocol is not None:
        made = protocol(value, context)
        if isinstance(made, TensorSpec):
            return TensorType(made)
        if not isinstance(made, TraceType):
            raise TypeError(
                "Expected an instance of TraceType for Tracing Protocol call to "
                f"{value} but got {made!r} of type {type(made).__name__}"
            )
        return made
    return _structure(value, context)


def _dense_shape(value: SparseTensor) -> TensorShape:
    """The dense shape of a sparse tensor, also of one whose parts are specs."""
    if isinstance(value.dense_shape, TensorSpec) and value._declared is None:
        dims = value.dense_shape.shape.dims
        return TensorShape(None if dims is None else [None] * dims[0])
    return value._declared if isinstance(value.dense_shape, TensorSpec) else value.shape


def _variable(value, context):
    return VariableType(
        value.dtype,
        tuple_or_none(value.shape_tuple),
        bool(getattr(value, "trainable", True)),
        context.alias_of(value),
        getattr(value, "_shared_name", None),
        context.captured.get(id(value)),
    )


def _array(value):
    try:
        return TensorType(TensorSpec(value.shape, as_dtype(value.dtype)))
    except TypeError:
        raise unsupported(value, f"of dtype {value.dtype}") from None


def _structure(value, context):
    def all_of(children):
        return [type_of(c, context) for c in children]

    kind = type(value)
    if kind is list or isinstance(value, list):
        return ListType(None, all_of(value))
    if isinstance(value, tuple):
        if isinstance(getattr(value, "_fields", None), tuple):
            return NamedTupleType(kind, all_of(value))
        return TupleType(kind, all_of(value))
    if isinstance(value, collections.abc.Mapping):
        keys = sorted_keys(value)
        return DictType((kind, keys), all_of(value[k] for k in keys), tuple(value))
    if isinstance(value, IndexedSlices):
        return SlicesType.of_value(value)
    if isinstance(value, RaggedTensor):
        return RaggedType.of_value(value)
    if isinstance(value, SparseTensor):
        return type_of_sparse(_dense_shape(value), value.values.dtype)
    if not isinstance(value, type):
        if hasattr(value, "__tf_flatten__"):
            metadata, components = value.__tf_flatten__()
            return FlattenedType((kind, metadata), all_of(components))
        if is_record(value):
            fields = record_fields(value)
            return RecordType((kind, fields), all_of(getattr(value, f) for f in fields))
    if isinstance(value, weakref.ref):
        raise TypeError(f"weakref input {value!r} not supported for tf.function.")
    if isinstance(value, types.MethodType):
        return BoundMethod(value)
    if not isinstance(value, type) and hasattr(value, "__wrapped__"):
        return type_of(value.__wrapped__, context)
    return _object(value)


def _object(value):
    try:
        return Identity(value)
    except TypeError:
        pass
    try:
        return Literal(value)
    except TypeError:
        raise unsupported(value) from None
