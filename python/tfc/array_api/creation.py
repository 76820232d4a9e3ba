"""Creation functions of the array API standard."""

import math

import numpy as np

from tfc.array_api.dtypes import DEFAULT
from tfc.config.devices import device_name
from tfc.core import Tensor, VariableStorage, eager_tensor
from tfc.dtypes import as_dtype
from tfc.ops import creation as ops
from tfc.ops import primitives as p
from tfc.ops.array import identity
from tfc.ops.convert import convert_to_tensor
from tfc.ops.diagonals import band_part
from tfc.ops.shapes import broadcast_value
from tfc.ops.triangles import offsets


def devices() -> tuple:
    """What `x.device` may be of an array made by this namespace."""
    return (device_name(-1),)


def check_device(device) -> None:
    """Arrays are made on the CPU; functions run where `tf.device` says."""
    if device not in (None, "CPU:0", "cpu", "/device:CPU:0", *devices()):
        raise ValueError(f"arrays are made on the device 'CPU:0', got {device!r}")


def _default(value):
    if isinstance(value, bool):
        return as_dtype("bool")
    if isinstance(value, int):
        return DEFAULT["integral"] if -(2**31) <= value < 2**31 else as_dtype("int64")
    return DEFAULT["complex floating"] if isinstance(value, complex) else DEFAULT["real floating"]


def asarray(obj, /, *, dtype=None, device=None, copy=None) -> Tensor:
    """An array of numbers, sequences, buffers or arrays. Arrays never change, so that `copy` makes no difference."""
    check_device(device)
    dtype = None if dtype is None else as_dtype(dtype)
    if isinstance(obj, (Tensor, VariableStorage)):
        x = convert_to_tensor(obj)
    elif isinstance(obj, np.ndarray) or hasattr(obj, "__array__") or isinstance(obj, np.generic):
        x = convert_to_tensor(np.asarray(obj))
    elif isinstance(obj, (bool, int, float, complex)):
        return convert_to_tensor(obj, dtype or _default(obj))
    elif isinstance(obj, (list, tuple)):
        leaves = list(_leaves(obj))
        if any(isinstance(leaf, Tensor) for leaf in leaves):
            x = convert_to_tensor(obj, dtype)
        else:
            kind = dtype or (max((_default(v) for v in leaves), key=_rank) if leaves else DEFAULT["real floating"])
            return convert_to_tensor(np.array(obj, kind.np_dtype))
    else:
        x = convert_to_tensor(np.asarray(memoryview(obj)))
    return x if dtype is None or x.dtype is dtype else p.cast(x, dtype=dtype)


def _leaves(obj):
    if isinstance(obj, (list, tuple)):
        for part in obj:
            yield from _leaves(part)
    elif isinstance(obj, np.ndarray):
        yield from obj.ravel().tolist()
    else:
        yield obj


def _rank(dtype):
    return "biufc".index(dtype.kind), dtype.size


def _filled(shape, value, dtype, device):
    check_device(device)
    return broadcast_value(convert_to_tensor(value, as_dtype(dtype)), (shape,) if isinstance(shape, int) else shape)


def zeros(shape, *, dtype=None, device=None) -> Tensor:
    """Zeros."""
    return full(shape, 0, dtype=dtype or DEFAULT["real floating"], device=device)


def ones(shape, *, dtype=None, device=None) -> Tensor:
    """Ones."""
    return full(shape, 1, dtype=dtype or DEFAULT["real floating"], device=device)


empty = zeros


def full(shape, fill_value, *, dtype=None, device=None) -> Tensor:
    """An array of one value."""
    dtype = _default(fill_value) if dtype is None else as_dtype(dtype)
    if dtype.is_bool:
        fill_value = bool(fill_value)
    return _filled(shape, fill_value, dtype, device)


