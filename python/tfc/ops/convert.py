"""From Python and numpy values to tensors, by TensorFlow's rules."""

import numpy as np

from tfc.config.devices import placed
from tfc.core import (
    EagerTensor,
    StringTensor,
    Tensor,
    VariableStorage,
    argument_error,
    current,
    describe,
    dtype_error,
    eager_tensor,
    executing_eagerly,
    string_array,
)
from tfc.dtypes import DTYPES, DType, TensorShape, as_dtype, bool_, complex128, float32, int32, int64, string
from tfc.ops import primitives as p

_NUMBERS = (bool, int, float, complex)
_INT32_MIN, _INT32_MAX = -(2**31), 2**31 - 1
_SUPPORTED = frozenset(d.np_dtype for d in DTYPES)

# Operations that convert a value which cannot take the other operand's dtype by itself: two dtypes are their error.
_SEPARATE = frozenset({"add", "MatMul", "tensordot"})

# The dtype of a kind that has one.
_ONLY = {"b": bool_, "O": string}

# Bytes of an array from which on it matters where it begins.
_LARGE = 4096

# Eager scalars by (type, value, dtype); cleared when it is full.
_scalars: dict = {}


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None) -> Tensor:
    """A tensor of `value`: a tensor, variable, number, numpy array, or (nested) sequence of those.

    Python ints become int32 (int64 if they need it), floats float32, complex numbers complex128; arrays keep
    their dtype.
    With `dtype`, Python numbers and arrays take that dtype; a tensor of another dtype raises `ValueError`, a
    number that does
    not fit `TypeError`. `dtype_hint` is tried first and forgotten if it does not fit.
    """
    if isinstance(value, Tensor):
        if dtype is not None and value.dtype is not as_dtype(dtype):
            raise ValueError(
                f"Tensor conversion requested dtype {as_dtype(dtype).name} for Tensor with dtype "
                f"{value.dtype.name}: {value!r}"
            )
        return value
    if isinstance(value, VariableStorage):
        return convert_to_tensor(p.read_variable(value), dtype)
    if dtype is not None:
        return _convert(value, as_dtype(dtype))
    if dtype_hint is not None:
        try:
            return _convert(value, as_dtype(dtype_hint))
        except (TypeError, ValueError):
            pass
    return _convert(value, None)


def constant(value, dtype=None, shape=None, name="Const") -> Tensor:
    """A tensor of a Python or numpy value, reshaped (or, from a scalar, filled) to `shape` if given."""
    if isinstance(value, Tensor) and type(value) is not EagerTensor and dtype is None and shape is None:
        return value
    if isinstance(value, EagerTensor):
        array = value._view()
        if dtype is not None and array.dtype != as_dtype(dtype).np_dtype:
            array = array.astype(as_dtype(dtype).np_dtype)
        result = eager_tensor(array) if array is not value._view() else value
    else:
        result = convert_to_tensor(value, dtype)
    if type(result) is EagerTensor:
        placed(result)
    if shape is None:
        return result
    dims = TensorShape(shape)
    count = dims.num_elements()
    if result.shape_tuple == dims.dims:
        return result
    size = TensorShape(result.shape_tuple).num_elements()
    if size == count:
        return p.reshape(result, shape=dims.dims)
    if size == 1:
        return p.broadcast_to(p.reshape(result, shape=()), shape=dims.dims)
    raise TypeError(
        f"Eager execution of tf.constant with unsupported shape. Tensor {result!r} "
        f"(converted from {value!r}) has {size} "
        f"elements, but got `shape` {dims} with {count} elements)."
    )


