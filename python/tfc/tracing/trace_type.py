"""Trace types: what of an argument a trace depends on. Two calls with equal types share a trace."""

import abc
import weakref

import numpy as np

from tfc.core import EagerTensor, VariableStorage, is_symbolic
from tfc.dtypes import DType, TensorSpec, as_dtype
from tfc.errors import page, user_line
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor


class TraceType(abc.ABC):
    """The type of an argument (`tf.types.experimental.TraceType`). Immutable, hashable."""

    @abc.abstractmethod
    def is_subtype_of(self, other) -> bool:
        """Whether a trace for `other` also serves values of this type."""

    @abc.abstractmethod
    def most_specific_common_supertype(self, others):
        """The narrowest type that this one and the others are subtypes of, or None."""

    @abc.abstractmethod
    def placeholder_value(self, placeholder_context):
        """What stands for the argument while tracing."""

    def to_tensors(self, value) -> list:
        """The tensors and variables in a value, in order of flattening."""
        return []

    def from_tensors(self, tensors):
        """A value of this type from an iterator over tensors."""
        return self.placeholder_value(None)

    def flatten(self) -> list:
        """The specs of what `to_tensors` returns."""
        return []

    def leaves(self, value) -> list:
        """The parts of a value that `to_tensors` converts, as they are; `value` has this type's structure."""
        return []

    def cast(self, value, casting_context=None):
        """The value as one of this type; `TypeError` if it cannot be."""
        return value

    def with_rank_of(self, other):
        """This type with unknown ranks replaced by those of `other`, a subtype."""
        return self

    def has_unknown_rank(self) -> bool:
        """Whether a tensor of this type may have any rank."""
        return False

    def is_exact(self) -> bool:
        """Whether a type that is not equal is surely no subtype."""
        return False

    @abc.abstractmethod
    def __eq__(self, other): ...

    @abc.abstractmethod
    def __hash__(self): ...


class PlaceholderContext:
    """Makes placeholders in a graph: tensor parameters, and variables that stand for arguments."""

    def __init__(self, graph, stand_in):
        self.graph = graph
        self.name: str | None = None
        self._stand_in = stand_in
        self._variables: dict = {}

    def tensor(self, spec: TensorSpec):
        return self.graph.add_parameter(spec, spec.name or self.name or "arg")

    def variable(self, type_: "VariableType"):
        found = self._variables.get(type_.alias)
        if found is None:
            found = self._variables[type_.alias] = self._stand_in(type_)
            self.graph.add_variable_input(found)
        return found


def _shown(value) -> str:
    """An object as it describes itself; what cannot do that is still an argument."""
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__qualname__} without a description>"


class Literal(TraceType):
    """A Python value, part of the trace: compared by type and value."""

    __slots__ = ("_key", "value")

    def __init__(self, value):
        self.value = value
        if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
            # np.float32 and tf.float32 say the same.
            self._key = DType, as_dtype(value)
        else:
            self._key = type(value), value.hex() if type(value) is float else value
        hash(self._key)

    def is_exact(self):
        return True

    def is_subtype_of(self, other):
        return self == other

    def most_specific_common_supertype(self, others):
        return self if all(self == other for other in others) else None

    def placeholder_value(self, placeholder_context):
        return self.value

    def cast(self, value, casting_context=None):
        if type(value) is type(self.value) and value == self.value:
            return value
        raise TypeError(f"Can not cast {value!r} to {self!r}: expected {self!r}")

    def __eq__(self, other):
        if not isinstance(other, Literal) or self._key[0] is not other._key[0]:
            return False
        return self._key[1] is other._key[1] or bool(self._key[1] == other._key[1])

    def __hash__(self):
        return hash(self._key)

    def __repr__(self):
        return f"Literal[{_shown(self.value)}]"


class Identity(TraceType):
    """An object compared by identity (or its own ==), held weakly: a dead object matches nothing."""

    __slots__ = ("_hash", "_ref", "_type")

    def __init__(self, value):
        self._ref = weakref.ref(value)
        self._hash = hash(value)
        self._type = type(value).__qualname__

    def is_exact(self):
        return True

    def is_subtype_of(self, other):
        return self == other

    def most_specific_common_supertype(self, others):
        return self if all(self == other for other in others) else None

    def placeholder_value(self, placeholder_context):
        value = self._ref()
        if value is None:
            raise TypeError("an argument of this trace was deleted, so there is nothing to trace with")
        return value

    @property
    def alive(self) -> bool:
        return self._ref() is not None

    def __eq__(self, other):
        if not isinstance(other, Identity):
            return False
        mine, its = self._ref(), other._ref()
        return mine is not None and its is not None and (mine is its or bool(mine == its))

    def __hash__(self):
        return self._hash

    def __repr__(self):
        return f"Weakref[{_shown(self._ref())}]" if self.alive else f"Weakref[a {self._type} that was deleted]"


class BoundMethod(TraceType):
    """A bound method: the object by identity, weakly, and the function."""

    __slots__ = ("function", "instance")

    def __init__(self, method):
        self.function = method.__func__
        self.instance = Identity(method.__self__)

    def is_exact(self):
        return True

    def is_subtype_of(self, other):
        return self == other

    def most_specific_common_supertype(self, others):
        return self if all(self == other for other in others) else None

    def placeholder_value(self, placeholder_context):
        return self.function.__get__(self.instance.placeholder_value(placeholder_context))

    def __eq__(self, other):
        return (
            isinstance(other, BoundMethod)
            and self.function is other.function
            and self.instance._ref() is not None
            and self.instance._ref() is other.instance._ref()
        )

    def __hash__(self):
        return hash((id(self.function), hash(self.instance)))

    def __repr__(self):
        return f"Weakref[{self.function.__qualname__} of {_shown(self.instance._ref())}]"


