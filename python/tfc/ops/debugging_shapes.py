"""`tf.debugging`: assertions about shapes and types. What is known while tracing raises then, the rest at run time."""

import builtins

import numpy as np

from tfc.core import Tensor, VariableStorage
from tfc.dtypes import TensorShape, as_dtype, as_shape, int32
from tfc.ops import primitives as p
from tfc.ops.array import shape
from tfc.ops.convert import convert_to_tensor, static_value
from tfc.ops.operation import done


def _text(message, text) -> str:
    return f"{message} {text}" if message else text


def _require(condition, message, *tensors):
    p.assert_(condition, *tensors, message=message, summarize=3)


# Types.


def assert_type(tensor, tf_type, message=None, name=None):
    """Raises `TypeError` unless the tensor has this dtype."""
    tensor, want = convert_to_tensor(tensor), as_dtype(tf_type)
    if tensor.dtype is not want:
        raise TypeError(_text(message, f"{tensor!r} must be of type {want!r}; got {tensor.dtype!r}"))
    return done("no_op")


def assert_integer(x, message=None, name=None):
    """Raises `TypeError` unless the dtype is an integer."""
    x = convert_to_tensor(x)
    if not x.dtype.is_integer:
        raise TypeError(_text(message, f'Expected "x" to be integer type. Found: {x.dtype!r}'))
    return done("no_op")


def assert_proper_iterable(values) -> None:
    """Raises `TypeError` if `values` is a tensor, an array or a string, or cannot be iterated over."""
    if isinstance(values, (Tensor, VariableStorage, np.ndarray, str, bytes)):
        raise TypeError(f"Expected argument 'values' to be a 'proper' iterable. Found: {type(values)}")
    if not hasattr(values, "__iter__"):
        raise TypeError(f"Expected argument 'values' to be iterable. Found: {type(values)}")


def assert_same_float_dtype(tensors=None, dtype=None):
    """The common float dtype of all tensors; `ValueError` if they differ or it is no float."""
    want = as_dtype(dtype) if dtype is not None else None
    for t in tensors or ():
        found = convert_to_tensor(t).dtype
        want = want or found
        if found is not want:
            raise ValueError(f"Expected {want!r}, got {found!r}: all tensors must have one dtype")
    if want is not None and not want.is_floating:
        raise ValueError(f"Expected floating point type, got {want!r}.")
    return want or as_dtype("float32")


def is_numeric_tensor(tensor) -> bool:
    """Whether it is a tensor of numbers."""
    return isinstance(tensor, (Tensor, VariableStorage)) and tensor.dtype.is_numeric


# Ranks.


def _rank(x) -> int | None:
    return None if x.shape_tuple is None else len(x.shape_tuple)


def _wanted_rank(rank, what="Rank") -> tuple:
    """(number or None if it is not known, int32 scalar)."""
    rank = convert_to_tensor(rank)
    if rank.shape_tuple not in ((), None):
        raise ValueError(f"{what} must be a scalar, got shape {TensorShape(rank.shape_tuple)}")
    if not rank.dtype.is_integer:
        raise TypeError(f"{what} must be an integer, got {rank.dtype!r}")
    value = static_value(rank)
    return (None if value is None else int(value)), p.cast(rank, dtype=int32)


def _rank_tensor(x):
    dims = shape(x)
    return p.squeeze(shape(dims), axes=(0,))


def _rank_check(name, test, compare, text):
    def function(x, rank, message=None, name=None):
        x = convert_to_tensor(x)
        want, tensor = _wanted_rank(rank)
        if _rank(x) is not None and want is not None:
            if not test(_rank(x), want):
                raise ValueError(
                    _text(
                        message,
                        f"Tensor must have rank {text}{want}. Received rank {_rank(x)}, shape "
                        f"{TensorShape(x.shape_tuple)}",
                    )
                )
            return done("no_op")
        found = _rank_tensor(x)
        _require(
            compare(found, tensor), _text(message, f"Tensor must have rank {text}the second value:"), found, tensor
        )
        return done("assert")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"Raises `ValueError` unless the rank is {text}`rank`; `InvalidArgumentError` at run time if it is not known "
        "before."
    )
    return function


assert_rank = _rank_check("assert_rank", lambda r, w: r == w, p.equal, "")
assert_rank_at_least = _rank_check("assert_rank_at_least", lambda r, w: r >= w, p.greater_equal, "at least ")


def assert_rank_in(x, ranks, message=None, name=None):
    """Raises `ValueError` unless the rank is one of `ranks`; `InvalidArgumentError` at run time if it is not known
    before.
    """
    x = convert_to_tensor(x)
    wanted = [_wanted_rank(r) for r in ranks]
    known = [w for w, _ in wanted]
    if _rank(x) is not None and None not in known:
        if _rank(x) not in known:
            raise ValueError(
                _text(
                    message,
                    f"Tensor must have rank in {tuple(known)}. Received rank {_rank(x)}, shape "
                    f"{TensorShape(x.shape_tuple)}",
                )
            )
        return done("no_op")
    found = _rank_tensor(x)
    fits = None
    for _, tensor in wanted:
        one = p.equal(found, tensor)
        fits = one if fits is None else p.logical_or(fits, one)
    _require(fits, _text(message, f"Tensor must have rank in {tuple(known)}. Received rank:"), found)
    return done("assert")


