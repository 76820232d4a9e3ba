"""numpy's promotion of operands, for programs that ask for it (`tf.experimental.numpy`)."""

import numpy as np

from tfc.core import Tensor, VariableStorage
from tfc.dtypes import DType, as_dtype, bool_, complex64, float32, float64, int32
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor

_LEVELS = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
# What a Python number stands for beside a tensor that cannot hold it.
_WEAK = {"b": bool_, "i": int32, "f": float32, "c": complex64}

_prefers_float32 = [False]


def prefers_float32() -> bool:
    return _prefers_float32[0]


def set_promotion(prefer_float32: bool) -> None:
    """Whether numbers that numpy would promote to float64 become float32."""
    _prefers_float32[0] = bool(prefer_float32)


def promoted_dtype(*dtypes: DType) -> DType:
    """The dtype that numpy promotes these to."""
    found = as_dtype(np.result_type(*(d.np_dtype for d in dtypes)))
    return float32 if found is float64 and _prefers_float32[0] and float64 not in dtypes else found


def promoted(x, y) -> tuple:
    """Two operands, tensors of different dtypes converted to one; numbers follow the tensor if it can hold them."""
    kinds = tuple(isinstance(v, (Tensor, VariableStorage, np.ndarray, np.generic)) for v in (x, y))
    if kinds == (True, True):
        x, y = convert_to_tensor(x), convert_to_tensor(y)
        if x.dtype is y.dtype or "O" in (x.dtype.kind, y.dtype.kind):
            return x, y
        return _cast(x, y, promoted_dtype(x.dtype, y.dtype))
    tensor, number = (x, y) if kinds[0] else (y, x)
    if not isinstance(number, (bool, int, float, complex)):
        return x, y
    own, other = convert_to_tensor(tensor).dtype, _WEAK[np.dtype(type(number)).kind]
    if own.kind not in _LEVELS or _LEVELS[other.kind] <= _LEVELS[own.kind]:
        return x, y
    dtype = promoted_dtype(own, other)
    return tuple(convert_to_tensor(v, dtype) if v is number else p.cast(v, dtype=dtype) for v in (x, y))


def _cast(x, y, dtype):
    return tuple(v if v.dtype is dtype else p.cast(v, dtype=dtype) for v in (x, y))