def operands(op: str, x, y, kinds: str = "biufc"):
    """Both operands as tensors of one dtype: a Python or numpy value takes the dtype of the tensor beside it.

    Raises `InvalidArgumentError` if two tensors differ, or the dtype is not one of `kinds`; `TypeError` if a
    value cannot take that dtype.
    """
    # The usual case first: this runs before every binary op.
    if type(x) is EagerTensor and type(y) is EagerTensor and x.dtype is y.dtype and x.dtype.kind in kinds:
        return x, y
    if isinstance(x, VariableStorage):
        x = p.read_variable(x)
    if isinstance(y, VariableStorage):
        y = p.read_variable(y)
    if isinstance(x, Tensor):
        if not isinstance(y, Tensor):
            try:
                y = _beside(y, x.dtype)
            except TypeError:
                if x.dtype is string or op not in _SEPARATE:
                    raise
                y = _convert(y, None)
    elif isinstance(y, Tensor):
        x = _beside(x, y.dtype)
    else:
        x = convert_to_tensor(x)
        y = convert_to_tensor(y, dtype_hint=x.dtype) if op in _SEPARATE else convert_to_tensor(y, x.dtype)
    if x.dtype is not y.dtype:
        raise dtype_error(
            None,
            op,
            f"cannot compute {op} as input #1(zero-based) was expected to be a "
            f"{x.dtype.name} tensor but is a "
            f"{y.dtype.name} tensor [Op:{op}]\n  got:  {describe(x)} and {describe(y)}\n"
            f"  try:  tf.cast(y, tf.{x.dtype.name})",
        )
    if x.dtype.kind not in kinds:
        raise unsupported_dtype(op, x.dtype, kinds)
    return x, y


def operand(op: str, x, kinds: str = "biufc") -> Tensor:
    """One operand as a tensor; `InvalidArgumentError` unless its dtype is one of `kinds`."""
    if not isinstance(x, Tensor):
        # Where only one dtype will do, a value is converted to it.
        x = convert_to_tensor(x, _ONLY.get(kinds) if not isinstance(x, VariableStorage) else None)
    if x.dtype.kind not in kinds:
        raise unsupported_dtype(op, x.dtype, kinds)
    return x


def unsupported_dtype(op: str, dtype: DType, kinds: str) -> Exception:
    allowed = ", ".join(d.name for d in DTYPES if d.kind in kinds)
    return dtype_error(
        None,
        op,
        f"Value for attr 'T' of {dtype.name} is not in the list of allowed values: {allowed} [Op:{op}]",
    )


def common_dtype(values, op: str) -> list[Tensor]:
    """Tensors of one dtype, from a sequence in which Python values take the dtype of the tensors.

    Raises `InvalidArgumentError` (`TypeError` while tracing) if two tensors differ.
    """
    values = [p.read_variable(v) if isinstance(v, VariableStorage) else v for v in sequence(values, "the argument")]
    tensors = [(i, v.dtype) for i, v in enumerate(values) if isinstance(v, Tensor)]
    dtype = tensors[0][1] if tensors else None
    for i, other in tensors:
        if other is not dtype:
            names = ", ".join(d.name for _, d in tensors)
            raise dtype_error(
                None,
                op,
                f"cannot compute {op} as input #{i}(zero-based) was expected to be a {dtype.name} tensor but is a "
                f"{other.name} tensor [Op:{op}]: the tensors have types [{names}] that don't all match\n"
                f"  try:  tf.cast(x, tf.{dtype.name})",
            )
    if dtype is None:
        arrays = [_to_array(v, None) for v in values]
        if len({a.dtype for a in arrays}) > 1:
            dtype = as_dtype(np.result_type(*arrays)) if {a.dtype.kind for a in arrays} <= set("if") else None
            dtype = float32 if dtype is not None and float32.np_dtype in {a.dtype for a in arrays} else dtype
    return [convert_to_tensor(v, dtype) for v in values]


def static_value(tensor) -> np.ndarray | None:
    """The value of a tensor, number or sequence if it is known now (`tf.get_static_value`)."""
    if isinstance(tensor, Tensor):
        return tensor._view() if type(tensor) in (EagerTensor, StringTensor) else current().constant_value(tensor)
    if isinstance(tensor, VariableStorage):
        return None
    return _to_array(tensor, None)


def integer(value, what: str) -> int:
    """An integer argument that has to be known now; `ValueError` if it is not, `TypeError` if it is no integer."""
    if type(value) is int:
        return value
    known = static_value(value) if isinstance(value, (Tensor, VariableStorage)) else value
    if known is None and value is not None:
        raise ValueError(f"{what} has to be known while tracing, got {value!r}")
    array = np.asarray(known) if isinstance(known, (np.ndarray, np.generic, int, float)) else None
    if array is None or array.size != 1 or array.dtype.kind not in "iufb" or not np.isfinite(array).all():
        raise TypeError(f"{what} is an integer, got {value!r}")
    if int(array.item()) != array.item():
        raise TypeError(f"{what} is an integer, got {value!r}")
    return int(array.item())


