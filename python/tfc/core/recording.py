"""Recorders: what listens to every primitive of a thread. Gradient tapes are recorders.

A recorder has three methods:

* `record(prim, args, attrs, results)`: called after each primitive,
* `tracks(value) -> bool`: whether it wants to know what becomes of this tensor or variable,
* `note_read(variable, value)`: a variable is read, for which this value stands (`core.standing`);

and says whether it `repeats` gradients (a persistent tape), and `pushes` derivatives forward as operations run.

`prim.vjp` is the gradient; `record_operation` makes up a primitive for an operation that brings its own.
"""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Protocol

from tfc._native import add_slow
from tfc.core.standing import standing_in, value_of
from tfc.core.state import STATE


class Recorder(Protocol):
    def record(self, prim, args: tuple, attrs: dict, results) -> None: ...

    def tracks(self, value) -> bool: ...

    def note_read(self, variable, value) -> None: ...

    # Whether it may ask for gradients more than once, and whether it differentiates operations as they run.
    repeats: bool
    pushes: bool


class Operation:
    """An operation with a gradient of its own, in the place of a primitive.

    `vjp(grads, outputs, *inputs)` gets one gradient for each output (None where none arrived) and returns one
    for each input. If it `adds`, it also takes `totals`: for each input None, or its gradient so far, which what it
    returns then includes. The last `private` outputs are for its own gradient: nothing else depends on them.
    """

    __slots__ = ("adds", "name", "num_results", "private", "vjp")
    jvp = None

    def __init__(self, name: str, vjp: Callable, adds: bool = False, private: int = 0):
        self.name, self.adds, self.private = name, adds, private
        # Never 1: `vjp` takes a list of gradients, and inputs may be variables.
        self.num_results = None
        self.vjp = vjp

    def __repr__(self):
        return f"<operation {self.name}>"


def recorders() -> tuple:
    """The recorders of this thread, innermost last."""
    return STATE.recorders


def push_recorder(recorder: Recorder) -> None:
    """Adds a recorder. While there is one, functions are not called natively, so that it hears of them."""
    STATE.recorders = (*STATE.recorders, recorder)
    add_slow(1)


def pop_recorder(recorder: Recorder) -> None:
    """Removes a recorder, wherever it is; nothing happens if it is not there."""
    rest = tuple(r for r in STATE.recorders if r is not recorder)
    if len(rest) < len(STATE.recorders):
        add_slow(-1)
    STATE.recorders = rest


def record(prim, args: tuple, attrs: dict, results) -> None:
    """Tells every recorder that a primitive ran."""
    for recorder in STATE.recorders:
        recorder.record(prim, args, attrs, results)


def should_record(values: Sequence) -> bool:
    """Whether any recorder tracks any of these tensors or variables."""
    if STATE.standing:
        values = [value_of(v) for v in values]
    return any(r.tracks(v) for r in STATE.recorders for v in values)


def record_operation(
    name: str, inputs: Sequence, outputs: Sequence, backward: Callable, adds: bool = False, private: int = 0
) -> None:
    """Tells every recorder of an operation from `inputs` to `outputs` (tensors; inputs also variables).

    `backward(*grads)` gets one gradient an output, None where none arrived, and returns one an input. It runs
    under whatever
    recorders are active then, so it may be differentiated in turn. With `adds` it also takes `totals`, as `Operation`
    says, and what `private` is.
    """

    levels = STATE.standing
    if levels:
        inputs = [value_of(x) for x in inputs]

    def vjp(grads, outs, *ins, **totals):
        if not levels:
            return backward(*grads, **totals)
        with standing_in(*levels):
            return backward(*grads, **totals)

    record(Operation(name, vjp, adds, private), tuple(inputs), {}, tuple(outputs))


@contextmanager
def stop_recording(*only):
    """No recorder (with arguments: none of these) listens inside the block."""
    before = STATE.recorders
    STATE.recorders = tuple(r for r in before if only and all(r is not o for o in only))
    try:
        yield
    finally:
        STATE.recorders = before
