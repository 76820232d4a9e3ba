"""Values as numpy sees them: Python ints are int64, floats float64 (or float32 if preferred), and dtypes promote."""

import numpy as np

from tfc.core import Tensor, VariableStorage
from tfc.dtypes import DType, as_dtype, bool_, float32, float64, int64
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.promotion import prefers_float32


def default_float() -> DType:
    return float32 if prefers_float32() else float64


def dtype_of(dtype) -> DType:
    """A dtype argument: a DType, numpy's dtypes, or Python's number types."""
    named = {int: int64, float: default_float(), bool: bool_}.get(dtype) if isinstance(dtype, type) else None
    return named if named is not None else as_dtype(np.dtype(dtype) if isinstance(dtype, type) else dtype)


def allowed(dtype: DType) -> DType:
    """float32 for float64, if float32 is preferred."""
    return float32 if dtype is float64 and prefers_float32() else dtype


def asarray(value, dtype=None) -> Tensor:
    """A tensor of a value, with numpy's dtypes."""
    want = None if dtype is None else dtype_of(dtype)
    if isinstance(value, VariableStorage):
        value = p.read_variable(value)
    if isinstance(value, Tensor):
        return value if want is None or value.dtype is want else p.cast(value, dtype=want)
    if isinstance(value, (list, tuple)) and any(isinstance(v, (Tensor, VariableStorage)) for v in nest.flatten(value)):
        parts = common(*[asarray(v) for v in value])
        made = convert_to_tensor(list(parts))
        return made if want is None or made.dtype is want else p.cast(made, dtype=want)
    array = np.asarray(value)
    if want is None:
        want = (
            allowed(as_dtype(array.dtype)) if array.dtype.kind in "fc" and not isinstance(value, np.ndarray) else None
        )
    return convert_to_tensor(array if want is None else array.astype(want.np_dtype))


def _weight(value):
    """What decides the common dtype: a dtype, or a Python number, which is weak."""
    if isinstance(value, (bool, int, float, complex)) and not isinstance(value, np.generic):
        return value
    if isinstance(value, DType):
        return value.np_dtype
    if isinstance(value, (np.dtype, type)):
        return dtype_of(value).np_dtype
    return asarray(value).dtype.np_dtype


def result_type(*values) -> DType:
    """The dtype that numpy promotes values and dtypes to."""
    weights = [_weight(v) for v in values]
    found = as_dtype(np.result_type(*weights))
    typed = [w for w in weights if isinstance(w, np.dtype)]
    return allowed(found) if float64.np_dtype not in typed else found


def common(*values) -> list[Tensor]:
    """The values as tensors of one dtype."""
    dtype = result_type(*values)
    return [asarray(v, dtype) for v in values]


def floating(value) -> Tensor:
    """The value as a tensor of a floating or complex dtype."""
    x = asarray(value)
    return x if x.dtype.is_floating or x.dtype.is_complex else p.cast(x, dtype=default_float())
