"""Errors of Python and numpy that come from inside of a public operation, as errors of its arguments.

What this package raises says what was expected. What Python raises where an operation meets an argument that nobody
thought of (no attribute, no index, an infinite number as a length) says only what went wrong on the way.
"""

import opcode
import sys
from types import TracebackType

from tfc.core.eager import describe
from tfc.errors import ResourceExhaustedError, page, user_line
from tfc.errors.source import is_internal

# What an operation's caller looks at. Errors of the classes of tf.errors are none of them.
FROM_INSIDE = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, MemoryError, RecursionError)
_RAISE = opcode.opmap["RAISE_VARARGS"]
_NUMPY = "numpy"


def _module(traceback: TracebackType) -> str:
    return str(traceback.tb_frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_of_user(traceback: TracebackType) -> bool:
    """Is it a call of the user's code, or of another library's, which an argument brought along?"""
    module = _module(traceback)
    return not (
        is_internal(traceback.tb_frame.f_code.co_filename) or module == _NUMPY or module in sys.stdlib_module_names
    )


def _is_deep() -> bool:
    """Is it the program that calls itself: are there half as many calls around this one as Python allows?"""
    most = sys.getrecursionlimit() // 2
    frame = sys._getframe()
    while frame is not None and most > 0:
        frame, most = frame.f_back, most - 1
    return frame is not None


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
    if _is_meant(error):
        return error
    name = module.replace("tfc.api.", "tf.").replace("tfc", "tf", 1) if module.startswith("tfc.") else "tf"
    operation = f"{name}.{public}"
    got = ", ".join([*map(_show, args), *(f"{k}={_show(v)}" for k, v in kwargs.items())])
    text = str(error) or type(error).__name__
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