def number(value, what: str) -> float:
    """A real number that has to be known now; errors as of `integer`."""
    if type(value) in (int, float):
        return value
    known = static_value(value) if isinstance(value, (Tensor, VariableStorage)) else value
    if known is None and value is not None:
        raise ValueError(f"{what} has to be known while tracing, got {value!r}")
    if not isinstance(known, (np.ndarray, np.generic, int, float)) or np.size(known) != 1:
        raise TypeError(f"{what} is a number, got {value!r}")
    known = np.asarray(known)
    if known.dtype.kind not in "iufb":
        raise TypeError(f"{what} is a number, got {value!r}")
    return known.item()


def flag(value, what: str) -> bool:
    """A bool argument that has to be known now; errors as of `integer`."""
    if type(value) is bool:
        return value
    known = static_value(value) if isinstance(value, (Tensor, VariableStorage)) else value
    if known is None and value is not None:
        raise ValueError(f"{what} has to be known while tracing, got {value!r}")
    if (
        known is not None
        and not isinstance(known, (bool, int, np.bool_, np.integer, np.ndarray))
        or np.size(known) != 1
    ):
        raise TypeError(f"{what} is a bool, got {value!r}")
    return bool(np.asarray(known).item()) if known is not None else False


def sequence(values, what: str) -> list:
    """A list of an argument that is one, or a tuple, a tensor with a first dimension, ...; `TypeError` if it is none."""
    if isinstance(values, (str, bytes)) or not hasattr(type(values), "__iter__"):
        raise TypeError(f"{what} is a list, got {values!r}")
    return list(values)


def static_ints(value) -> tuple | None:
    """A shape-like argument as a tuple of int (None where one entry is a tensor without a known value), if
    its length is known.
    """
    if isinstance(value, TensorShape):
        return value.dims
    if isinstance(value, (list, tuple)):
        result = []
        for v in value:
            if isinstance(v, (Tensor, VariableStorage)):
                known = static_value(v)
                result.append(None if known is None else integer(known, "an entry"))
            else:
                result.append(v if v is None else _index(v))
        return tuple(result)
    if isinstance(value, (Tensor, VariableStorage)):
        known = static_value(value)
        return None if known is None else _ints(known, value)
    if isinstance(value, np.ndarray):
        return _ints(value, value)
    return (_index(value),)


def _ints(array, value) -> tuple:
    if array.ndim > 1 or (array.dtype.kind not in "iu" and array.size):
        raise TypeError(f"expected an integer or a vector of integers, got {value!r}")
    return tuple(np.atleast_1d(array).tolist())


def _index(value) -> int:
    try:
        return value.__index__()
    except AttributeError:
        raise TypeError(f"expected an integer, got {value!r}") from None


def is_tensor(x) -> bool:
    """Whether `x` is a tensor or a variable (`tf.is_tensor`)."""
    return isinstance(x, (Tensor, VariableStorage)) or getattr(x, "is_tensor_like", False) is True


def _beside(value, dtype) -> Tensor:
    """The operand beside a tensor of this dtype. Numbers are shared: the user never holds them."""
    kind = type(value)
    # 0.0 == -0.0, and NaN is not even itself: those are made anew.
    if kind not in _NUMBERS or not value or not executing_eagerly():
        return _convert(value, dtype)
    key = (kind, value, dtype)
    found = _scalars.get(key)
    if found is None:
        if len(_scalars) > 4096:
            _scalars.clear()
        found = _scalars[key] = _convert(value, dtype)
    return found


def _convert(value, dtype) -> Tensor:
    if isinstance(value, (list, tuple)) and _has_tensor(value):
        return _pack(value, dtype)
    convert = getattr(value, "__tf_tensor__", None)
    if convert is not None:
        return convert(dtype, None)
    return p.constant(value=_to_array(value, dtype))


def _has_tensor(value) -> bool:
    return any(
        isinstance(v, (Tensor, VariableStorage)) or (isinstance(v, (list, tuple)) and _has_tensor(v)) for v in value
    )


def _leaf_dtype(value):
    for v in value:
        found = v.dtype if isinstance(v, (Tensor, VariableStorage)) else None
        if isinstance(v, (list, tuple)):
            found = _leaf_dtype(v)
        if found is not None:
            return found
    return None


