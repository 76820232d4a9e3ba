"""Functions of the host: Python functions that traces and compiled code call by number."""

import itertools
import weakref
from collections.abc import Callable

_counter = itertools.count(1)
_functions: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


class HostFunction:
    """A Python function on lists of eager tensors, with a number.

    `specs` say what the results are. Whoever may call the number holds the object: a trace, and the code made of it.
    """

    __slots__ = ("__weakref__", "function", "name", "number", "specs")

    # Whether tapes see nothing of it: then a gradient needs its results only, and does not call it again.
    is_opaque = False
    # Whether another call would give something else: it is never repeated.
    once = False

    def __init__(self, name: str, function: Callable[[list], list], specs: tuple):
        self.name, self.function, self.specs = name, function, specs
        self.number = next(_counter)
        _functions[self.number] = self

    def run(self, inputs: list) -> list:
        """The results, checked against `specs`."""
        return self.function(inputs)

    def call(self, inputs: list, specs: tuple | None = None) -> list:
        """Results of a call through the current interpreter, in whatever way tapes can follow. `specs`: what is known
        of the results, if that is more than the function's own.
        """
        raise NotImplementedError

    def __repr__(self):
        return f"<host function {self.number}: {self.name}>"


def host_function(number: int) -> HostFunction:
    """The function with a number; `LookupError` if nobody holds it any more."""
    found = _functions.get(number)
    if found is None:
        raise LookupError(f"there is no host function {number}: it belonged to a trace that is gone")
    return found
