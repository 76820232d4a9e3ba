"""Fields of extension types: which annotations they may have, and values that fit them."""

import collections.abc
import types
import typing

from tfc.core import Tensor, VariableStorage
from tfc.dtypes import DType, TensorShape, TensorSpec, as_dtype, as_shape
from tfc.ops.convert import convert_to_tensor

_PLAIN = (int, float, str, bytes, bool, type(None))


class ImmutableDict(collections.abc.Mapping):
    """A mapping that does not change, and has a hash if its values do."""

    def __init__(self, *args, **kwargs):
        self._items = dict(*args, **kwargs)

    def __getitem__(self, key):
        return self._items[key]

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)

    def __hash__(self):
        return hash(tuple(sorted(self._items.items())))

    def __repr__(self):
        return f"ImmutableDict({self._items})"


class Field:
    """A name, what its values are, and a default (`REQUIRED`: none)."""

    def __init__(self, name: str, kind, default):
        self.name, self.kind, self.default = name, kind, default


REQUIRED = object()


def check_annotation(kind, name: str) -> None:
    """`TypeError` for an annotation that no value fits."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is None or kind in _PLAIN or isinstance(kind, (typing.ForwardRef, str)):
        return
    if origin in (typing.Union, types.UnionType):
        for argument in arguments:
            check_annotation(argument, name)
    elif origin is tuple:
        for argument in arguments:
            if argument is not Ellipsis:
                check_annotation(argument, name)
    elif origin in (collections.abc.Mapping, dict):
        for argument in arguments:
            check_annotation(argument, name)
    elif origin is typing.Literal or kind is tuple:
        return
    elif not isinstance(kind, type) or kind in (list, dict, set, object):
        raise TypeError(f"In field {name!r}: Unsupported type annotation {kind!r}")


def fitted(value, kind, path: str):
    """The value as an annotation has it; `TypeError` if it does not fit."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is None:
        kind = type(None)
    if kind is Tensor:
        return _tensor(value, path)
    if kind is TensorShape and not isinstance(value, TensorShape):
        return _converted(as_shape, value, kind, path)
    if kind is DType and not isinstance(value, DType):
        return _converted(as_dtype, value, kind, path)
    if kind in _PLAIN:
        if type(value) is not kind:
            raise _wrong(path, kind, value)
        return value
    if origin in (typing.Union, types.UnionType):
        return _of_union(value, kind, arguments, path)
    if origin is tuple:
        return _tuple(value, kind, arguments, path)
    if origin in (collections.abc.Mapping, dict):
        if not isinstance(value, collections.abc.Mapping):
            raise _wrong(path, kind, value)
        return ImmutableDict({k: fitted(v, arguments[1], f"{path}[{k!r}]") for k, v in value.items()})
    if origin is typing.Literal:
        if value not in arguments:
            raise _wrong(path, kind, value)
        return value
    if isinstance(kind, type) and (isinstance(value, kind) or _describes(value, kind)):
        return value
    raise _wrong(path, kind, value)


def _describes(value, kind) -> bool:
    """Whether a value is the spec of values of a class."""
    return getattr(value, "value_type", None) is kind


def _tensor(value, path):
    if isinstance(value, (Tensor, TensorSpec)):
        return value
    try:
        return convert_to_tensor(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{path}: expected a Tensor, got {type(value).__name__!r}: {error}") from None


def _converted(convert, value, kind, path):
    try:
        return convert(value)
    except (TypeError, ValueError):
        raise _wrong(path, kind, value) from None


def _of_union(value, kind, arguments, path):
    # A value that is one of them is not converted to another one.
    plain = [a for a in arguments if isinstance(a, type) and a is not Tensor and isinstance(value, a)]
    for argument in [*plain, *arguments]:
        try:
            return fitted(value, argument, path)
        except TypeError:
            continue
    raise _wrong(path, kind, value)


def _tuple(value, kind, arguments, path):
    if not isinstance(value, (tuple, list)):
        raise _wrong(path, kind, value)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        arguments = (arguments[0],) * len(value)
    if len(arguments) != len(value):
        raise _wrong(path, kind, value)
    return tuple(fitted(v, a, f"{path}[{i}]") for i, (v, a) in enumerate(zip(value, arguments, strict=True)))


def _wrong(path, kind, value) -> TypeError:
    name = kind.__name__ if isinstance(kind, type) else str(kind)
    return TypeError(f"{path}: expected {name}, got {type(value).__name__!r}")


# Values apart, and together again. The annotation says what is a component: while a function is traced, or saved, other
# things stand for tensors.

_LEAF = "<component>"


def _is_component(kind) -> bool:
    return isinstance(kind, type) and (issubclass(kind, (Tensor, VariableStorage)) or hasattr(kind, "__tf_flatten__"))


def taken_apart(value, kind, components: list):
    """What a value is without its tensors, which go to `components`."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        kind = _chosen(value, arguments)
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if _is_component(kind):
        components.append(value)
        return _LEAF
    if origin is tuple:
        kinds = (arguments[0],) * len(value) if arguments[1:] == (Ellipsis,) else arguments
        return ("tuple", *(taken_apart(v, k, components) for v, k in zip(value, kinds, strict=True)))
    if origin in (collections.abc.Mapping, dict):
        return ("dict", *((k, taken_apart(value[k], arguments[1], components)) for k in sorted(value)))
    return ("value", type(value).__name__, value)


def _chosen(value, kinds):
    """Which of several annotations a value has."""
    for kind in kinds:
        plain = type(None) if kind is None else kind
        if isinstance(plain, type) and not _is_component(plain) and isinstance(value, plain):
            return plain
        if typing.get_origin(kind) is tuple and isinstance(value, tuple):
            return kind
        if typing.get_origin(kind) in (collections.abc.Mapping, dict) and isinstance(value, ImmutableDict):
            return kind
    return next((k for k in kinds if _is_component(k)), type(value))


def put_together(rest, components):
    """The value of `taken_apart`, of components (an iterator)."""
    if rest == _LEAF:
        return next(components)
    kind, *parts = rest
    if kind == "tuple":
        return tuple(put_together(part, components) for part in parts)
    if kind == "dict":
        return ImmutableDict({k: put_together(part, components) for k, part in parts})
    return parts[1]
