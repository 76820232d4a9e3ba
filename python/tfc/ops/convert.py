"""From Python and numpy values to tensors, by TensorFlow's rules."""

import collections.abc

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
    executing_eagerly,
    string_array,
)
from tfc.dtypes import (
    DTYPES,
    DType,
    TensorShape,
    as_dtype,
    bool_,
    float16,
    float32,
    float64,
    int32,
    string,
)
from tfc.ops import primitives as p
from tfc.ops.conversion_functions import converted

_NUMBERS = (bool, int, float, complex)
_INT32_MIN, _INT32_MAX = -(2**31), 2**31 - 1
_SUPPORTED = frozenset(d.np_dtype for d in DTYPES)

# Operations that convert a value which cannot take the other operand's dtype by itself: two dtypes are their error.
_SEPARATE = frozenset({"add", "MatMul", "tensordot"})

# The dtype of a kind that has one.
_ONLY = {"b": bool_, "O": string}

# Bytes of an array from which on it matters where it begins.
_LARGE = 4096
# What the leaves of a list are, by their classes; the order matters: bool is an int.
_FAMILIES = {
    "bool": (bool, np.bool_),
    "int": (int, np.integer),
    "float": (float, np.floating),
    "complex": (complex, np.complexfloating),
    "string": (str, bytes),
}
# The dtype of a list of floats, if its first one is of numpy and not float32.
_FLOATS = {np.float64: float64, np.float16: float16}
_MIXED = "Can't convert Python sequence with mixed types to Tensor"
_OUT_OF_RANGE = "Can't convert Python sequence with out-of-range integer to Tensor."

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
    if isinstance(value, Tensor):
        if type(value) is not EagerTensor and type(value) is not StringTensor:
            raise TypeError(
                f"Expected any non-tensor type, but got a tensor instead: {value!r}\n  try:  use the tensor itself, or "
                "tf.broadcast_to"
            )
        if dtype is not None and value.dtype is not as_dtype(dtype):
            raise TypeError(
                f"Expected tensor {value} with dtype {as_dtype(dtype)!r}, but got dtype {value.dtype!r}.\n"
                "  try:  tf.cast"
            )
        result = value
    elif isinstance(value, (list, tuple)) and _has_tensor(value):
        raise (ValueError if executing_eagerly() else TypeError)(
            f"tf.constant takes no tensors inside of a list, got {value!r}\n  try:  tf.stack"
        )
    elif isinstance(value, VariableStorage) and executing_eagerly():
        return constant(np.asarray(p.read_variable(value)), dtype, shape)
    else:
        result = convert_to_tensor(value, dtype)
    if type(result) is EagerTensor:
        placed(result)
    else:
        current().note_constant(result)
    if shape is None:
        return result
    dims = TensorShape(shape)
    count = dims.num_elements()
    if count is None:
        raise ValueError(f"the shape of tf.constant has to be known, got {dims}")
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
    values = [_packed(v) for v in sequence(values, "the argument")]
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


def _packed(value):
    """A variable's value, a list with tensors inside, and what knows how to become a tensor as one; anything else as it
    is.
    """
    if isinstance(value, VariableStorage):
        return p.read_variable(value)
    if isinstance(value, (list, tuple)):
        return _pack(value, None) if _has_tensor(value) else value
    made = _by_itself(value, None)
    return value if made is NotImplemented else made


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
    """A list of an argument that is one, or a tuple, a tensor with a first dimension, ...; `TypeError` if not."""
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
    made = _by_itself(value, dtype)
    return p.constant(value=_to_array(value, dtype)) if made is NotImplemented else made


def _by_itself(value, dtype):
    """The tensor that an object of a user's class says it is; NotImplemented for any other."""
    convert = getattr(value, "__tf_tensor__", None)
    return converted(value, dtype) if convert is None else convert(dtype, None)


