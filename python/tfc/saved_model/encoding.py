"""Python values, structures and trace types as JSON, and back."""

import base64
import contextlib
import inspect
from collections import OrderedDict, namedtuple

from tfc.dtypes import DType, TensorShape, TensorSpec, as_dtype
from tfc.tracing import (
    DictType,
    FunctionType,
    ListType,
    Literal,
    NamedTupleType,
    Parameter,
    TensorArraySpec,
    TensorType,
    TupleType,
    saved_types,
)
from tfc.tracing.nested_types import FlattenedType
from tfc.tracing.ragged_spec import RaggedType
from tfc.tracing.sparse_spec import SparseType


class NotEncodable(TypeError):
    """A value or type that means something only in the process that has it."""


# Python values.


def encode_value(value):
    """JSON of a Python value that a trace may depend on."""
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return {"float": value.hex()}
    if type(value) is complex:
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if type(value) is bytes:
        return {"bytes": base64.b64encode(value).decode()}
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, DType):
        return {"dtype": value.name}
    if isinstance(value, TensorShape):
        return {"shape": None if value.dims is None else list(value.dims)}
    if isinstance(value, TensorSpec):
        return {"spec": encode_spec(value)}
    if type(value) is list:
        return {"list": [encode_value(v) for v in value]}
    if type(value) is tuple:
        return {"tuple": [encode_value(v) for v in value]}
    if type(value) is dict and all(type(k) is str for k in value):
        return {"dict": {k: encode_value(v) for k, v in value.items()}}
    raise NotEncodable(f"{value!r} of type {type(value).__name__}")


def decode_value(data):
    if not isinstance(data, dict):
        return data
    ((kind, inner),) = data.items()
    return {
        "float": lambda: float.fromhex(inner),
        "complex": lambda: complex(*map(float.fromhex, inner)),
        "bytes": lambda: base64.b64decode(inner),
        "ellipsis": lambda: ...,
        "dtype": lambda: as_dtype(inner),
        "shape": lambda: TensorShape(inner),
        "spec": lambda: decode_spec(inner),
        "list": lambda: [decode_value(v) for v in inner],
        "tuple": lambda: tuple(decode_value(v) for v in inner),
        "dict": lambda: {k: decode_value(v) for k, v in inner.items()},
    }[kind]()


def encode_spec(spec: TensorSpec) -> dict:
    dims = spec.shape.dims
    return {"dtype": spec.dtype.name, "shape": None if dims is None else list(dims), "name": spec.name}


def decode_spec(data: dict) -> TensorSpec:
    return TensorSpec(data["shape"], as_dtype(data["dtype"]), data["name"])


# Structures of results: leaves are numbers.


def encode_structure(value):
    if type(value) is int:
        return value
    if type(value) is list:
        return {"list": [encode_structure(v) for v in value]}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        children = [encode_structure(v) for v in value]
        return {"namedtuple": [type(value).__name__, list(value._fields), children]}
    if type(value) is tuple:
        return {"tuple": [encode_structure(v) for v in value]}
    if type(value) in (dict, OrderedDict) and _plain_keys(value):
        return {"dict": [[k, encode_structure(v)] for k, v in value.items()]}
    name = saved_types.name_of(type(value))
    if name is not None:
        metadata, components = value.__tf_flatten__()
        return {"flattened": [name, encode_value(metadata), [encode_structure(c) for c in components]]}
    raise NotEncodable(f"a result of type {type(value).__name__}")


def _plain_keys(keys) -> bool:
    return all(type(k) in (str, int, bool) for k in keys)


def decode_structure(data):
    if type(data) is int:
        return data
    ((kind, inner),) = data.items()
    if kind == "list":
        return [decode_structure(v) for v in inner]
    if kind == "tuple":
        return tuple(decode_structure(v) for v in inner)
    if kind == "dict":
        return {k: decode_structure(v) for k, v in inner}
    if kind == "flattened":
        name, metadata, components = inner
        made = tuple(decode_structure(c) for c in components)
        return saved_types.class_of(name).__tf_unflatten__(decode_value(metadata), made)
    name, fields, children = inner
    return named_tuple(name, tuple(fields))(*map(decode_structure, children))


_named_tuples: dict = {}


def named_tuple(name: str, fields: tuple):
    """The class that stands for named tuples of this name and these fields in loaded functions."""
    if (name, fields) not in _named_tuples:
        _named_tuples[name, fields] = namedtuple(name, fields)
    return _named_tuples[name, fields]


# Types of arguments.


