"""Where in the user's program we are: the innermost frame that is not of this package."""

import inspect
import linecache
import os
import sys
import weakref
from dataclasses import dataclass
from types import CodeType, FrameType, TracebackType

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_internal_paths: list[str] = [_PACKAGE]
_internal_cache: dict[str, bool] = {}


@dataclass(frozen=True)
class SourceLine:
    """One line of the user's program."""

    filename: str
    lineno: int
    function: str
    text: str

    def __str__(self) -> str:
        return f"{os.path.basename(self.filename)}:{self.lineno}: {self.text}"


def add_internal_path(prefix: str) -> None:
    """Frames of files whose path starts so are not shown to users."""
    _internal_paths.append(prefix)
    _internal_cache.clear()


def is_internal(filename: str) -> bool:
    """Whether a file is a part of this package (and thus no user's)."""
    known = _internal_cache.get(filename)
    if known is None:
        known = os.path.abspath(filename).startswith(tuple(_internal_paths))
        _internal_cache[filename] = known
    return known


def internal_files() -> dict:
    """What `is_internal` has said so far, by file name: a shortcut for those who ask often."""
    return _internal_cache


def user_frame(frame: FrameType | None = None) -> FrameType | None:
    """The innermost frame of the user's code, seen from `frame` (default: the caller)."""
    if frame is None:
        frame = sys._getframe(1)
    while frame is not None and is_internal(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def user_line(frame: FrameType | None = None) -> SourceLine | None:
    """The user's line that is being executed, or None if there is none."""
    frame = user_frame(sys._getframe(1) if frame is None else frame)
    if frame is None:
        return None
    code = frame.f_code
    text = linecache.getline(code.co_filename, frame.f_lineno, frame.f_globals).strip()
    return SourceLine(code.co_filename, frame.f_lineno, code.co_name, text)


# By code: why a function runs as plain Python in a traced function.
_plain: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def note_plain(code: CodeType, reason: str) -> None:
    """Says why a function of the user's is not converted."""
    _plain[code] = reason


def why_plain(frame: FrameType | None = None) -> tuple[str, str] | None:
    """The name of the user's function that is running, and why it was not converted; None if it was."""
    frame = user_frame(sys._getframe(1) if frame is None else frame)
    inside = None
    while frame is not None:
        code = frame.f_code
        if code in _plain:
            return code.co_name, _plain[code]
        if code.co_name not in ("<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>"):
            return inside or _why_never(code)
        inside = inside or (code.co_name, "comprehensions stay Python")
        frame = frame.f_back
    return inside


def _why_never(code: CodeType) -> tuple[str, str] | None:
    """The same for code that is never converted, wherever it stands."""
    if code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        return code.co_name, "async functions are not supported"
    return (code.co_name, "generators are not supported") if code.co_flags & inspect.CO_GENERATOR else None


def _is_part_of(inner: CodeType, outer: CodeType) -> bool:
    """Is `inner` a branch or loop body that conversion made a function of, in the user's function `outer`?"""
    if "ag__" not in outer.co_freevars or inner.co_name != outer.co_name or inner is outer:
        return False
    codes = [c for c in outer.co_consts if isinstance(c, CodeType)]
    return any(inner is c or _is_part_of(inner, c) for c in codes)


def filter_traceback(traceback: TracebackType | None) -> TracebackType | None:
    """The same traceback without this package's frames."""
    kept = []
    step = traceback
    while step is not None:
        if not is_internal(step.tb_frame.f_code.co_filename):
            kept.append(step)
        step = step.tb_next
    result = None
    for step in reversed(kept):
        if result is not None and _is_part_of(result.tb_frame.f_code, step.tb_frame.f_code):
            continue
        result = TracebackType(result, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return result