def _pack(value, dtype) -> Tensor:
    """A sequence with tensors somewhere inside, stacked."""
    want = dtype or _leaf_dtype(value)
    parts = [convert_to_tensor(v, want) for v in value]
    dims = [q.shape_tuple for q in parts]
    if any(d is not None and dims[0] is not None and len(d) != len(dims[0]) for d in dims):
        raise argument_error(
            None,
            "stack",
            f"Shapes of all inputs must match: got {', '.join(map(describe, parts))} [Op:stack]",
        )
    return p.concat(*(p.expand_dims(q, axes=(0,)) for q in parts), axis=0)


def _to_array(value, dtype) -> np.ndarray:
    """A new array of a supported dtype; the caller owns it."""
    kind = type(value)
    if kind is np.ndarray or isinstance(value, (np.ndarray, np.generic)):
        return _from_numpy(np.asarray(value), dtype)
    if kind in _NUMBERS:
        return _from_number(value, dtype)
    if isinstance(value, TensorShape):
        if not value.is_fully_defined():
            raise ValueError(f"Cannot convert a partially known TensorShape {value} to a Tensor.")
        return np.array(value.dims, (dtype or int32).np_dtype)
    if isinstance(value, (str, bytes)) and dtype in (None, string):
        return string_array(value)
    if isinstance(value, DType) or value is None or isinstance(value, (str, bytes, dict, set)):
        error = TypeError if dtype is not None and value is not None else ValueError
        if dtype is not None and isinstance(value, (str, bytes)):
            raise TypeError(f"Cannot convert {value!r} to EagerTensor of dtype {dtype.name}")
        raise error(f"Attempt to convert a value ({value!r}) with an unsupported type ({kind}) to a Tensor.")
    if isinstance(value, (list, tuple, range)):
        return _from_sequence(value, dtype)
    if hasattr(value, "__array__") or hasattr(value, "__array_interface__") or hasattr(value, "__dlpack__"):
        by_dlpack = hasattr(value, "__dlpack__") and not hasattr(value, "__array__")
        return _from_numpy(np.from_dlpack(value) if by_dlpack else np.asarray(value), dtype)
    if isinstance(value, _NUMBERS):  # enum.IntEnum and the like
        return _from_number(value, dtype)
    raise ValueError(f"Attempt to convert a value ({value!r}) with an unsupported type ({kind}) to a Tensor.")


def _from_numpy(array: np.ndarray, dtype) -> np.ndarray:
    if dtype is string or (array.dtype.kind in "SUO" and array.size and isinstance(array.flat[0], (str, bytes))):
        return _from_strings(array, dtype)
    if dtype is not None and array.dtype == dtype.np_dtype:
        return _copied(array)
    if array.dtype.newbyteorder("=") not in _SUPPORTED:
        if array.dtype == object and array.size:
            return _from_sequence(array.tolist(), dtype)
        if array.dtype == np.longlong or array.dtype == np.ulonglong:
            return array.astype(np.int64 if array.dtype == np.longlong else np.uint64)
        raise ValueError(f"Failed to convert a NumPy array to a Tensor (Unsupported numpy dtype {array.dtype}).")
    target = array.dtype.newbyteorder("=") if dtype is None else dtype.np_dtype
    if array.dtype == target:
        return _copied(array)
    if array.dtype.kind == "c" and dtype is not None and not dtype.is_complex:
        raise TypeError(f"Cannot convert a complex array to a Tensor of dtype {dtype.name}")
    with np.errstate(all="ignore"):
        return array.astype(target, order="C")


def _copied(array: np.ndarray) -> np.ndarray:
    """A dense copy; a large one begins at a cache line, which vectors of products are read faster from.

    numpy's own memory begins wherever its allocator says.
    """
    if array.nbytes < _LARGE:
        return array.copy(order="C")
    return EagerTensor.from_numpy(array, copy=True)._view()


def _from_strings(array: np.ndarray, dtype) -> np.ndarray:
    if dtype not in (None, string):
        raise TypeError(f"Cannot convert {array.tolist()!r} to EagerTensor of dtype {dtype.name}")
    try:
        return string_array(array)
    except TypeError as e:
        raise TypeError(f"Cannot convert {array.tolist()!r} to EagerTensor of dtype string: {e}") from None


def _float32(value: float) -> np.ndarray:
    with np.errstate(over="ignore"):
        array = np.array(value, np.float32)
    if np.isinf(array) and abs(value) != np.inf:
        raise ValueError(f"Can't convert {value!r} to float32: it is out of range. Give a dtype, such as tf.float64.")
    return array