def full_like(x, /, fill_value, *, dtype=None, device=None) -> Tensor:
    """An array of one value, of the shape of `x`."""
    x = convert_to_tensor(x)
    dtype = x.dtype if dtype is None else as_dtype(dtype)
    check_device(device)
    value = convert_to_tensor(bool(fill_value) if dtype.is_bool else fill_value, dtype)
    if None not in x.shape_tuple:
        return p.broadcast_to(value, shape=tuple(x.shape_tuple))
    return p.dynamic_broadcast_to(value, p.shape_of(x, dtype=as_dtype("int64")))


def zeros_like(x, /, *, dtype=None, device=None) -> Tensor:
    """Zeros of the shape of `x`."""
    return full_like(x, 0, dtype=dtype, device=device)


def ones_like(x, /, *, dtype=None, device=None) -> Tensor:
    """Ones of the shape of `x`."""
    return full_like(x, 1, dtype=dtype, device=device)


empty_like = zeros_like


def arange(start, /, stop=None, step=1, *, dtype=None, device=None) -> Tensor:
    """start, start + step, ... below `stop`."""
    check_device(device)
    if stop is None:
        start, stop = 0, start
    if any(isinstance(v, Tensor) for v in (start, stop, step)):
        return ops.range(start, stop, step, dtype=dtype)
    if dtype is None:
        dtype = max((_default(v) for v in (start, stop, step)), key=_rank)
    dtype = as_dtype(dtype)
    count = (
        max(0, math.ceil((stop - start) / step))
        if not all(isinstance(v, int) for v in (start, stop, step))
        else max(0, -((start - stop) // step))
    )
    if dtype.kind in "iu":
        values = (np.arange(count) * int(step) + int(start)).astype(dtype.np_dtype)
    else:
        values = (np.arange(count) * float(step) + float(start)).astype(dtype.np_dtype)
    return p.constant(value=values) if count else _filled((0,), 0, dtype, None)


def linspace(start, stop, /, num, *, dtype=None, device=None, endpoint=True) -> Tensor:
    """`num` numbers at equal distances from `start` to `stop`, with or without the latter."""
    check_device(device)
    if dtype is None:
        is_complex = isinstance(start, complex) or isinstance(stop, complex)
        dtype = DEFAULT["complex floating" if is_complex else "real floating"]
    return convert_to_tensor(np.linspace(start, stop, num, endpoint=endpoint).astype(as_dtype(dtype).np_dtype))


def eye(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None) -> Tensor:
    """Ones on diagonal number `k`, zeros elsewhere."""
    check_device(device)
    dtype = DEFAULT["real floating"] if dtype is None else as_dtype(dtype)
    return convert_to_tensor(np.eye(n_rows, n_cols, k).astype(dtype.np_dtype))


def meshgrid(*arrays, indexing="xy") -> tuple:
    """Coordinate matrices of vectors."""
    if len({a.dtype for a in arrays}) > 1:
        raise ValueError("meshgrid needs arrays of one type")
    if not arrays:
        return ()
    return tuple(ops.meshgrid(*arrays, indexing=indexing))


def tril(x, /, *, k=0) -> Tensor:
    """The elements on and below diagonal number `k`."""
    return _triangle(x, k, True)


def triu(x, /, *, k=0) -> Tensor:
    """The elements on and above diagonal number `k`."""
    return _triangle(x, k, False)


def _triangle(x, k, lower):
    x = convert_to_tensor(x)
    if len(x.shape_tuple) < 2:
        raise ValueError(f"tril and triu take matrices, got shape {x.shape}")
    if k == 0:
        return band_part(x, -1, 0) if lower else band_part(x, 0, -1)
    from_diagonal = offsets(x)
    limit = convert_to_tensor(k, from_diagonal.dtype)
    inside = (p.less_equal if lower else p.greater_equal)(from_diagonal, limit)
    return p.select(inside, x, convert_to_tensor(False if x.dtype.is_bool else 0, x.dtype))


def from_dlpack(x, /, *, device=None, copy=None) -> Tensor:
    """An array that shares the memory of another library's, as far as that goes."""
    check_device(device)
    if isinstance(x, Tensor):
        return identity(x)
    return eager_tensor(np.from_dlpack(x))
