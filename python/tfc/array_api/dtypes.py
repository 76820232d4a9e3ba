"""Data types of the array API standard: promotion, limits, kinds."""

from dataclasses import dataclass

import numpy as np

from tfc.core import Tensor, VariableStorage
from tfc.dtypes import (
    DType,
    as_dtype,
    bool_,
    complex64,
    complex128,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor

STANDARD = {
    "bool": bool_, "int8": int8, "int16": int16, "int32": int32, "int64": int64, "uint8": uint8, "uint16": uint16,
    "uint32": uint32, "uint64": uint64, "float32": float32, "float64": float64, "complex64": complex64,
    "complex128": complex128,
}  # fmt: skip
DEFAULT = {"real floating": float32, "complex floating": complex64, "integral": int32, "indexing": int64}
_KINDS = {
    "bool": "b", "signed integer": "i", "unsigned integer": "u", "integral": "iu", "real floating": "f",
    "complex floating": "c", "numeric": "iufc",
}  # fmt: skip


def isdtype(dtype, kind) -> bool:
    """Whether `dtype` is the type, of the kind, or of one of a tuple of kinds."""
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, str):
        if kind not in _KINDS:
            raise ValueError(f"unknown kind {kind!r}; kinds are {', '.join(_KINDS)}")
        return as_dtype(dtype).kind in _KINDS[kind]
    return as_dtype(dtype) is as_dtype(kind)


def _joined(a: DType, b: DType) -> DType:
    if a is b:
        return a
    kinds = {a.kind, b.kind}
    if "b" in kinds or (kinds & set("iu") and kinds & set("fc")) or a.size == 2 == b.size and kinds == {"f"}:
        raise TypeError(f"{a.name} and {b.name} have no common type: convert one with astype")
    if kinds == {"f", "c"} or kinds == {"f"} or kinds == {"c"}:
        wide = as_dtype(np.result_type(_wider_half(a), _wider_half(b)))
        return wide
    joined = np.result_type(a.np_dtype, b.np_dtype)
    if joined.kind == "f":
        raise TypeError(f"{a.name} and {b.name} have no common type: convert one with astype")
    return as_dtype(joined)


def _wider_half(dtype):
    return np.dtype(np.float32) if dtype.size == 2 and dtype.kind == "f" else dtype.np_dtype


def _fits(value, dtype: DType) -> bool:
    kind = dtype.kind
    if isinstance(value, (bool, np.bool_)):
        return kind == "b"
    if isinstance(value, (int, np.integer)):
        return kind in "iufc"
    if isinstance(value, (float, np.floating)):
        return kind in "fc"
    return kind == "c"


def result_type(*values) -> DType:
    """The type that arrays, types and Python numbers promote to; `TypeError` if the standard names none."""
    dtypes, numbers = [], []
    for v in values:
        if isinstance(v, (bool, int, float, complex)):
            numbers.append(v)
        else:
            dtypes.append(v.dtype if hasattr(v, "dtype") else as_dtype(v))
    if not dtypes:
        raise ValueError("result_type needs at least one array or type")
    out = dtypes[0]
    for d in dtypes[1:]:
        out = _joined(out, d)
    for v in numbers:
        if isinstance(v, complex) and out.kind == "f":
            out = complex128 if out is float64 else complex64
        elif isinstance(v, float) and out.kind in "iu":
            raise TypeError(f"the number {v!r} does not go with {out.name}: convert the array with astype")
        elif not _fits(v, out):
            raise TypeError(f"the number {v!r} does not go with {out.name}")
    return out


def arrays(*values) -> list[Tensor]:
    """Operands as tensors of the type they promote to."""
    if not any(isinstance(v, (Tensor, VariableStorage, np.ndarray, np.generic)) for v in values):
        raise TypeError("at least one operand must be an array")
    values = [v if isinstance(v, (bool, int, float, complex)) else convert_to_tensor(v) for v in values]
    dtype = result_type(*values)
    return [astype(v, dtype) if isinstance(v, Tensor) else convert_to_tensor(v, dtype) for v in values]


def astype(x, dtype, /, *, copy=True, device=None) -> Tensor:
    """The elements as another type. A complex number has no real value: `TypeError`."""
    x, dtype = convert_to_tensor(x), as_dtype(dtype)
    if x.dtype.is_complex and not dtype.is_complex:
        raise TypeError(f"complex numbers cannot become {dtype.name}: take xp.real or xp.abs")
    return x if x.dtype is dtype else p.cast(x, dtype=dtype)


def can_cast(from_, to, /) -> bool:
    """Whether promotion can turn the first type (or an array's) into the second."""
    source = from_.dtype if hasattr(from_, "dtype") else as_dtype(from_)
    try:
        return _joined(source, as_dtype(to)) is as_dtype(to)
    except TypeError:
        return False


@dataclass(frozen=True)
class FloatInfo:
    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: DType


@dataclass(frozen=True)
class IntInfo:
    bits: int
    max: int
    min: int
    dtype: DType


def finfo(type, /) -> FloatInfo:
    """The limits of a floating point type, or of the parts of a complex one."""
    dtype = type.dtype if hasattr(type, "dtype") else as_dtype(type)
    dtype = dtype.real_dtype
    if dtype.kind != "f":
        raise TypeError(f"finfo takes a floating point type, got {dtype.name}")
    if dtype.np_dtype.kind != "f":
        return FloatInfo(16, 2.0**-7, float(dtype.max), float(dtype.min), 2.0**-126, dtype)
    info = np.finfo(dtype.np_dtype)
    return FloatInfo(
        int(info.bits), float(info.eps), float(info.max), float(info.min), float(info.smallest_normal), dtype
    )


def iinfo(type, /) -> IntInfo:
    """The limits of an integer type."""
    dtype = type.dtype if hasattr(type, "dtype") else as_dtype(type)
    if dtype.kind not in "iu":
        raise TypeError(f"iinfo takes an integer type, got {dtype.name}")
    info = np.iinfo(dtype.np_dtype)
    return IntInfo(int(info.bits), int(info.max), int(info.min), dtype)
