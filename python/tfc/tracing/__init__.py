"""Tracing: an interpreter that builds IR, the types that calls are told apart by, and replay."""

from tfc.tracing import known
from tfc.tracing.first_value import FirstValue
from tfc.tracing.gradients import gradients, hessians
from tfc.tracing.graph import FuncGraph
from tfc.tracing.nested_types import DictType, ListType, NamedTupleType, Nested, TupleType
from tfc.tracing.operations import GraphDef, Operation
from tfc.tracing.replay import Memory, attributes_of, replay, replay_purely
from tfc.tracing.restored import restored_graph
from tfc.tracing.signature import Bound, FunctionType, Parameter, Signature, rebuild, unwrap_partial
from tfc.tracing.tensor_array_spec import TensorArraySpec
from tfc.tracing.tensors import SymbolicList, SymbolicTensor, current_graph, is_symbolic
from tfc.tracing.trace_type import (
    Identity,
    Literal,
    PlaceholderContext,
    TensorType,
    TraceType,
    VariableType,
)
from tfc.tracing.type_of import TracingContext, type_of

__all__ = [
    "Bound",
    "DictType",
    "FirstValue",
    "FuncGraph",
    "FunctionType",
    "GraphDef",
    "Identity",
    "ListType",
    "Literal",
    "Memory",
    "NamedTupleType",
    "Nested",
    "Operation",
    "Parameter",
    "PlaceholderContext",
    "Signature",
    "SymbolicList",
    "SymbolicTensor",
    "TensorArraySpec",
    "TensorType",
    "TraceType",
    "TupleType",
    "TracingContext",
    "VariableType",
    "attributes_of",
    "current_graph",
    "gradients",
    "hessians",
    "is_symbolic",
    "known",
    "rebuild",
    "replay",
    "replay_purely",
    "restored_graph",
    "type_of",
    "unwrap_partial",
]
