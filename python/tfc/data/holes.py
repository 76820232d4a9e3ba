"""Datasets of a function being traced: recipes with holes, which the host fills each time the function runs.

What a recipe takes from the program (the dataset that is an argument, tensors whose slices are elements, a batch size)
is a hole. An iteration carries what its holes are filled with.
"""

import functools
import threading
from collections.abc import Callable

from tfc.core import is_symbolic
from tfc.data.steps import END, Steps
from tfc.ops import nest
from tfc.ops.convert import convert_to_tensor


class Hole:
    """`fill(values)` makes what a recipe needs of the values that `tensors` have when the function runs."""

    def __init__(self, tensors: list, fill: Callable):
        self.tensors, self.fill = tensors, fill


class _Filled(threading.local):
    """What the holes of the iteration that runs now are filled with."""

    def __init__(self):
        self.values = {}
        self.noted: list = []
        self.quiet: list = []


_filled = _Filled()


def content(hole: Hole):
    """What is in a hole now; None outside of an iteration that has filled it."""
    return _filled.values.get(hole)


def fill(holes: tuple, arrays: tuple) -> dict:
    """Fills holes, in their order: later ones may need earlier ones."""
    values, rest = {}, iter(arrays)
    for hole in holes:
        given = [convert_to_tensor(next(rest)) for _ in hole.tensors]
        with Holding(values):
            values[hole] = hole.fill(given)
    return values


class Holding:
    """Within it, holes are filled with these values."""

    def __init__(self, values):
        self._values = values

    def __enter__(self):
        self._before = _filled.values
        _filled.values = {**self._before, **self._values}

    def __exit__(self, *_):
        _filled.values = self._before


def holding(values: dict, iterator):
    """The same elements; while each is made, holes are filled with `values`."""

    def step():
        with Holding(values):
            return next(iterator, END)

    return Steps(step)


def union(*groups: tuple) -> tuple:
    """All holes, each once, in order."""
    return tuple(dict.fromkeys(hole for group in groups for hole in group))


def symbolic_in(values) -> list:
    """The symbolic tensors among arguments, each once."""
    plain = [v for v in values if not hasattr(v, "_holes")]
    return list({id(v): v for v in nest.flatten(plain) if is_symbolic(v)}.values())


def note(hole: Hole) -> None:
    """The dataset that is being made has this hole."""
    _filled.noted.append(hole)


def note_quiet(holds: Callable) -> None:
    """The dataset that is being made calls something whose calls nobody can tell apart if `holds()`."""
    _filled.quiet.append(holds)


# Methods whose elements follow from those of the dataset, and from functions of elements, alone.
_QUIET = frozenset((
    "batch", "cache", "concatenate", "enumerate", "filter", "map", "padded_batch", "prefetch", "ragged_batch", "repeat",
    "shard", "skip", "take", "take_while", "unbatch", "with_options",
))  # fmt: skip


def recipe(method: Callable) -> Callable:
    """A method that makes a dataset of others: the result has their holes, and those of sizes that are tensors."""

    @functools.wraps(method)
    def made(self, *args, **kwargs):
        given = [*args, *kwargs.values()]
        tensors = symbolic_in(given)
        if tensors:
            return self._of_sizes(method, args, kwargs, tensors)
        before, _filled.noted, _filled.quiet = (_filled.noted, _filled.quiet), [], []
        try:
            result = method(self, *args, **kwargs)
        finally:
            noted, quiet = _filled.noted, _filled.quiet
            _filled.noted, _filled.quiet = before
        parts = [self, *(v for v in given if hasattr(v, "_holes"))]
        if method.__name__ in _QUIET:
            result._quiet = (*(part._runs_ahead for part in parts), *quiet)
        others = [getattr(v, "_holes", ()) for v in given]
        options = [part._options for part in parts if part._options is not None]
        if options and result._options is None:
            result._options = functools.reduce(lambda a, b: a.merge(b), options)
        result._holes = union(self._holes, *others, tuple(noted), result._holes)
        return result

    return made


def replaced(args: tuple, tensors: list, values) -> tuple:
    """Arguments with values in the place of these tensors."""
    by_id = {id(t): v for t, v in zip(tensors, values, strict=True)}
    return tuple(by_id.get(id(v), v) for v in args)
