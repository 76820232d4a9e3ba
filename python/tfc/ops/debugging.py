"""`tf.debugging`: assertions about values, shapes and types."""

import numpy as np

from tfc.core import Tensor, VariableStorage, executing_eagerly
from tfc.dtypes import TensorShape, as_dtype, as_shape
from tfc.errors import InvalidArgumentError
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, operands, static_value
from tfc.ops.logging_ops import Assert, split_data
from tfc.ops.printing import tensor_text


def _all(condition: Tensor) -> Tensor:
    axes = tuple(range(len(condition.shape_tuple)))
    return p.reduce_all(condition, axes=axes, keepdims=False) if axes else condition


def _check(condition, summary, message, values, data, summarize, details=None):
    """Asserts that `condition` holds everywhere; raises at once if it is known not to."""
    condition = _all(condition)
    summarize = 3 if summarize is None else int(summarize)
    known = static_value(condition)
    if known is not None and bool(known):
        return
    texts, tensors = split_data(data) if data is not None else ([], list(values.values()))
    lines = [*([str(message)] if message else []), summary, *texts]
    if known is not None and data is None and all(static_value(v) is not None for v in values.values()):
        if details is not None:
            lines += details()
        for name, value in values.items():
            array = static_value(value)
            lines += [f"First {min(summarize, array.size)} elements of {name}:", _first(array, summarize)]
        raise InvalidArgumentError(None, "assert", "\n".join(lines))
    if known is not None and not executing_eagerly():
        raise InvalidArgumentError(None, "assert", "\n".join(lines))
    if data is None:
        lines.append("Values of " + ", ".join(values) + ":")
    p.assert_(condition, *tensors, message="\n".join(lines), summarize=summarize)


def _first(array, count) -> str:
    return tensor_text(np.ravel(array)[: count if count >= 0 else None], -1)


def _binary(name, prim, symbol, kinds):
    def function(x, y, message=None, summarize=None, name=None, data=None):
        x, y = operands(prim.name, x, y, kinds)

        def differences():
            a, b = np.broadcast_arrays(static_value(x), static_value(y))
            bad = np.argwhere(~np.asarray(prim.meaning(a, b)))
            if symbol != "==" or not len(bad):
                return []
            shown = bad[:3]
            at = tuple(shown.T) if a.ndim else ()
            return [
                f"Indices of first {len(shown)} different values:",
                str(shown),
                "Corresponding x values:",
                str(np.atleast_1d(a[at])),
                "Corresponding y values:",
                str(np.atleast_1d(b[at])),
            ]

        condition = prim(x, y)
        summary = f"Condition x {symbol} y did not hold."
        _check(condition, summary, message, {"x": x, "y": y}, data, summarize, differences)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Raises `InvalidArgumentError` unless x {symbol} y holds for all elements, with broadcasting."
    return function


assert_equal = _binary("assert_equal", p.equal, "==", "biufc")
assert_none_equal = _binary("assert_none_equal", p.not_equal, "!=", "biufc")
assert_less = _binary("assert_less", p.less, "<", "iuf")
assert_less_equal = _binary("assert_less_equal", p.less_equal, "<=", "iuf")
assert_greater = _binary("assert_greater", p.greater, ">", "iuf")
assert_greater_equal = _binary("assert_greater_equal", p.greater_equal, ">=", "iuf")


def _sign(name, prim, symbol):
    def function(x, message=None, summarize=None, name=None, data=None):
        x = convert_to_tensor(x)
        condition = prim(x, convert_to_tensor(0, x.dtype))
        _check(condition, f"Condition x {symbol} 0 did not hold.", message, {"x": x}, data, summarize)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Raises `InvalidArgumentError` unless x {symbol} 0 holds for all elements."
    return function


assert_positive = _sign("assert_positive", p.greater, ">")
assert_negative = _sign("assert_negative", p.less, "<")
assert_non_negative = _sign("assert_non_negative", p.greater_equal, ">=")
assert_non_positive = _sign("assert_non_positive", p.less_equal, "<=")


def assert_near(x, y, rtol=None, atol=None, message=None, summarize=None, name=None, data=None):
    """Raises `InvalidArgumentError` unless |x - y| <= atol + rtol * |y| for all elements (10 eps by
    default).
    """
    x, y = operands("assert_near", x, y, "fc")
    eps = 10 * np.finfo(x.dtype.real_dtype.np_dtype).eps if x.dtype.size > 2 else 1e-2
    bound = [convert_to_tensor(eps if t is None else t, x.dtype.real_dtype) for t in (atol, rtol)]
    condition = p.less(p.abs_(p.sub(x, y)), p.add(bound[0], p.mul(bound[1], p.abs_(y))))
    _check(condition, "x and y not equal to tolerance", message, {"x": x, "y": y}, data, summarize)


