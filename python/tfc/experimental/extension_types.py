"""`tf.experimental.ExtensionType`: classes of users whose fields are tensors and values of Python.

They are immutable structures of tensors: functions, loops, branches and datasets take and return them. Each has a
`Spec`, which describes its values in signatures.
"""

import inspect
import sys
import typing

from tfc.core import Tensor
from tfc.dtypes import TensorSpec
from tfc.experimental.fields import REQUIRED, Field, check_annotation, fitted, put_together, taken_apart
from tfc.ops import math
from tfc.ops.array import stack
from tfc.ops.convert import convert_to_tensor
from tfc.ops.reductions import reduce_all
from tfc.tracing import saved_types
from tfc.tracing.nested_types import FlattenedType
from tfc.tracing.type_of import TracingContext, type_of
from tfc.tracing.type_specs import TypeSpec

_RESERVED = ("self", "Spec")


class _Meta(type):
    """Checks fields when a class is made, and values when an object is."""

    def __init__(cls, name, bases, namespace):
        super().__init__(name, bases, namespace)
        if namespace.get("_is_base"):
            return
        cls._fields_ = _fields_of(cls)
        if "__init__" not in namespace and not _has_own_init(cls):
            cls.__signature__ = _signature(cls)
        registered = namespace.get("__name__")
        if isinstance(registered, str):
            saved_types.register(registered, cls)
        cls.Spec = _spec_class(cls)

    def __call__(cls, *args, **kwargs):
        made = cls.__new__(cls)
        if _has_own_init(cls):
            made.__init__(*args, **kwargs)
        else:
            bound = cls.__signature__.bind(*args, **kwargs)
            bound.apply_defaults()
            vars(made).update(bound.arguments)
        _finish(made)
        return made


def _has_own_init(cls) -> bool:
    return cls.__init__ is not object.__init__


def _fields_of(cls) -> tuple:
    found = {f.name: f for base in reversed(cls.__mro__[1:]) for f in getattr(base, "_fields_", ())}
    own = vars(cls).get("__annotations__", {})
    scope = {**vars(sys.modules.get(cls.__module__, typing)), cls.__name__: cls}
    for name, kind in own.items():
        if name in _RESERVED or name.startswith("_tf_extension_type"):
            raise ValueError(f"The field annotation {name!r} is reserved")
        if isinstance(kind, str):
            kind = _evaluated(kind, scope)
        check_annotation(kind, name)
        default = vars(cls).get(name, REQUIRED)
        if default is not REQUIRED:
            default = fitted(default, kind, f"default value for {name}")
        found[name] = Field(name, kind, default)
    return tuple(found.values())


def _evaluated(text, scope):
    try:
        return eval(text, scope)
    except NameError:
        return typing.ForwardRef(text)


def _signature(cls) -> inspect.Signature:
    kinds = inspect.Parameter
    ordered = sorted(cls._fields_, key=lambda f: f.default is not REQUIRED)
    keyword = [f.default is REQUIRED for f in cls._fields_] != [f.default is REQUIRED for f in ordered]
    parameters = [
        kinds(
            f.name,
            kinds.KEYWORD_ONLY if keyword and f.default is not REQUIRED else kinds.POSITIONAL_OR_KEYWORD,
            default=kinds.empty if f.default is REQUIRED else f.default,
        )
        for f in ordered
    ]
    return inspect.Signature(parameters)


def _finish(made) -> None:
    values = vars(made)
    names = [f.name for f in made._fields_]
    missing = [n for n in names if n not in values]
    extra = [n for n in values if n not in names]
    if missing or extra:
        raise AttributeError(
            f"{type(made).__name__}: "
            + "; ".join(
                [f"missing fields: {missing}"] * bool(missing) + [f"unexpected attributes: {extra}"] * bool(extra)
            )
        )
    for f in made._fields_:
        values[f.name] = fitted(values[f.name], f.kind, f.name)
    made.__validate__()
    object.__setattr__(made, "_frozen_", True)


class ExtensionType(metaclass=_Meta):
    """A class of users: fields are what is annotated, `tf.Tensor` and others; objects do not change.

    `__init__` is made of the fields unless there is one, which assigns to all of them; `__validate__` may check them.
    """

    _is_base = True
    _is_composite = True
    _fields_: tuple = ()

    def __validate__(self):
        """Checks the fields of a new object; for users to define."""

    def __setattr__(self, name, value):
        if "_frozen_" in vars(self) or name not in [f.name for f in self._fields_]:
            raise AttributeError(
                f"Cannot mutate attribute `{name}` outside the custom constructor of ExtensionType."
                if "_frozen_" in vars(self)
                else f"Cannot set attribute `{name}`: {type(self).__name__} has no field of that name."
            )
        object.__setattr__(self, name, value)

    def __delattr__(self, name):
        raise AttributeError(f"Cannot mutate attribute `{name}` outside the custom constructor of ExtensionType.")

    def __tf_flatten__(self):
        components: list = []
        rest = tuple(taken_apart(getattr(self, f.name), f.kind, components) for f in self._fields_)
        return rest, tuple(components)

    @classmethod
    def __tf_unflatten__(cls, metadata, components):
        made, parts = cls.__new__(cls), iter(components)
        for f, rest in zip(cls._fields_, metadata, strict=True):
            object.__setattr__(made, f.name, put_together(rest, parts))
        object.__setattr__(made, "_frozen_", True)
        return made

    @property
    def _type_spec(self):
        return self.Spec.from_value(self)

    def __eq__(self, other):
        if type(self) is not type(other):
            return False
        (rest, mine), (others, theirs) = self.__tf_flatten__(), other.__tf_flatten__()
        if rest != others:
            return False
        tests = []
        for a, b in zip(mine, theirs, strict=True):
            if isinstance(a, Tensor) and not a.shape.is_compatible_with(b.shape):
                return convert_to_tensor(False)
            tests.append(reduce_all(math.equal(a, b)) if isinstance(a, Tensor) else convert_to_tensor(a == b))
        return reduce_all(stack(tests)) if tests else True

    def __ne__(self, other):
        equal = self == other
        return math.logical_not(equal) if isinstance(equal, Tensor) else not equal

    __hash__ = None

    def __repr__(self):
        fields = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in self._fields_)
        return f"{type(self).__qualname__.rsplit('.', 1)[-1]}({fields})"