class TensorType(TraceType):
    """A tensor of a dtype and a shape with known and unknown sizes."""

    __slots__ = ("spec",)

    def __init__(self, spec: TensorSpec):
        self.spec = spec

    def is_subtype_of(self, other):
        return (
            isinstance(other, TensorType)
            and self.spec.dtype is other.spec.dtype
            and self.spec.shape.is_subtype_of(other.spec.shape)
        )

    def most_specific_common_supertype(self, others):
        shape = self.spec.shape
        for other in others:
            if not isinstance(other, TensorType) or other.spec.dtype is not self.spec.dtype:
                return None
            shape = shape.most_specific_compatible_shape(other.spec.shape)
        return TensorType(TensorSpec(shape, self.spec.dtype, self.spec.name))

    def has_unknown_rank(self):
        return self.spec.shape.rank is None

    def is_exact(self):
        return self.spec.shape.is_fully_defined()

    def with_rank_of(self, other):
        if self.spec.shape.rank is not None or other.spec.shape.rank is None:
            return self
        return TensorType(TensorSpec([None] * other.spec.shape.rank, self.spec.dtype, self.spec.name))

    def placeholder_value(self, placeholder_context):
        return placeholder_context.tensor(self.spec)

    def cast(self, value, casting_context=None):
        if isinstance(value, TensorSpec):
            got = value
        else:
            try:
                plain = isinstance(value, (np.ndarray, np.generic)) or not hasattr(value, "dtype")
                value = convert_to_tensor(value, self.spec.dtype if plain else None)
            except (TypeError, ValueError) as e:
                raise TypeError(f"Can not cast {value!r} to {self.spec!r}: {e}") from None
            got = TensorSpec(value.shape_tuple, value.dtype)
        fits = got.shape.is_compatible_with if is_symbolic(value) else got.shape.is_subtype_of
        if got.dtype is not self.spec.dtype or not fits(self.spec.shape):
            raise TypeError(f"Can not cast {got!r} to {self.spec!r}")
        return value

    def to_tensors(self, value):
        return [value if type(value) is EagerTensor else convert_to_tensor(value, self.spec.dtype)]

    def from_tensors(self, tensors):
        return next(tensors)

    def flatten(self):
        return [self.spec]

    def leaves(self, value):
        return [value]

    def __eq__(self, other):
        return (
            isinstance(other, TensorType)
            and self.spec.dtype is other.spec.dtype
            and self.spec.shape.dims == other.spec.shape.dims
        )

    def __hash__(self):
        return hash((self.spec.dtype, self.spec.shape.dims))

    def __repr__(self):
        return f"TensorSpec(shape={self.spec.shape}, dtype={self.spec.dtype!r}, name={self.spec.name!r})"


class VariableType(TraceType):
    """A variable of a dtype and a declared shape. `alias`: which of the call's variables it is.

    `bound`: a weak reference to the variable if the type is for that one only.
    """

    __slots__ = ("alias", "bound", "dtype", "name", "shape", "trainable")

    def __init__(self, dtype, shape, trainable, alias, name=None, bound=None):
        self.dtype, self.shape, self.trainable, self.alias, self.name = dtype, shape, trainable, alias, name
        self.bound = bound

    def is_subtype_of(self, other):
        return self == other

    def most_specific_common_supertype(self, others):
        return self if all(self == other for other in others) else None

    def placeholder_value(self, placeholder_context):
        if self.bound is not None:
            return self.bound()
        return placeholder_context.variable(self)

    def to_tensors(self, value):
        return [] if self.bound is not None else [value]

    def from_tensors(self, tensors):
        return next(tensors)

    def flatten(self):
        return [] if self.bound is not None else [self]

    def leaves(self, value):
        return self.to_tensors(value)

    def cast(self, value, casting_context=None):
        fits = (
            isinstance(value, VariableStorage)
            and value.dtype is self.dtype
            and tuple_or_none(value.shape_tuple) == self.shape
        )
        if fits:
            return value
        raise TypeError(f"Can not cast {value!r} to {self!r}")

    def _tuple(self):
        return self.dtype, self.shape, self.trainable, self.alias, id(self.bound)

    def __eq__(self, other):
        return isinstance(other, VariableType) and self._tuple() == other._tuple()

    def __hash__(self):
        return hash(self._tuple())

    def __repr__(self):
        return (
            f"VariableSpec(shape={self.shape}, dtype={self.dtype!r}, trainable={self.trainable}, alias_id={self.alias})"
        )


def tuple_or_none(dims):
    return None if dims is None else tuple(dims)


def stacked_list(value):
    """A list value as one tensor."""
    return p.list_stack(value, element_type=value.element)


def unsupported(value, why="") -> TypeError:
    return TypeError(
        page(
            f"Could not generate a generic TraceType for {value!r}. Please verify that it is immutable/hashable. "
            f"Otherwise, "
            "consider implementing the Tracing Protocol for it.",
            got=f"{type(value).__name__} {why}".strip(),
            where=user_line(),
            fix="pass its tensors, or give the class __tf_flatten__ and __tf_unflatten__",
        )
    )
