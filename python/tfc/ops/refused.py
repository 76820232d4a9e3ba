"""Errors of Python and numpy that come from inside of a public operation, as errors of its arguments.

What this package raises says what was expected. What Python raises where an operation meets an argument that nobody
thought of (no attribute, no index, an infinite number as a length) says only what went wrong on the way.
"""

import enum
import opcode
import re
import sys
from types import FunctionType, TracebackType

from tfc.core.eager import describe
from tfc.core.state import STATE
from tfc.errors import ResourceExhaustedError, page, user_line
from tfc.errors.source import is_internal

# What an operation's caller looks at. Errors of the classes of tf.errors are none of them.
FROM_INSIDE = (
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    ArithmeticError,
    MemoryError,
    RecursionError,
    NotImplementedError,
)
# What errors say of arguments that a trace cannot read: where everything is known, they are no numbers.
_WHILE_TRACING = re.compile(r",? (that|which) (is|are) known while tracing")
_RAISE = opcode.opmap["RAISE_VARARGS"]
_NUMPY = "numpy"
# Methods that operations call, or that are called as often as they are: their errors are their own.
_OFTEN = {
    "Tensor": None,
    "Module": None,
    "GradientTape": frozenset({"note_read", "propagate", "record", "recomputing", "rewind", "watch"}),
    "Variable": frozenset({"assign", "assign_add", "assign_sub", "numpy", "read_value", "value"}),
}


def _module(traceback: TracebackType) -> str:
    return str(traceback.tb_frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_of_user(traceback: TracebackType) -> bool:
    """Is it a call of the user's code, or of another library's, which an argument brought along?"""
    module = _module(traceback)
    if is_internal(traceback.tb_frame.f_code.co_filename):
        return False
    # Methods of dataclasses have no file.
    return module not in (_NUMPY, "tfc") and module not in sys.stdlib_module_names


def _is_deep() -> bool:
    """Is it the program that calls itself: are there half as many calls around this one as Python allows?"""
    most = sys.getrecursionlimit() // 2
    frame = sys._getframe()
    while frame is not None and most > 0:
        frame, most = frame.f_back, most - 1
    return frame is not None


def _says_tracing(error: Exception) -> bool:
    """Does an operation, not the user's code, say in eager execution that something is not known yet?"""
    step = error.__traceback__
    while (step := step.tb_next) is not None:
        if _is_of_user(step):
            return False
    return STATE.interpreter.eager and "known while tracing" in str(error)


def _is_meant(error: Exception) -> bool:
    """Did somebody write `raise`, or was it the user's code?"""
    is_own = isinstance(error, (TypeError, ValueError)) and type(error) not in (TypeError, ValueError)
    # A class that somebody made.
    if is_own and not isinstance(error, UnicodeError):
        return True
    if isinstance(error, RecursionError) and _is_deep():
        return True
    origin = error.__traceback__
    while origin.tb_next is not None:
        origin = origin.tb_next
        if _is_of_user(origin):
            return True
    code = origin.tb_frame.f_code
    if not is_internal(code.co_filename):
        return _module(origin) != _NUMPY
    # Or a page already.
    return code.co_code[origin.tb_lasti] == _RAISE or "\n  " in str(error)


def _show(value, depth: int = 0) -> str:
    try:
        if type(value) in (int, float, bool, str, bytes, type(None)):
            text = repr(value)
            return text if len(text) <= 40 else text[:37] + "..."
        if type(value) in (list, tuple) and len(value) <= 8 and depth < 3:
            inside = ", ".join(_show(v, depth + 1) for v in value)
            return f"[{inside}]" if type(value) is list else f"({inside})"
        return describe(value)
    except Exception:
        # Attributes of a strange object, or a number of more digits than Python shows.
        return type(value).__name__


def clear(error: Exception, public: str, module: str, args, kwargs) -> Exception:
    """What to raise in place of what an operation raised, perhaps the same."""
    is_tracing = _says_tracing(error)
    if not is_tracing and _is_meant(error):
        return error
    name = module.replace("tfc.api.", "tf.").replace("tfc", "tf", 1) if module.startswith("tfc.") else "tf"
    operation = f"{name}.{public}"
    got = ", ".join([*map(_show, args), *(f"{k}={_show(v)}" for k, v in kwargs.items())])
    text = str(error) or type(error).__name__
    if is_tracing:
        text = _WHILE_TRACING.sub("", text).replace("be known while tracing", "be numbers")
    no_memory = isinstance(error, MemoryError) or text.startswith(("array is too big", "Maximum allowed dimension"))
    said = "there is no memory for the result" if no_memory else "the arguments do not fit"
    message = page(
        f"{operation}: {said}: {text}",
        want=f"what help({operation}) says",
        got=got or "no arguments",
        where=user_line(),
        fix="smaller sizes" if no_memory else "other types, shapes or ranges of the arguments",
    )
    if no_memory:
        made = ResourceExhaustedError(None, None, message)
    elif isinstance(error, (TypeError, AttributeError)):
        made = TypeError(message)
    else:
        made = ValueError(message)
    made.__cause__ = error
    return made


def guarded(function: FunctionType, public: str, module: str, skipped: int = 0) -> FunctionType:
    """`function`, whose errors from inside are errors of its arguments; the first `skipped` of them are not shown."""

    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except FROM_INSIDE as error:
            refused = error
        try:
            raise clear(refused, public, module, args[skipped:], kwargs)
        finally:
            del refused  # whose traceback knows this frame

    call.__dict__.update(function.__dict__, __wrapped__=function, __tfc_operation__=function)
    call.__name__, call.__doc__, call.__annotations__ = function.__name__, function.__doc__, function.__annotations__
    call.__module__, call.__qualname__ = function.__module__, function.__qualname__
    return call


_guarded: set[type] = set()


def guard_class(cls: type, public: str, module: str) -> None:
    """The same for the constructor and the public methods of a class, those that it inherits from this package too."""
    if issubclass(cls, (BaseException, enum.Enum)):
        return
    for base in cls.__mro__:
        if not base.__module__.startswith("tfc.") or base in _guarded:
            continue
        _guarded.add(base)
        shown = public if base is cls else base.__name__
        often = _OFTEN.get(base.__name__, ())
        for name, value in list(base.__dict__.items()):
            if name != "__init__" and (name.startswith("_") or often is None or name in often):
                continue
            called = shown if name == "__init__" else f"{shown}.{name}"
            if isinstance(value, FunctionType):
                setattr(base, name, guarded(value, called, module, 1))
            elif isinstance(value, (classmethod, staticmethod)) and isinstance(value.__func__, FunctionType):
                skipped = int(isinstance(value, classmethod))
                setattr(base, name, type(value)(guarded(value.__func__, called, module, skipped)))