def assert_all_finite(x, message, name=None) -> Tensor:
    """`x`, if it has no infinity or NaN; else `InvalidArgumentError`."""
    x = convert_to_tensor(x)
    Assert(_all(p.is_finite(x)), [f"{message} : Tensor had NaN or Inf values", x])
    return x


def check_numerics(tensor, message, name=None) -> Tensor:
    """`tensor`, if it has no infinity or NaN; else `InvalidArgumentError`."""
    return assert_all_finite(tensor, message)


def assert_type(tensor, tf_type, message=None, name=None) -> None:
    """Raises `TypeError` unless the tensor has this dtype."""
    tensor, want = convert_to_tensor(tensor), as_dtype(tf_type)
    if tensor.dtype is not want:
        raise TypeError(f"{message or ''} {tensor!r} must be of type {want!r}; got {tensor.dtype!r}".strip())


def assert_integer(x, message=None, name=None) -> None:
    """Raises `TypeError` unless the dtype is an integer."""
    x = convert_to_tensor(x)
    if not x.dtype.is_integer:
        raise TypeError(f'{message or ""} Expected "x" to be integer type. Found: {x.dtype!r}'.strip())


def _rank(x) -> int | None:
    return None if x.shape_tuple is None else len(x.shape_tuple)


def _static_rank(rank) -> int:
    value = static_value(rank)
    if value is None:
        raise NotImplementedError("the expected rank must be known while tracing")
    return int(value)


def _rank_check(name, test, text):
    def function(x, rank, message=None, name=None):
        x, want = convert_to_tensor(x), _static_rank(rank)
        if _rank(x) is not None and not test(_rank(x), want):
            raise ValueError(
                f"{message or ''} Static rank condition failed. Shape "
                f"{TensorShape(x.shape_tuple)} must have rank {text} "
                f"{want}.".strip()
            )
        if _rank(x) is None:
            raise NotImplementedError("tf.debugging.assert_rank of a tensor of unknown rank is not supported")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Raises `ValueError` unless the rank is {text} `rank`."
    return function


assert_rank = _rank_check("assert_rank", lambda r, w: r == w, "exactly")
assert_rank_at_least = _rank_check("assert_rank_at_least", lambda r, w: r >= w, "at least")


def assert_rank_in(x, ranks, message=None, name=None) -> None:
    """Raises `ValueError` unless the rank is one of `ranks`."""
    x, wants = convert_to_tensor(x), [_static_rank(r) for r in ranks]
    if _rank(x) not in wants:
        raise ValueError(f"{message or ''} Shape {TensorShape(x.shape_tuple)} must have a rank in {wants}.".strip())


def assert_scalar(tensor, message=None, name=None) -> None:
    """Raises `ValueError` unless the tensor is a scalar."""
    tensor = convert_to_tensor(tensor)
    if tensor.shape_tuple != ():
        raise ValueError(
            f"{message or ''} Expected scalar shape, saw shape: {TensorShape(tensor.shape_tuple)}.".strip()
        )


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


def assert_shapes(shapes, data=None, summarize=None, message=None, name=None) -> None:
    """Raises `ValueError` unless tensors have these shapes; names stand for sizes that must agree.

    `shapes`: a dict or a list of pairs, tensor and tuple of int, name, None or "..."
    (any number of leading dimensions).
    """
    pairs = shapes.items() if isinstance(shapes, dict) else shapes
    sizes: dict = {}
    for tensor, want in pairs:
        tensor = convert_to_tensor(tensor.deref() if hasattr(tensor, "deref") else tensor)
        dims = as_shape(tensor.shape_tuple)
        want = tuple(want) if isinstance(want, (tuple, list, str)) else (want,)
        if dims.rank is None:
            continue
        if want and want[0] in (Ellipsis, "..."):
            want = (None,) * (dims.rank - len(want) + 1) + want[1:]
        if len(want) != dims.rank:
            raise ValueError(f"{message or ''} Shape {dims} must have rank {len(want)}".strip())
        for size, symbol in zip(dims, want, strict=True):
            if symbol is None or size is None or symbol == ".":
                continue
            expected = symbol if isinstance(symbol, int) else sizes.setdefault(symbol, size)
            if size != expected:
                raise ValueError(
                    f"{message or ''} Specified by tensor of shape {dims}: dimension {symbol!r} must be "
                    f"{expected}, got {size}".strip()
                )