class ExtensionTypeSpec(TypeSpec):
    """What an object of an extension type is: a spec, or a plain value, for each field."""

    value_type: type = ExtensionType

    def __init__(self, *args, **kwargs):
        cls = self.value_type
        names = [f.name for f in cls._fields_]
        values = {**dict(zip(names, args, strict=False)), **kwargs}
        for f in cls._fields_:
            if f.name not in values and f.default is REQUIRED:
                raise TypeError(f"missing a required argument: {f.name!r}")
            values.setdefault(f.name, f.default)
        unknown = sorted(set(values) - set(names))
        if unknown or len(args) > len(names):
            raise TypeError(f"{cls.__name__}.Spec got unexpected arguments: {unknown or args[len(names) :]}")
        for f in cls._fields_:
            object.__setattr__(self, f.name, fitted(values[f.name], f.kind, f.name))

    @classmethod
    def from_value(cls, value):
        """The spec of an object."""
        rest, components = value.__tf_flatten__()
        described = [_spec_of(c) for c in components]
        made = cls.value_type.__tf_unflatten__(rest, described)
        return cls._of(made)

    @classmethod
    def _of(cls, described):
        made = cls.__new__(cls)
        for f in cls.value_type._fields_:
            object.__setattr__(made, f.name, getattr(described, f.name))
        return made

    @property
    def components(self):
        """An object of the type whose tensors are specs."""
        made = self.value_type.__new__(self.value_type)
        for f in self.value_type._fields_:
            object.__setattr__(made, f.name, getattr(self, f.name))
        object.__setattr__(made, "_frozen_", True)
        return made

    def __setattr__(self, name, value):
        raise AttributeError(f"Cannot mutate attribute `{name}` of a spec.")

    def is_compatible_with(self, other) -> bool:
        """Whether an object, or another spec, is what this says."""
        if isinstance(other, self.value_type):
            other = self.from_value(other)
        if type(other) is not type(self):
            return False
        (rest, mine), (others, theirs) = (s.components.__tf_flatten__() for s in (self, other))
        return rest == others and all(a.is_compatible_with(b) for a, b in zip(mine, theirs, strict=True))

    def __tf_tracing_type__(self, context):
        rest, components = self.components.__tf_flatten__()
        inner = TracingContext(specs=True)
        return FlattenedType((self.value_type, rest), [type_of(c, inner) for c in components])

    def _with(self, change):
        rest, components = self.components.__tf_flatten__()
        return self._of(self.value_type.__tf_unflatten__(rest, [change(c) for c in components]))

    def _batch(self, size):
        return self._with(
            lambda s: TensorSpec((size, *s.shape.dims), s.dtype) if isinstance(s, TensorSpec) else s._batch(size)
        )

    def _unbatch(self):
        return self._with(
            lambda s: TensorSpec(s.shape.dims[1:], s.dtype) if isinstance(s, TensorSpec) else s._unbatch()
        )

    def _stack(self, column):
        rest, _ = column[0].__tf_flatten__()
        parts = zip(*(v.__tf_flatten__()[1] for v in column), strict=True)
        return self.value_type.__tf_unflatten__(rest, [stack(list(p)) for p in parts])

    def __eq__(self, other):
        return type(self) is type(other) and self.components.__tf_flatten__() == other.components.__tf_flatten__()

    def __hash__(self):
        return hash(self.components.__tf_flatten__())

    def __repr__(self):
        fields = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in self.value_type._fields_)
        return f"{self.value_type.__name__}.Spec({fields})"


def _spec_of(component):
    if isinstance(component, Tensor):
        return TensorSpec(component.shape_tuple, component.dtype)
    own = getattr(component, "_type_spec", None)
    return own if own is not None else component


def _spec_class(cls):
    inherited = [b.Spec for b in cls.__bases__ if "Spec" in dir(b)] or [ExtensionTypeSpec]
    own = vars(cls).get("Spec")
    bases = (own,) if own is not None and issubclass(own, ExtensionTypeSpec) else tuple(inherited)
    made = type(
        "Spec", bases, {"value_type": cls, "__module__": cls.__module__, "__qualname__": f"{cls.__qualname__}.Spec"}
    )
    return made


class BatchableExtensionType(ExtensionType):
    """An extension type whose tensors have rows together: datasets slice and stack it."""

    _is_base = True

    def _rows(self):
        rest, components = self.__tf_flatten__()
        count = components[0].shape_tuple[0]

        def row(i):
            return self.__tf_unflatten__(rest, [c[i] for c in components])

        return count, row, self._type_spec._unbatch()


class ExtensionTypeBatchEncoder:
    """How objects are batched; the fields of `BatchableExtensionType` are, each for itself."""
