"""Python's operators by ops. `attach_operators` gives them to a class: tensors, and variables too."""

from tfc.core import EagerTensor, Tensor, VariableStorage, current
from tfc.dtypes import shapes_are_tuples
from tfc.ops import math, slicing
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.linalg import matmul
from tfc.ops.promotion import promoted, set_promotion

# Values that bring operators of their own: theirs come first.
_FOREIGN = (str, bytes, dict, set)


def _are_strings(tensor, other) -> bool:
    return isinstance(other, (str, bytes)) and tensor.dtype.kind == "O"


def _binary(function, promotes=False):
    def plain(self, other):
        if type(other) is not EagerTensor and isinstance(other, _FOREIGN) and not _are_strings(self, other):
            return NotImplemented
        return function(self, other)

    def plain_reflected(self, other):
        if isinstance(other, _FOREIGN) and not _are_strings(self, other):
            return NotImplemented
        return function(other, self)

    if not promotes:
        return plain, plain_reflected

    def promoting(self, other):
        return plain(*promoted(self, other))

    def promoting_reflected(self, other):
        return plain_reflected(*promoted(self, other))

    return promoting, promoting_reflected


def _getitem(self, key):
    interpreter = current()
    if interpreter.eager or not _is_basic(key):
        return slicing.getitem(self, key)
    return interpreter.whole("StridedSlice", "strided_slice", slicing.getitem, (self, key), {})


def _is_basic(key) -> bool:
    """Whether a key has integers and slices of integers only."""
    if isinstance(key, slice):
        return all(type(v) is int or v is None for v in (key.start, key.stop, key.step))
    return type(key) is int or key is None or key is Ellipsis or (type(key) is tuple and all(map(_is_basic, key)))


def _logical(boolean, integer):
    def function(x, y):
        x = convert_to_tensor(x)
        return (boolean if x.dtype.is_bool else integer)(x, y)

    return function


def _invert(self):
    x = convert_to_tensor(self)
    return math.logical_not(x) if x.dtype.is_bool else math.invert(x)


def _equal(self, other):
    return _compare(self, other, p.equal, False)


def _not_equal(self, other):
    return _compare(self, other, p.not_equal, True)


def _compare(x, y, prim, if_incompatible):
    """Equality as TensorFlow 2 has it: elementwise; None and shapes that do not broadcast are just
    different.
    """
    if y is None:
        return if_incompatible
    x = convert_to_tensor(x)
    if not isinstance(y, (Tensor, VariableStorage)):
        y = convert_to_tensor(y, x.dtype)
    y = convert_to_tensor(y)
    if not _may_broadcast(x.shape_tuple, y.shape_tuple):
        return convert_to_tensor(if_incompatible)
    return (math.equal if prim is p.equal else math.not_equal)(x, y)


def _may_broadcast(a, b) -> bool:
    if a is None or b is None:
        return True
    return all(m == n or m in (1, None) or n in (1, None) for m, n in zip(a[::-1], b[::-1], strict=False))


def _round(self, ndigits=None):
    if ndigits:
        raise NotImplementedError("round() of a tensor supports no digits: scale it before and after")
    return math.round(self)


_BINARY = {
    "add": math.add,
    "sub": math.subtract,
    "mul": math.multiply,
    "truediv": math.truediv,
    "floordiv": math.floordiv,
    "mod": math.floormod,
    "pow": math.pow,
    "matmul": matmul,
    "and": _logical(math.logical_and, math.bitwise_and),
    "or": _logical(math.logical_or, math.bitwise_or),
    "xor": _logical(math.logical_xor, math.bitwise_xor),
    "lshift": math.left_shift,
    "rshift": math.right_shift,
}

_COMPARISONS = {
    "lt": math.less,
    "le": math.less_equal,
    "gt": math.greater,
    "ge": math.greater_equal,
}


_attached: list[type] = []


def attach_operators(cls: type, promotes=False) -> None:
    """Gives a class with a `dtype`, whose instances `convert_to_tensor` accepts, all operators of tensors.

    With `promotes`, operands of different dtypes are converted to the one that numpy promotes them to.
    """
    if cls not in _attached:
        _attached.append(cls)
    for name, function in _BINARY.items():
        operator, reflected = _binary(function, promotes)
        setattr(cls, f"__{name}__", operator)
        setattr(cls, f"__r{name}__", reflected)
    power = _binary(math.pow, promotes)[0]
    cls.__pow__ = lambda self, exponent, modulo=None: NotImplemented if modulo is not None else power(self, exponent)
    for name, function in _COMPARISONS.items():
        setattr(cls, f"__{name}__", _binary(function, promotes)[0])
    cls.__eq__ = (lambda self, other: _equal(*promoted(self, other))) if promotes else _equal
    cls.__ne__ = (lambda self, other: _not_equal(*promoted(self, other))) if promotes else _not_equal
    cls.__neg__ = lambda self: math.negative(self)
    cls.__pos__ = lambda self: convert_to_tensor(self)
    cls.__abs__ = lambda self: math.abs(self)
    cls.__invert__ = _invert
    cls.__round__ = _round
    cls.__getitem__ = _getitem
    # numpy leaves mixed operations to us.
    cls.__array_priority__ = 100


def enable_numpy_behavior(prefer_float32=False, dtype_conversion_mode=None) -> None:
    """From now on operators promote operands of different dtypes as numpy does, and shapes are tuples to `isinstance`,
    for the whole process: what the array API standard promises, and TensorFlow does not.

    `prefer_float32`: where numpy says float64 although no operand is of that type, the result is float32.
    """
    if dtype_conversion_mode not in (None, "legacy"):
        raise NotImplementedError(
            f"dtype_conversion_mode {dtype_conversion_mode!r} is not supported: leave it out, or say 'legacy'"
        )
    set_promotion(prefer_float32)
    shapes_are_tuples()
    for cls in list(_attached):
        attach_operators(cls, promotes=True)