def _from_number(value, dtype) -> np.ndarray:
    if dtype is None:
        if isinstance(value, bool):
            return np.array(value, np.bool_)
        if isinstance(value, int):
            if _INT32_MIN <= value <= _INT32_MAX:
                return np.array(value, np.int32)
            if -(2**63) <= value < 2**63:
                return np.array(value, np.int64)
            raise ValueError("Can't convert Python sequence with out-of-range integer to Tensor.")
        if isinstance(value, float):
            return _float32(value)
        return np.array(value, np.complex128)
    if not _fits(type(value), dtype):
        raise TypeError(f"Cannot convert {value!r} to EagerTensor of dtype {dtype.name}")
    try:
        with np.errstate(all="ignore"):
            return np.array(value, dtype.np_dtype)
    except OverflowError:
        raise TypeError(f"Cannot convert {value!r} to EagerTensor of dtype {dtype.name}: out of range") from None


def _fits(kind: type, dtype: DType) -> bool:
    """Whether Python numbers of this class may become this dtype."""
    if dtype is string:
        return False
    if issubclass(kind, (bool, np.bool_)):
        return True
    if issubclass(kind, (int, np.integer)):
        return not dtype.is_bool
    if issubclass(kind, (float, np.floating)):
        return dtype.is_differentiable
    return dtype.is_complex


def _leaf_types(value, found: set) -> set:
    for v in value:
        if isinstance(v, (list, tuple)):
            _leaf_types(v, found)
        else:
            found.add(type(v))
    return found


def _from_sequence(value, dtype) -> np.ndarray:
    kinds = set() if isinstance(value, range) else _leaf_types(value, set())
    if dtype is string or (kinds and all(issubclass(k, (str, bytes)) for k in kinds)):
        try:
            # As objects: numpy's own strings drop zeros at the end.
            array = np.array(value, dtype=object)
            return _from_strings(array, dtype)
        except ValueError:
            raise ValueError("Can't convert non-rectangular Python sequence to Tensor.") from None
    try:
        array = np.array(value)
    except (ValueError, OverflowError) as e:
        if isinstance(e, OverflowError):
            raise ValueError("Can't convert Python sequence with out-of-range integer to Tensor.") from None
        raise ValueError("Can't convert non-rectangular Python sequence to Tensor.") from None
    if array.dtype == object:
        odd = next((k for k in kinds if not issubclass(k, (*_NUMBERS, np.generic, np.ndarray))), None)
        if odd is None:
            raise ValueError("Can't convert Python sequence with out-of-range integer to Tensor.")
        raise ValueError(f"Attempt to convert a value ({value!r}) with an unsupported type ({odd}) to a Tensor.")
    if array.dtype.kind in "USO":
        raise (TypeError if dtype else ValueError)(
            f"Can't convert Python sequence with mixed types to Tensor: {value!r}"
        )
    if dtype is not None:
        if any(issubclass(k, (*_NUMBERS, np.number)) and not _fits(k, dtype) for k in kinds):
            raise TypeError(f"Cannot convert {value!r} to EagerTensor of dtype {dtype.name}")
        with np.errstate(all="ignore"):
            return array.astype(dtype.np_dtype)
    if bool in kinds and kinds & {int, float, complex}:
        raise ValueError("Can't convert Python sequence with mixed types to Tensor.")
    if not kinds <= set(_NUMBERS):
        # Python numbers do not widen the numpy values beside them.
        scalars = [k for k in kinds if issubclass(k, np.generic)]
        if scalars and kinds <= {*_NUMBERS, *scalars} and kinds & set(_NUMBERS):
            weak = [k(0) for k in kinds if k in _NUMBERS]
            array = array.astype(np.result_type(*(np.dtype(k) for k in scalars), *weak))
        return _from_numpy(array, None)
    return _default_array(array)


def _default_array(array: np.ndarray) -> np.ndarray:
    """An array of Python numbers in TensorFlow's default dtype for them."""
    kind = array.dtype.kind
    if array.size == 0 or kind == "f":
        return array.astype(float32.np_dtype)
    if kind == "b":
        return array.astype(bool_.np_dtype)
    if kind == "c":
        return array.astype(complex128.np_dtype)
    if kind == "u":
        raise ValueError("Can't convert Python sequence with out-of-range integer to Tensor.")
    small = array.min() >= _INT32_MIN and array.max() <= _INT32_MAX
    return array.astype(int32.np_dtype if small else int64.np_dtype)
