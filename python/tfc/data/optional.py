"""`tf.experimental.Optional`: an element, or nothing of the same kind."""

import abc

import numpy as np

from tfc.core import is_symbolic
from tfc.data import elements
from tfc.data.specs import NoneTensorSpec
from tfc.dtypes import TensorSpec
from tfc.errors import InvalidArgumentError
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.array import identity
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import zeros
from tfc.tracing.type_specs import TypeSpec


class Optional(abc.ABC):
    """A value that may be missing: `has_value()`, and `get_value()` if there is one."""

    @abc.abstractmethod
    def has_value(self, name=None):
        """Whether there is a value, as a tensor."""

    @abc.abstractmethod
    def get_value(self, name=None):
        """The value; `InvalidArgumentError` if there is none."""

    @property
    @abc.abstractmethod
    def element_spec(self):
        """What the value is, or would be."""

    @staticmethod
    def empty(element_spec) -> "Optional":
        """None of what `element_spec` says."""
        return of_parts(element_spec, np.bool_(False), absent(element_spec))

    @staticmethod
    def from_value(value) -> "Optional":
        """An optional that has this value, a nest of tensors."""
        value = elements.as_tensors(value)
        return of_parts(elements.spec_of(value), np.bool_(True), nest.flatten(value))


class _Parts(Optional):
    """Whether there is a value, and its tensors (zeros, if there is none)."""

    _is_composite = True  # a leaf of a nest

    def __init__(self, spec, has, tensors):
        self._spec, self._has, self._tensors = spec, has, tensors

    def has_value(self, name=None):
        return identity(self._has)

    def get_value(self, name=None):
        if is_symbolic(self._has):
            p.assert_(self._has, message="Optional has no value", summarize=3)
        elif not bool(self._has):
            raise InvalidArgumentError(None, "OptionalGetValue", "The given optional does not have a value.")
        return nest.pack_sequence_as(
            elements.components(self._spec), [None if t is None else identity(t) for t in self._tensors]
        )

    @property
    def element_spec(self):
        return self._spec

    @property
    def _type_spec(self) -> "OptionalSpec":
        return OptionalSpec(self._spec)

    def __tf_flatten__(self):
        return OptionalSpec(self._spec), (self._has, *self._tensors)

    @classmethod
    def __tf_unflatten__(cls, metadata, components):
        return cls(metadata.element_spec, components[0], list(components[1:]))

    def __repr__(self):
        return f"<tf.experimental.Optional element_spec={self._spec}>"


class OptionalSpec:
    """Optionals of such values."""

    value_type = Optional

    def __init__(self, element_spec):
        self.element_spec = element_spec

    @classmethod
    def from_value(cls, value: Optional) -> "OptionalSpec":
        return cls(value.element_spec)

    @property
    def components(self) -> Optional:
        """An optional of specs: its parts."""
        parts = nest.flatten(elements.components(self.element_spec))
        return _Parts(self.element_spec, TensorSpec((), np.bool_), parts)

    def __eq__(self, other):
        return isinstance(other, OptionalSpec) and repr(self.element_spec) == repr(other.element_spec)

    def __hash__(self):
        return hash(repr(self.element_spec))

    def __repr__(self):
        return f"OptionalSpec({self.element_spec},)"


TypeSpec.register(OptionalSpec)


def of_parts(spec, has, tensors) -> Optional:
    """An optional of its parts."""
    return _Parts(spec, convert_to_tensor(has), list(tensors))


def absent(spec) -> list:
    """Tensors in the place of a value of that spec."""
    return [_blank(s) for s in nest.flatten(elements.components(spec))]


def _blank(spec):
    return None if isinstance(spec, NoneTensorSpec) else zeros([d or 0 for d in spec.shape.dims or ()], spec.dtype)
