"""Where in the user's program an op was made, as MLIR locations. Cached per instruction of a code object."""

import itertools
import os
import sys

from tfc.errors import internal_files, is_internal
from tfc.ir.context import context
from tfc.ir.lazy import mlir

_frames: dict = {}
_stacks: dict = {}
_LIMIT = 1 << 16


# Code objects of the package that run a user's function: what is below them is not a part of the trace. By identity:
# to hash a code object, Python hashes all that is in it.
_roots: dict = {}
_known = internal_files()


def add_root(code) -> None:
    """Stacks end at frames of this code object."""
    _roots[id(code)] = code


def user_stack(depth: int = 1, limit: int = 12) -> tuple:
    """((code, instruction), ...) of the frames that are the user's, innermost first, up to `limit` of them.

    Frames that called the function being traced are left out.
    """
    frame = sys._getframe(depth)
    found = []
    while frame is not None:
        code = frame.f_code
        internal = _known.get(code.co_filename)
        if internal is None:
            internal = is_internal(code.co_filename)
        if not internal:
            found.append((code, frame.f_lasti))
            if len(found) == limit:
                break
        elif id(code) in _roots:
            break
        frame = frame.f_back
    return tuple(found)


def position(code, instruction) -> tuple:
    """(line, column) of an instruction, both from 1; column 0 if it is not known."""
    if hasattr(code, "co_positions"):
        line, _, column, _ = next(itertools.islice(code.co_positions(), max(instruction, 0) // 2, None), (None,) * 4)
        if line is not None:
            return line, 0 if column is None else column + 1
    return code.co_firstlineno, 0


def frame_text(key: tuple) -> tuple:
    """(file, line, column, function) of a frame of `user_stack`: all that its location says."""
    code, instruction = key
    name = getattr(code, "co_qualname", code.co_name).replace(".<locals>", "")
    return code.co_filename, *position(code, instruction), name


def _frame_location(key):
    code, instruction = key
    found = _frames.get((id(code), instruction))
    if found is None:
        filename, line, column, name = frame_text(key)
        file = mlir.Location.file(filename, line, column)
        if len(_frames) > _LIMIT:
            _frames.clear()
        # With the code, so that no other one gets its identity.
        found = _frames[id(code), instruction] = mlir.Location.name(name, file), code
    return found[0]


def location(stack: tuple):
    """The MLIR location of a stack of `user_stack`: innermost frame, called from the others."""
    key = tuple([(id(code), instruction) for code, instruction in stack])
    found = _stacks.get(key)
    if found is None:
        with context():
            if not stack:
                made = mlir.Location.unknown()
            elif len(stack) == 1:
                made = _frame_location(stack[0])
            else:
                made = mlir.Location.callsite(_frame_location(stack[0]), [_frame_location(k) for k in stack[1:]])
        if len(_stacks) > _LIMIT:
            _stacks.clear()
        found = _stacks[key] = made, stack
    return found[0]


def stack_text(stack: tuple) -> str | None:
    """`file.py:3` of the innermost frame of a stack, None for an empty one."""
    if not stack:
        return None
    code, instruction = stack[0]
    return f"{os.path.basename(code.co_filename)}:{position(code, instruction)[0]}, in {code.co_name}"


def location_text(loc) -> str | None:
    """`file.py:3` of the innermost file position in a location, None if there is none."""
    if loc is None:
        return None
    if loc.is_a_name():
        return location_text(loc.child_loc)
    if loc.is_a_callsite():
        return location_text(loc.callee)
    if loc.is_a_file():
        return f"{os.path.basename(str(loc.filename))}:{loc.start_line}"
    if loc.is_a_fused():
        return next(filter(None, map(location_text, loc.locations)), None)
    return None


def location_line(loc) -> str:
    """`line 3` of the innermost file position in a location, for lists."""
    text = location_text(loc)
    return f"line {text.rpartition(':')[2]}" if text else "unknown line"
