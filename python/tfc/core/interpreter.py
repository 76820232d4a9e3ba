"""`Interpreter`: what a primitive means right now, and which one is current."""

from collections.abc import Callable
from contextlib import contextmanager, nullcontext

from tfc.core.state import DEFAULT, STATE


class TensorList:
    """Base of list values (what a TensorArray holds): eager ones and symbolic ones.

    Attributes: `element` (a TensorSpec: what every element is), `dynamic_size`, and `count`: how many elements there
    are, None where that is not known while tracing.
    """

    __slots__ = ()

    # Is it known that no element was ever set?
    is_unwritten = False


class Interpreter:
    """Gives primitives their meaning. Values (flat lists) are tensors and `TensorList`s.

    Subclasses implement `run`, `cond` and `while_loop`. `eager` says whether tensors have values at once.
    """

    eager = False

    def run(self, prim, args: tuple, attrs: dict):
        """The result(s) of a primitive: a tensor, a tuple if `prim.num_results != 1`, None if it is 0."""
        raise NotImplementedError

    def cond(self, pred, true_fn: Callable[[], list], false_fn: Callable[[], list], name=None) -> list:
        """One of two flat lists of values; `pred` is a bool scalar tensor."""
        raise NotImplementedError

    def while_loop(
        self,
        cond_fn: Callable[..., object],
        body_fn: Callable[..., list],
        init: list,
        *,
        shape_invariants: list | None = None,
        maximum_iterations=None,
        names: list[str] | None = None,
    ) -> list:
        """Flat values after repeating `body_fn(*values)` while `cond_fn(*values)`, a bool scalar, holds.

        `shape_invariants`: one TensorShape or None for each value. `maximum_iterations`: an integer scalar
        tensor or None.
        """
        raise NotImplementedError

    def named(self, name: str, calling: bool, function: Callable, args: tuple, kwargs: dict, kind: str | None = None):
        """The result of a public operation that was given a name. `calling`: it calls functions of the user. `kind`:
        what `whole` says.
        """
        return function(*args, **kwargs)

    def whole(self, kind: str, name: str, function: Callable, args: tuple, kwargs: dict):
        """The result of a public operation that a graph shows as one of this kind, whatever it is made of."""
        return function(*args, **kwargs)

    def controlled_by(self, operations):
        """A context in which a graph shows everything after these operations."""
        return nullcontext()

    def note_constant(self, tensor) -> None:
        """The program made a constant by name."""

    def note_update(self, kind: str) -> None:
        """The last effect is an assignment that a graph shows as one operation of this kind."""

    def constant_value(self, tensor):
        """The value of a tensor as a numpy array if it is known now, else None."""
        return None


def current() -> Interpreter:
    """The interpreter of this thread."""
    return STATE.interpreter


def is_symbolic(tensor) -> bool:
    """Whether this is a value whose number is not known while Python runs (its class says `symbolic =
    True`).
    """
    return getattr(type(tensor), "symbolic", False) is True


def eager() -> Interpreter:
    """The process-wide eager interpreter."""
    return DEFAULT[0]


def executing_eagerly() -> bool:
    """Whether primitives of this thread run at once."""
    return STATE.interpreter.eager


@contextmanager
def using(interpreter: Interpreter):
    """Primitives of this thread go to `interpreter` inside the block."""
    before = STATE.interpreter
    STATE.interpreter = interpreter
    try:
        yield interpreter
    finally:
        STATE.interpreter = before


@contextmanager
def outside():
    """Primitives run eagerly and unrecorded inside the block (`tf.init_scope`)."""
    before, listeners = STATE.interpreter, STATE.recorders
    STATE.interpreter, STATE.recorders = DEFAULT[0], ()
    try:
        yield
    finally:
        STATE.interpreter, STATE.recorders = before, listeners
