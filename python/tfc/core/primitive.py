"""`Primitive`: the name of one op of the dialect, and the one place where ops are called."""

from tfc.core.recording import record
from tfc.core.standing import run_standing
from tfc.core.state import STATE


class Unset:
    """The meaning of a primitive that has no row yet."""


class Primitive:
    """An inert name: the mnemonic of one op of the dialect.

    Calling it runs it through the current interpreter: `args` are the op's operands (tensors, lists,
    variables), `attrs`
    its attributes as plain Python values. Returns a tensor, a tuple of tensors, or None, by `num_results`.

    `batch` is how it runs on many rows at once. `meaning` is what the op computes on numpy arrays; with `raw` it gets
    and returns the operands themselves. `vjp` is its gradient, `jvp` how forward mode derives it. Both come from the
    op's row (`ops.table`), and only interpreters look at them. `quiet` is True if numpy could warn about the values it
    meets.
    """

    __slots__ = ("batch", "jvp", "meaning", "name", "num_results", "quiet", "raw", "vjp")

    def __init__(self, name: str, num_results: int | None = 1):
        self.name = name
        self.num_results = num_results
        self.meaning = Unset
        self.vjp = Unset
        self.jvp = None
        self.batch = None
        self.raw = False
        self.quiet = False

    def __call__(self, *args, **attrs):
        if STATE.standing:
            return run_standing(self, args, attrs, record)
        results = STATE.interpreter.run(self, args, attrs)
        if STATE.recorders:
            record(self, args, attrs, results)
        return results

    def __repr__(self):
        return f"<primitive {self.name}>"

    def __reduce__(self):
        raise TypeError(f"{self!r} cannot be pickled: it is a part of the op table")