def assert_scalar(tensor, message=None, name=None):
    """Raises `ValueError` unless the tensor is a scalar."""
    tensor = convert_to_tensor(tensor)
    if tensor.shape_tuple != ():
        raise ValueError(_text(message, f"Expected scalar shape, saw shape: {TensorShape(tensor.shape_tuple)}."))
    return done("no_op")


# Shapes.

_ANY_RANK = (Ellipsis, "...", "*")
_ANY_SIZE = (None, ".")


def assert_shapes(shapes, data=None, summarize=None, message=None, name=None):
    """Raises `ValueError` unless tensors have these shapes; sizes not known while tracing are checked at run time, with
    `InvalidArgumentError`.

    `shapes`: a list of pairs, or a dict by `tensor.ref()`, of a tensor and its sizes: ints, names (equal names stand
    for equal sizes), None or "." (any size), and first perhaps `...` or "*" (any number of dimensions).
    """
    pairs = list(shapes.items() if isinstance(shapes, dict) else shapes)
    checks = [_Shape(tensor, want, message) for tensor, want in pairs]
    names: dict = {}
    for check in checks:
        check.ranks()
    # What is known comes first: it gives names their sizes.
    for check in checks:
        check.sizes(names)
    for check in checks:
        check.at_run_time(names)
    return done("assert")


class _Shape:
    """One tensor and the sizes it must have."""

    def __init__(self, tensor, want, message):
        self.tensor = convert_to_tensor(tensor.deref() if hasattr(tensor, "deref") else tensor)
        self.dims = as_shape(self.tensor.shape_tuple)
        if isinstance(want, TensorShape):
            want = want.as_list()
        if not (hasattr(want, "__iter__") or hasattr(want, "__getitem__")):
            raise ValueError(
                f"{self.text()}.  Specified shape must be an iterable.  An iterable has the attribute `__iter__` or "
                f"`__getitem__`.  Received specified shape: {want}"
            )
        want = tuple(want)
        self.any_rank = bool(want) and want[0] in _ANY_RANK
        self.want = want[1:] if self.any_rank else want
        self.message = message

    def text(self) -> str:
        return f"Tensor shape={self.dims} dtype={self.tensor.dtype.name}"

    def fail(self, text):
        return ValueError(_text(self.message, f"{self.text()}.  {text}"))

    def ranks(self):
        """The rank fits, or is checked at run time."""
        n = len(self.want)
        if self.dims.rank is None:
            found = _rank_tensor(self.tensor)
            compare = p.greater_equal if self.any_rank else p.equal
            text = f"rank must be {'at least ' if self.any_rank else ''}{n}. Received rank:"
            _require(compare(found, convert_to_tensor(n, int32)), _text(self.message, text), found)
        elif not (self.dims.rank >= n if self.any_rank else self.dims.rank == n):
            raise self.fail(f"Tensor rank must be {'at least ' if self.any_rank else ''}{n}, got {self.dims.rank}")

    def known(self):
        """(position from the end, symbol, size or None) of each wanted size."""
        n = len(self.want)
        given = [None] * n if self.dims.rank is None else self.dims.as_list()[self.dims.rank - n :]
        return builtins.zip(builtins.range(-n, 0), self.want, given, strict=True)

    def sizes(self, names):
        """Sizes known while tracing fit; names get theirs."""
        for _, symbol, size in self.known():
            if symbol in _ANY_SIZE or size is None:
                continue
            want = symbol if _is_size(symbol) else names.setdefault(symbol, size)
            if want != size:
                raise self.fail(f"Tensor dimension {symbol!r} must be {want}, got {size}")

    def at_run_time(self, names):
        """The sizes that are not known while tracing; the first of a name is what others are compared with."""
        missing = [(at, symbol) for at, symbol, size in self.known() if size is None and symbol not in _ANY_SIZE]
        if not missing:
            return
        dims = shape(self.tensor)
        for at, symbol in missing:
            found = dims[at]
            want = symbol if _is_size(symbol) else names.setdefault(symbol, found)
            if want is found:
                continue
            want = convert_to_tensor(want, None if isinstance(want, Tensor) else int32)
            text = f"{self.text()}: dimension {symbol!r} must be the first of these, but is the second:"
            _require(p.equal(found, want), _text(self.message, text), want, found)


def _is_size(symbol) -> bool:
    return isinstance(symbol, (int, np.integer)) and not isinstance(symbol, bool)
