"""`tf.types.experimental`: the classes to check for, and to derive from."""

from types import SimpleNamespace

from tfc.function import ConcreteFunction, PolymorphicFunction, TraceType

experimental = SimpleNamespace(
    ConcreteFunction=ConcreteFunction,
    GenericFunction=PolymorphicFunction,
    PolymorphicFunction=PolymorphicFunction,
    TraceType=TraceType,
)