def _has_tensor(value) -> bool:
    # By classes: lists are long.
    kinds = set(map(type, value))
    if any(issubclass(k, (Tensor, VariableStorage)) for k in kinds):
        return True
    return any(issubclass(k, (list, tuple)) for k in kinds) and any(
        _has_tensor(v) for v in value if isinstance(v, (list, tuple))
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
    """A sequence with tensors somewhere inside, stacked, then converted to `dtype` if it is given."""
    want = _leaf_dtype(value)
    parts = []
    for at, v in enumerate(value):
        part = convert_to_tensor(v, None if isinstance(v, (Tensor, VariableStorage)) else want)
        if part.dtype is not want:
            raise dtype_error(
                None,
                "stack",
                f"cannot compute stack as input #{at}(zero-based) was expected to be a {want.name} tensor but is a "
                f"{part.dtype.name} tensor [Op:Pack]\n  try:  tf.cast(x, tf.{want.name})",
            )
        parts.append(part)
    dims = [q.shape_tuple for q in parts]
    if any(d is not None and dims[0] is not None and len(d) != len(dims[0]) for d in dims):
        raise argument_error(
            None,
            "stack",
            f"Shapes of all inputs must match: got {', '.join(map(describe, parts))} [Op:stack]",
        )
    whole = p.concat(*(p.expand_dims(q, axes=(0,)) for q in parts), axis=0)
    return whole if dtype in (None, want) else p.cast(whole, dtype=dtype)


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
    if isinstance(value, memoryview):
        return _from_sequence(value.tolist(), dtype)
    if isinstance(value, collections.abc.Sequence):  # deques, array.array, bytearray, ...
        return _from_sequence(list(value), dtype)
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
            if dtype is None:
                kind = type(array.flat[0]).__name__
                raise ValueError(f"Failed to convert a NumPy array to a Tensor (Unsupported object type {kind}).")
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
            raise ValueError(_OUT_OF_RANGE)
        if isinstance(value, float):
            return _float32(value)
        return np.array(value, np.complex128)
    if not _fits(type(value), dtype):
        raise TypeError(f"Cannot convert {value!r} to EagerTensor of dtype {dtype.name}")
    return _cast(_rectangular(value, _widest_type({_family(type(value)): None}, dtype)), dtype)


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


def _family(kind: type) -> str | None:
    """What a number or string of this class is, among `_FAMILIES`; None for anything else."""
    return next((f for f, classes in _FAMILIES.items() if issubclass(kind, classes)), None)


def _leaf_kinds(value, found: dict) -> dict:
    """The classes of the values in a nest, the first one's first (as keys); arrays count as what they hold."""
    kinds = set(map(type, value))
    kinds = kinds if len(kinds) < 2 else dict.fromkeys(map(type, value))
    if not any(issubclass(k, (list, tuple, range, np.ndarray, TensorShape)) for k in kinds):
        found.update(dict.fromkeys(kinds))
        return found
    for v in value:
        if isinstance(v, (list, tuple)):
            _leaf_kinds(v, found)
        elif isinstance(v, (range, TensorShape)):
            found[int] = None
        elif isinstance(v, np.ndarray):
            if v.size:
                found[type(v.flat[0]) if v.dtype == object else v.dtype.type] = None
        else:
            found[type(v)] = None
    return found


def _from_sequence(value, dtype) -> np.ndarray:
    kinds = {int: None} if isinstance(value, range) else _leaf_kinds(value, {})
    families = {_family(k): k for k in kinds}
    if None in families and not issubclass(families[None], np.generic):
        odd = families[None]
        raise ValueError(f"Attempt to convert a value ({value!r}) with an unsupported type ({odd}) to a Tensor.")
    if dtype is string or (families and set(families) == {"string"}):
        if set(families) - {"string"}:
            raise ValueError(f"{_MIXED}: {value!r}")
        # As objects: numpy's own strings drop zeros at the end.
        return _from_strings(_rectangular(value, object), dtype)
    if "string" in families:
        raise (TypeError if dtype else ValueError)(f"{_MIXED}: {value!r}")
    if dtype is not None:
        if any(not _fits(k, dtype) for f, k in families.items() if f is not None):
            raise TypeError(f"Cannot convert {value!r} to EagerTensor of dtype {dtype.name}")
        return _cast(_rectangular(value, _widest_type(families, dtype)), dtype)
    if not families:
        return _rectangular(value, float32.np_dtype)
    if None in families:  # types that numpy does not know
        return _from_numpy(_rectangular(value, None), None)
    first = next(iter(kinds))
    family = _common_family(_family(first), set(families), kinds)
    if family is None:
        raise ValueError(f"{_MIXED}: {value!r}\n  try:  give a dtype, such as tf.float32")
    if family == "int":
        # numpy wraps around what is in arrays.
        wide = np.uint64 in kinds and _rectangular(value, None)
        if wide is not False and wide.dtype.kind == "u" and wide.size and wide.max() > 2**63 - 1:
            raise ValueError(_OUT_OF_RANGE)
        array = _rectangular(value, np.int64)
        small = not array.size or (array.min() >= _INT32_MIN and array.max() <= _INT32_MAX)
        return array.astype(np.int32) if small else array
    if family == "float":
        return _float_array(_rectangular(value, np.float64), _FLOATS.get(first, float32))
    return _rectangular(value, np.bool_ if family == "bool" else np.complex128)


def _common_family(first: str, families: set, kinds) -> str | None:
    """What a list becomes: the first value says it, except that ints may turn out to be floats; None if values do not
    go together.
    """
    if first in ("int", "float") and families <= {"bool", "int", "float"} and np.bool_ not in kinds:
        return "float" if "float" in families else "int"
    if first == "complex":
        return first
    return first if families == {first} else None


def _widest_type(families, dtype: DType):
    """What numpy holds the values in before they become the dtype."""
    if None in families:
        return None
    if dtype.is_complex:
        return np.complex128
    if dtype.is_floating or "float" in families:
        return np.float64
    return np.uint64 if dtype.np_dtype == np.uint64 else np.int64


def _rectangular(value, np_dtype) -> np.ndarray:
    try:
        return np.array(value, np_dtype)
    except OverflowError:
        raise ValueError(_OUT_OF_RANGE) from None
    except (ValueError, TypeError):
        raise ValueError("Can't convert non-rectangular Python sequence to Tensor.") from None


def _cast(array: np.ndarray, dtype: DType) -> np.ndarray:
    """The numbers in the dtype; integers that it cannot hold wrap around, as in C."""
    with np.errstate(all="ignore"):
        return array.astype(dtype.np_dtype)


def _float_array(array: np.ndarray, dtype: DType) -> np.ndarray:
    """Python numbers in a floating dtype that nobody asked for: it has to hold them."""
    made = _cast(array, dtype)
    if (np.isinf(made) & ~np.isinf(array)).any():
        raise ValueError(
            f"Can't convert Python sequence with a value out of range for {dtype.name}.\n  try:  give a dtype, such as "
            "tf.float64"
        )
    return made
