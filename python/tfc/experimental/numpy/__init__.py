"""`tf.experimental.numpy`: numpy's functions and promotion on tensors; they compile and have gradients.

After `experimental_enable_numpy_behavior()` operators promote too, and tensors have numpy's methods.
"""

# ruff: noqa: F401 - this module is what it imports.
import numpy as _np

from tfc.core import Tensor as ndarray
from tfc.dtypes import bool_ as bool_
from tfc.dtypes import (
    complex64,
    complex128,
    float16,
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
from tfc.dtypes import string as object_
from tfc.experimental.numpy import elementwise, manipulation, products, random, reductions
from tfc.experimental.numpy.methods import enable as experimental_enable_numpy_behavior
from tfc.experimental.numpy.promotion import asarray, dtype_of, result_type

for _room in (elementwise, reductions, manipulation, products):
    for _name, _value in vars(_room).items():
        if not _name.startswith("_") and getattr(_value, "__module__", None) == _room.__name__:
            globals()[_name] = _value
del _room, _name, _value

newaxis = None
pi, e, inf, nan = _np.pi, _np.e, _np.inf, _np.nan
int_, float_, complex_, inexact = int64, float64, complex128, _np.inexact
string_ = unicode_ = object_
promote_types = result_type


def finfo(dtype):
    """numpy's limits of a floating dtype."""
    return _np.finfo(dtype_of(dtype).np_dtype)


def iinfo(dtype):
    """numpy's limits of an integer dtype."""
    return _np.iinfo(dtype_of(dtype).np_dtype)


def issubdtype(arg1, arg2) -> bool:
    """numpy's order of dtypes."""
    kinds = [v.np_dtype if hasattr(v, "np_dtype") else v for v in (arg1, arg2)]
    return _np.issubdtype(*kinds)


def isscalar(num) -> bool:
    """Whether it is a number, or a tensor of one element without dimensions."""
    return not num.shape_tuple if isinstance(num, ndarray) else _np.isscalar(num)


__all__ = [n for n in globals() if not n.startswith("_")]
