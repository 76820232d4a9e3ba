"""Values that variables may not have: what a loop assigns first, and may run zero times.

Where such a variable is read, an assertion says so. Until then its placeholder goes through branches and loops, and
with it a bool that says whether it has been assigned. Where it is read whatever happens, the loop itself asserts.
"""

import weakref
from contextlib import contextmanager

from .. import seam
from .state import State, phrase

# The bool of a placeholder, by the id of its first tensor.
_notes = {}
# For each loop around that is run for the types of its variables: where those are that a loop inside may leave without.
_watching = []


@contextmanager
def watching():
    """Gives the set of the places of variables that loops inside may leave without a value."""
    _watching.append(set())
    try:
        yield _watching[-1]
    finally:
        _watching.pop()


def tell(places):
    """Variables at these places may have no value."""
    places = list(places)
    for known in _watching:
        known.update(places)


def note(value, is_assigned):
    """`value` stands for a variable that has been assigned only if the tensor `is_assigned` says so."""
    leaf = _first_tensor(value)
    if leaf is None:
        check(["a variable"], is_assigned)
    elif not seam.is_known_true(is_assigned):
        here = id(leaf)
        _notes[here] = weakref.ref(leaf, lambda _: _notes.pop(here, None)), is_assigned


def of(value):
    """The bool that was noted for this value, or None."""
    if not _notes:
        return None
    leaf = _first_tensor(value)
    known, is_assigned = _notes.get(id(leaf), (None, None))
    return is_assigned if known is not None and known() is leaf else None


def _first_tensor(value):
    return next((leaf for leaf in seam.flatten(value) if seam.is_value(leaf)), None)


def check(names, is_assigned):
    """Ends the program where the variables have no value."""
    seam.check(is_assigned, f"loop must iterate at least once to initialize {', '.join(names)}")


def assigned(value, name):
    """The value of a variable that is read."""
    if _notes:
        is_assigned = of(value)
        if is_assigned is not None:
            check([name], is_assigned)
    return value


def check_before_reading(function, symbols):
    """The same for those of the variables that have been noted: a statement behind the loop reads them."""
    if not _notes:
        return
    for symbol, slot in zip(symbols, State((function,), symbols).slots, strict=True):
        is_assigned = of(slot.get())
        if is_assigned is not None:
            check([phrase(symbol).strip("'")], is_assigned)
