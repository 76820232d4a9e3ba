"""The one seam: primitives are inert names, interpreters give them meaning."""

from tfc._native import EagerTensor, Tensor, VariableStorage
from tfc.core.eager import Eager, at_once, describe, eager_tensor, quiet
from tfc.core.hosts import HostFunction, host_function
from tfc.core.interpreter import (
    Interpreter,
    TensorList,
    current,
    eager,
    executing_eagerly,
    is_symbolic,
    outside,
    using,
)
from tfc.core.primitive import Primitive, Unset
from tfc.core.recording import (
    Operation,
    Recorder,
    pop_recorder,
    push_recorder,
    record,
    record_operation,
    recorders,
    should_record,
    stop_recording,
)
from tfc.core.refusal import argument_error, dtype_error
from tfc.core.standing import StandIn, stand_in_of, standing, standing_in, value_of
from tfc.core.strings import StringTensor, string_array

__all__ = [
    "Eager",
    "EagerTensor",
    "HostFunction",
    "Interpreter",
    "Operation",
    "Primitive",
    "Recorder",
    "StandIn",
    "StringTensor",
    "Tensor",
    "TensorList",
    "Unset",
    "VariableStorage",
    "argument_error",
    "at_once",
    "current",
    "describe",
    "dtype_error",
    "eager",
    "eager_tensor",
    "executing_eagerly",
    "host_function",
    "is_symbolic",
    "outside",
    "pop_recorder",
    "push_recorder",
    "quiet",
    "record",
    "record_operation",
    "recorders",
    "should_record",
    "stand_in_of",
    "standing",
    "standing_in",
    "value_of",
    "stop_recording",
    "string_array",
    "using",
]