_FLATTENED = {saved_types.class_of("RaggedTensor"): RaggedType, saved_types.class_of("SparseTensor"): SparseType}


def encode_type(type_):
    if isinstance(type_, TensorType):
        return {"tensor": encode_spec(type_.spec)}
    if isinstance(type_, Literal):
        return {"literal": encode_value(type_.value)}
    if isinstance(type_, ListType):
        return {"list": [encode_type(c) for c in type_.components]}
    if isinstance(type_, TupleType) and type_.tag is tuple:
        return {"tuple": [encode_type(c) for c in type_.components]}
    if isinstance(type_, NamedTupleType):
        return {"namedtuple": [type_.tag.__name__, list(type_.tag._fields), [encode_type(c) for c in type_.components]]}
    if isinstance(type_, DictType) and type_.tag[0] in (dict, OrderedDict) and _plain_keys(type_.tag[1]):
        return {"dict": [list(type_.tag[1]), [encode_type(c) for c in type_.components]]}
    if isinstance(type_, TensorArraySpec):
        dims = type_.element_shape.dims
        shape = None if dims is None else list(dims)
        return {"tensor_array": [shape, type_.dtype.name, type_.dynamic_size, type_.infer_shape]}
    if isinstance(type_, FlattenedType) and saved_types.name_of(type_.tag[0]) is not None:
        cls, metadata = type_.tag
        components = [encode_type(c) for c in type_.components]
        return {"flattened": [saved_types.name_of(cls), encode_value(metadata), components]}
    raise NotEncodable(f"an argument of type {type_!r}")


def decode_type(data):
    ((kind, inner),) = data.items()
    if kind == "tensor":
        return TensorType(decode_spec(inner))
    if kind == "literal":
        return Literal(decode_value(inner))
    if kind == "list":
        return ListType(None, [decode_type(c) for c in inner])
    if kind == "tuple":
        return TupleType(tuple, [decode_type(c) for c in inner])
    if kind == "namedtuple":
        name, fields, components = inner
        return NamedTupleType(named_tuple(name, tuple(fields)), [decode_type(c) for c in components])
    if kind == "tensor_array":
        shape, dtype, dynamic_size, infer_shape = inner
        return TensorArraySpec(shape, as_dtype(dtype), dynamic_size, infer_shape)
    if kind == "flattened":
        name, metadata, components = inner
        tag = saved_types.class_of(name), decode_value(metadata)
        return _FLATTENED.get(tag[0], FlattenedType)(tag, [decode_type(c) for c in components])
    keys, components = inner
    return DictType((dict, tuple(keys)), [decode_type(c) for c in components])


def normalised(type_):
    """The type with the classes that `decode_type` gives: what matters of a class is its name and its fields."""
    if isinstance(type_, NamedTupleType):
        made = named_tuple(type_.tag.__name__, tuple(type_.tag._fields))
        return NamedTupleType(made, [normalised(c) for c in type_.components])
    if isinstance(type_, DictType) and issubclass(type_.tag[0], dict):
        return DictType((dict, type_.tag[1]), [normalised(c) for c in type_.components])
    if isinstance(type_, (ListType, TupleType)):
        return type(type_)(type_.tag, [normalised(c) for c in type_.components])
    return type_


# Functions.


def encode_function_type(type_: FunctionType) -> list:
    return [[p.name, p.kind.name, encode_type(p.type)] for p in type_.parameters]


def decode_function_type(data: list) -> FunctionType:
    kinds = inspect.Parameter
    return FunctionType([Parameter(name, getattr(kinds, kind), decode_type(t)) for name, kind, t in data])


def encode_signature(signature: inspect.Signature) -> list:
    """Parameters of a Python function. A default that has no meaning elsewhere is left out: the argument is needed
    then."""
    made = []
    for parameter in signature.parameters.values():
        entry = [parameter.name, parameter.kind.name]
        if parameter.default is not inspect.Parameter.empty:
            with contextlib.suppress(NotEncodable):
                entry.append({"default": encode_value(parameter.default)})
        made.append(entry)
    return made


def decode_signature(data: list) -> inspect.Signature:
    parameters, optional = [], False
    for name, kind, *default in data:
        kind = getattr(inspect.Parameter, kind)
        value = decode_value(default[0]["default"]) if default else inspect.Parameter.empty
        if kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD):
            if optional and not default:
                value = None  # Python wants a default after a default; a None finds no trace
            optional = optional or bool(default)
        parameters.append(inspect.Parameter(name, kind, default=value))
    return inspect.Signature(parameters)
