"""What stands for values while a Python function of a trace runs again.

Such a function closes over tensors and variables of the trace that it was first called in. When the trace is replayed,
other ones are in their places; `standing_in` says which, and primitives, recorders and tapes look it up.
"""

from contextlib import contextmanager

from tfc._native import VariableStorage
from tfc.core.state import STATE


class StandIn:
    """What stands for a variable that changes: `read()` gives what it holds, an assignment changes `current`, and its
    gradient goes to the tensor `source`.
    """

    __slots__ = ()


@contextmanager
def standing_in(*levels: dict):
    """Inside the block other values stand for some: of each level by id of a value; the last level comes first."""
    before = STATE.standing
    STATE.standing = (*before, *levels)
    try:
        yield
    finally:
        STATE.standing = before


def standing() -> tuple:
    """The levels that count now."""
    return STATE.standing


def stand_in_of(x):
    """What stands for a tensor or variable: another one, or for a variable also a tensor or a `StandIn`."""
    for level in reversed(STATE.standing):
        x = level.get(id(x), x)
    return x


def value_of(x):
    """What recorders know a tensor or variable by."""
    for level in reversed(STATE.standing):
        x = level.get(id(x), x)
        x = x.source if isinstance(x, StandIn) else x
    return x


def run_standing(prim, args: tuple, attrs: dict, record):
    """What `Primitive.__call__` does where values stand for others."""
    found = tuple(stand_in_of(a) for a in args)
    if args and isinstance(args[0], VariableStorage) and not isinstance(found[0], VariableStorage):
        return _on_value(prim, args[0], found)
    results = STATE.interpreter.run(prim, found, attrs)
    if STATE.recorders:
        record(prim, found, attrs, results)
    return results


def _on_value(prim, variable, args):
    """A read of a variable, or an assignment, where a value stands for it."""
    memory, *values = args
    if prim.name == "read_variable":
        value = memory.read() if isinstance(memory, StandIn) else memory
        for recorder in STATE.recorders:
            recorder.note_read(variable, value_of(variable))
        return stand_in_of(value)
    if not isinstance(memory, StandIn):
        raise NotImplementedError(f"{prim.name} in a function with a gradient of its own, which runs again for that")
    (memory.current,) = values
    for recorder in STATE.recorders:
        recorder.record(prim, (variable, *values), {}, None)
    return None
