"""`tf.debugging`: assertions about values. What is known to fail fails at once, also while tracing."""

import numpy as np

from tfc.config import knobs, set_knob
from tfc.core import Tensor, dtype_error, executing_eagerly
from tfc.errors import InvalidArgumentError
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, integer, operands, static_value
from tfc.ops.logging_ops import split_data
from tfc.ops.operation import done
from tfc.ops.printing import tensor_text


def _all(condition: Tensor) -> Tensor:
    if condition.shape_tuple is None:
        condition = p.reshape(condition, shape=(None,))
    axes = tuple(range(len(condition.shape_tuple)))
    return p.reduce_all(condition, axes=axes, keepdims=False) if axes else condition


def _check(condition, summary, message, values, data, summarize, details=None):
    """Asserts that `condition` holds everywhere; raises at once if it is known not to."""
    condition = _all(condition)
    summarize = 3 if summarize is None else integer(summarize, "summarize")
    known = static_value(condition)
    if known is not None and bool(known):
        return done("no_op")
    texts, tensors = split_data(list(values.values()) if data is None else data)
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
    return done("assert")


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
        return _check(condition, summary, message, {"x": x, "y": y}, data, summarize, differences)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Raises `InvalidArgumentError` unless x {symbol} y holds for all elements, with broadcasting."
    return function


assert_equal = _binary("assert_equal", p.equal, "==", "biufcO")
_none_equal = _binary("assert_none_equal", p.not_equal, "!=", "biufcO")
assert_less = _binary("assert_less", p.less, "<", "iuf")
assert_less_equal = _binary("assert_less_equal", p.less_equal, "<=", "iuf")
assert_greater = _binary("assert_greater", p.greater, ">", "iuf")
assert_greater_equal = _binary("assert_greater_equal", p.greater_equal, ">=", "iuf")


def assert_none_equal(x, y, summarize=None, message=None, name=None):
    """Raises `InvalidArgumentError` unless x != y holds for all elements, with broadcasting."""
    return _none_equal(x, y, message, summarize, name)


def _sign(name, prim, symbol):
    def function(x, message=None, summarize=None, name=None, data=None):
        x = convert_to_tensor(x)
        condition = prim(x, convert_to_tensor(0, x.dtype))
        return _check(condition, f"Condition x {symbol} 0 did not hold.", message, {"x": x}, data, summarize)

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
    return _check(condition, "x and y not equal to tolerance", message, {"x": x, "y": y}, data, summarize)


def assert_all_finite(x, message, name=None) -> Tensor:
    """`x`, if it has no infinity or NaN; else `InvalidArgumentError`. (`check_numerics`)"""
    return check_numerics(x, message)


def check_numerics(tensor, message, name=None) -> Tensor:
    """`tensor`, if it has no infinity or NaN; else `InvalidArgumentError` with `message` and which of them it has."""
    x = convert_to_tensor(tensor)
    if not x.dtype.is_floating:
        raise dtype_error(None, "check_numerics", f"check_numerics takes floating-point numbers, got {x.dtype.name}")
    nan, inf = _any(p.is_nan(x)), _any(p.is_inf(x))
    for bad, what in ((p.logical_and(nan, inf), "Inf and NaN"), (nan, "NaN"), (inf, "Inf")):
        text = f"{message} : Tensor had {what} values"
        p.assert_(p.logical_not(bad), message=text, summarize=3)
    return x


def _any(condition: Tensor) -> Tensor:
    if condition.shape_tuple is None:
        condition = p.reshape(condition, shape=(None,))
    axes = tuple(range(len(condition.shape_tuple)))
    return p.reduce_any(condition, axes=axes, keepdims=False) if axes else condition


def enable_traceback_filtering() -> None:
    """Exceptions of functions show the user's frames only (the default)."""
    set_knob("filter_tracebacks", True)


def disable_traceback_filtering() -> None:
    """Exceptions of functions show all frames."""
    set_knob("filter_tracebacks", False)


def is_traceback_filtering_enabled() -> bool:
    """Whether exceptions of functions show the user's frames only."""
    return knobs.filter_tracebacks
