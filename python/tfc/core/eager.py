"""`Eager`: the interpreter that computes at once, with each primitive's numpy meaning on zero-copy views."""

import re

import numpy as np

from tfc import _native
from tfc.config.devices import placed, used_gpus
from tfc.core.interpreter import Interpreter
from tfc.core.primitive import Unset
from tfc.core.state import DEFAULT, STATE
from tfc.core.strings import StringTensor, string_array
from tfc.dtypes import DTYPES
from tfc.errors import InvalidArgumentError, OpError, OutOfRangeError, TFCError, UnimplementedError

EagerTensor = _native.EagerTensor
_wrap = EagerTensor.from_numpy

# What `np.errstate(all="ignore")` does, without its microsecond: infinities and NaN are values, not warnings.
try:
    _errors = np._core.umath._extobj_contextvar
    with np.errstate(all="ignore"):
        _IGNORE = _errors.get()
    _set_errors, _reset_errors = _errors.set, _errors.reset
except AttributeError:  # numpy before 2.0
    _IGNORE = dict.fromkeys(("divide", "over", "under", "invalid"), "ignore")

    def _set_errors(settings):
        return np.seterr(**settings)

    def _reset_errors(settings):
        np.seterr(**settings)


for _dtype in DTYPES:
    _native.register_dtype(_dtype.code, _dtype)


def eager_tensor(array) -> "EagerTensor | StringTensor":
    """An eager tensor of an array that nobody else will write to: no copy if it is dense."""
    try:
        return _wrap(array if type(array) is np.ndarray else np.asarray(array), copy=False)
    except TypeError:
        return _strings(array)


def _strings(array):
    """An array that numbers cannot hold: strings, or the error that `from_numpy` raises."""
    kind = array.dtype.kind if isinstance(array, np.ndarray) else "S" if isinstance(array, (str, bytes)) else ""
    if kind == "O" and all(type(v) is bytes for v in array.flat):
        return StringTensor(array)
    if kind and kind in "OSU":
        return StringTensor(string_array(array))
    return _wrap(np.asarray(array), copy=False)


def at_once(*tensors) -> bool:
    """Whether a composition of primitives may compute its value with numpy: they would run now, on these tensors, with
    nobody to hear of them.
    """
    state = STATE
    return (
        state.interpreter.eager
        and not state.recorders
        and not state.standing
        and not used_gpus[0]
        and all(type(t) is EagerTensor for t in tensors)
    )


def quiet():
    """A context in which numpy does not warn about values."""
    return np.errstate(all="ignore")


class Eager(Interpreter):
    """Runs primitives on numpy. Stateless: one object serves all threads."""

    eager = True

    def run(self, prim, args, attrs):
        meaning = prim.meaning
        try:
            if prim.raw:
                return meaning(*args, **attrs)
            views = [a._view() for a in args]
            if prim.quiet:
                token = _set_errors(_IGNORE)
                try:
                    out = meaning(*views, **attrs)
                finally:
                    _reset_errors(token)
            else:
                out = meaning(*views, **attrs)
        except Exception as e:
            raise _explain(prim, args, attrs, e) from None
        if type(out) is tuple:
            made = tuple(_wrap(np.asarray(part), copy=False) for part in out)
            return tuple(map(placed, made)) if used_gpus[0] else made
        try:
            made = _wrap(out if type(out) is np.ndarray else np.asarray(out), copy=False)
        except TypeError:
            return _strings(out)
        return placed(made) if used_gpus[0] else made

    def cond(self, pred, true_fn, false_fn, name=None):
        return true_fn() if pred else false_fn()

    def while_loop(self, cond_fn, body_fn, init, *, shape_invariants=None, maximum_iterations=None, names=None):
        values, count = list(init), 0
        limit = None if maximum_iterations is None else int(maximum_iterations)
        while (limit is None or count < limit) and cond_fn(*values):
            values = list(body_fn(*values))
            count += 1
        return values

    def constant_value(self, tensor):
        return tensor._view() if type(tensor) in (EagerTensor, StringTensor) else None


def describe(value) -> str:
    """A value as errors show it: `float32[2, 3]`."""
    dims = getattr(value, "shape_tuple", None)
    dtype = getattr(value, "dtype", None)
    if dtype is None:
        return type(value).__name__
    if dims is None:
        return f"{dtype.name}[...]"
    return f"{dtype.name}[{', '.join('?' if d is None else str(d) for d in dims)}]"


def _explain(prim, args, attrs, error):
    """The exception to raise when a primitive's meaning failed: TensorFlow's class, with the op and its
    operands.
    """
    if isinstance(error, OpError) and error.op is None:
        # Raised by the meaning itself, which knows neither its name nor what the operands look like.
        return type(error)(None, prim.name, f"{error} [Op:{prim.name}] got: {', '.join(map(describe, args))}")
    if isinstance(error, TFCError):
        return error
    if prim.meaning is Unset:
        return UnimplementedError(None, prim.name, f"{prim.name} has no eager meaning")
    stranger = next((a for a in args if getattr(type(a), "symbolic", False) is True), None)
    if stranger is not None:
        return TypeError(
            f"{prim.name}: {stranger!r} is out of scope: it is a symbolic tensor of a "
            f"traced function and has no value "
            "here. Return it from the function, or use it there."
        )
    if not isinstance(error, (ValueError, TypeError, IndexError, ZeroDivisionError, OverflowError)):
        return error
    kind = OutOfRangeError if isinstance(error, OverflowError) else InvalidArgumentError
    got = ", ".join(map(describe, args))
    text = _clean(error)
    if _OF_TEXT.search(text) and any(type(a) is StringTensor for a in args):
        text = f"expected numbers, got strings ({text})"
    return kind(None, prim.name, f"{text} [Op:{prim.name}] got: {got}")


# What Python and numpy say of texts where they need numbers.
_OF_TEXT = re.compile("invalid literal for|could not convert string|not supported between instances of|'bytes'")


def _clean(error) -> str:
    text = str(error)
    if "could not be broadcast" in text:
        shapes = re.findall(r"\(([\d,]*)\)", text)
        return "Incompatible shapes: " + " vs. ".join(f"[{shape.rstrip(',')}]" for shape in shapes)
    return text


DEFAULT[0] = Eager()
STATE.interpreter = DEFAULT[0]

__all__ = ["Eager", "EagerTensor", "StringTensor", "at_once", "describe", "eager_tensor", "quiet"]
