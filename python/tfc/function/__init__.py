"""`tf.function`: tracing, compiling and calling Python functions."""

from tfc.function import hooks
from tfc.function.concrete import ConcreteFunction
from tfc.function.decorator import function, inside_function
from tfc.function.flat import FlatFunction
from tfc.function.polymorphic import PolymorphicFunction
from tfc.tracing import TraceType

hooks.install()

__all__ = [
    "ConcreteFunction",
    "FlatFunction",
    "PolymorphicFunction",
    "TraceType",
    "function",
    "hooks",
    "inside_function",
]
