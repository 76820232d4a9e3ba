"""Attribute values of primitives <-> MLIR attributes (the table of docs/architecture.md, section 2)."""

import re

import numpy as np

from tfc.dtypes import DType, SpecList, TensorShape, TensorSpec
from tfc.ir.context import context
from tfc.ir.lazy import mlir
from tfc.ir.types import describe_type, dtype_of, element_type, spec_type, tensor_type

_cache: dict = {}
_DYNAMIC = -(2**63)


def attribute(value):
    """The MLIR attribute of a Python value; `TypeError` if there is none."""
    kind = type(value)
    if kind is np.ndarray or isinstance(value, (np.ndarray, np.generic)):
        return elements(np.asarray(value))
    try:
        found = _cache.get((kind, value))
    except TypeError:
        raise TypeError(f"no MLIR attribute for {value!r} of type {kind.__name__}") from None
    if found is None or (kind is float and value == 0):
        with context():
            found = _make(value)
        if len(_cache) > 4096:
            _cache.clear()
        _cache[kind, value] = found
    return found


def _make(value):
    if isinstance(value, bool):
        return mlir.BoolAttr.get(value)
    if isinstance(value, int):
        return mlir.IntegerAttr.get(mlir.IntegerType.get_signless(64), value)
    if isinstance(value, float):
        return mlir.FloatAttr.get(mlir.F64Type.get(), value, loc=mlir.Location.unknown())
    if isinstance(value, str):
        return mlir.StringAttr.get(value)
    if isinstance(value, DType):
        return mlir.TypeAttr.get(element_type(value))
    if isinstance(value, TensorSpec):
        return mlir.TypeAttr.get(spec_type(value))
    if isinstance(value, TensorShape):
        value = value.dims
    if isinstance(value, SpecList):
        return mlir.ArrayAttr.get([mlir.TypeAttr.get(spec_type(v)) for v in value])
    if isinstance(value, tuple):
        return mlir.DenseI64ArrayAttr.get([_DYNAMIC if v is None else int(v) for v in value])
    raise TypeError(f"no MLIR attribute for {value!r} of type {type(value).__name__}")


def segment_sizes(sizes):
    """The attribute that says how operands are grouped."""
    key = "segments", tuple(sizes)
    found = _cache.get(key)
    if found is None:
        with context():
            found = _cache[key] = mlir.DenseI32ArrayAttr.get(list(sizes))
    return found


def elements(array: np.ndarray):
    """A numpy array as `DenseElementsAttr`."""
    dtype = _dtype(array)
    type_ = tensor_type(dtype, array.shape)
    with context():
        if array.size == 0:
            return mlir.Attribute.parse(f"dense<> : {type_}")
        if dtype.is_bool:
            packed = np.packbits(array.reshape(-1), bitorder="little")
            if array.size == 1 or array.all() or not array.any():
                packed = np.array([255 if array.reshape(-1)[0] else 0], np.uint8)
            return mlir.DenseElementsAttr.get(packed, type=element_type(dtype), shape=array.shape)
        if dtype.name == "string":
            return mlir.Attribute.parse(f"dense<{_literal(array.tolist())}> : {type_}")
        array = np.ascontiguousarray(array).reshape(array.shape)
        if dtype.is_complex:
            raise TypeError(f"no MLIR attribute for {array!r}: a complex constant is made of two real ones")
        if dtype.name == "bfloat16":
            return mlir.Attribute.parse(f'dense<"0x{array.tobytes().hex().upper()}"> : {type_}')
        return mlir.DenseElementsAttr.get(array, type=element_type(dtype), shape=array.shape)


def _dtype(array) -> DType:
    # `np.dtype` knows its DType by name: bfloat16 is a dtype of ml_dtypes.
    spec = TensorSpec((), array.dtype)
    return spec.dtype


def array_of(attr) -> np.ndarray:
    """The numpy array of a `DenseElementsAttr`."""
    dtype, dims = describe_type(attr.type)
    if 0 in dims:
        return np.zeros(dims, dtype.np_dtype)
    if dtype.name == "string":
        return _strings_of(str(attr), dims)
    if dtype.is_bool:
        dense = mlir.DenseIntElementsAttr(attr)
        if dense.is_splat:
            return np.full(dims, bool(mlir.BoolAttr(dense.get_splat_value()).value))
        return np.array([bool(v) for v in dense], np.bool_).reshape(dims)
    if dtype.name == "bfloat16":
        return _parse_text(attr, dtype, dims)
    return np.array(attr, dtype=dtype.np_dtype).reshape(dims)


def _literal(value) -> str:
    """Strings as MLIR writes them: what is not plain is in hexadecimal."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    plain = lambda c: 32 <= c < 127 and c not in b'"\\'
    return '"' + "".join(chr(c) if plain(c) else f"\\{c:02X}" for c in value) + '"'


_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\(\\|[0-9A-Fa-f]{2})")


def _strings_of(text: str, dims) -> np.ndarray:
    """The strings of a dense attribute, read from MLIR's own text: the bindings give no other way."""
    unescape = lambda m: b"\\" if m[1] == b"\\" else bytes.fromhex(m[1].decode())
    found = [_ESCAPE.sub(unescape, s.encode()) for s in _QUOTED.findall(text[: text.rindex("> :") + 1])]
    array = np.empty(dims, object)
    if len(found) == 1:
        array.fill(found[0])
    else:
        array.reshape(-1)[:] = found
    return array


def _parse_text(attr, dtype, dims):
    """A type that the bindings give no buffer for: read from MLIR's own text."""
    text = str(attr)
    body = text[text.index("<") + 1 : text.rindex("> :")]
    if body.startswith('"0x'):
        data = np.frombuffer(bytes.fromhex(body[3:-1]), dtype.np_dtype)
    else:
        values = [_number(x) for x in body.replace("[", "").replace("]", "").split(",")]
        data = np.array(values).astype(dtype.np_dtype)
    return np.full(dims, data[0]) if data.size == 1 else data.reshape(dims)


def _number(text: str) -> float:
    text = text.strip()
    if not text.startswith("0x"):
        return float(text)
    # Infinities and NaNs are written as bits.
    return float(np.frombuffer(b"\0\0" + bytes.fromhex(text[2:])[::-1], np.float32)[0])


def python_value(attr):
    """The Python value of an attribute: the inverse of `attribute`."""
    if isinstance(attr, mlir.BoolAttr):
        return mlir.BoolAttr(attr).value
    if isinstance(attr, mlir.IntegerAttr):
        return mlir.IntegerAttr(attr).value
    if isinstance(attr, mlir.FloatAttr):
        return mlir.FloatAttr(attr).value
    if isinstance(attr, mlir.StringAttr):
        return mlir.StringAttr(attr).value
    if isinstance(attr, mlir.TypeAttr):
        type_ = mlir.TypeAttr(attr).value
        if isinstance(type_, (mlir.RankedTensorType, mlir.UnrankedTensorType)):
            dtype, dims = describe_type(type_)
            return TensorSpec(dims, dtype)
        return dtype_of(type_)
    if isinstance(attr, mlir.DenseI64ArrayAttr):
        return tuple(None if v == _DYNAMIC else v for v in mlir.DenseI64ArrayAttr(attr))
    if isinstance(attr, mlir.ArrayAttr):
        return SpecList(python_value(a) for a in mlir.ArrayAttr(attr))
    return array_of(attr)
