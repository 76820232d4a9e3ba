"""The variables of a control statement, read and written where they live: closure cells, globals,
attributes, items.
"""

import itertools
import operator
from contextlib import suppress

from .. import seam
from . import changes
from .containers import is_set_by_function
from .missing import NO_RETURN, UNDEFINED, UNSET_RETURN, NoReturn, is_missing
from .spoiled import Spoiled
from .symbol_text import describe

__all__ = ["NO_RETURN", "UNDEFINED", "UNSET_RETURN", "NoReturn", "State", "describe", "is_missing"]

RETURN, RETURN_VALUE = "ag__return", "ag__value"


class State:
    """The variables `symbols` (see `rewrite.symbols`) of functions that share them by closure."""

    def __init__(self, functions, symbols):
        cells, module = {}, {}
        for function in functions:
            if function is not None:
                cells.update(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
                module = function.__globals__
        self.symbols = symbols
        self.slots = [self._slot(s, cells, module) for s in symbols]

    def drop(self, ends, keeps=lambda symbol, value: True):
        """Without the variables for which `keeps(symbol, value)` is false, and those that functions of the user's give
        and take. Gives `ends`, numbers of variables, as they are then.
        """
        kept = [
            (type(slot) is not _Path or slot.is_variable()) and keeps(symbol, slot.get())
            for symbol, slot in zip(self.symbols, self.slots, strict=True)
        ]
        self.symbols, self.slots = (tuple(itertools.compress(v, kept)) for v in (self.symbols, self.slots))
        return [sum(kept[:end]) for end in ends]

    @staticmethod
    def _slot(symbol, cells, module):
        if isinstance(symbol, tuple) and symbol[-1] == "[*]":
            base = symbol[:-1] if len(symbol) > 2 else symbol[0]
            return _Items(State._slot(base, cells, module))
        if isinstance(symbol, tuple):
            return _Path(symbol, cells, module)
        return _Cell(cells[symbol]) if symbol in cells else _Global(symbol, module)

    def add(self, symbol, slot):
        """One variable more."""
        self.symbols = (*self.symbols, symbol)
        self.slots = [*self.slots, slot]

    def locations(self):
        """Where the variables are: `(id of a container, key)` each, see `changes`."""
        return {slot.location() for slot in self.slots}

    def get(self):
        return [slot.get() for slot in self.slots]

    def set(self, values):
        for slot, value in zip(self.slots, values, strict=True):
            slot.set(value)

    def index(self, symbol):
        return self.symbols.index(symbol)


def flags(function, names):
    """The cells of the flags `names` that `function` sets."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    return [cells[name] for name in names]


def phrase(symbol):
    """How an error begins that is about this variable."""
    return "the return value" if symbol == RETURN_VALUE else f"'{describe(symbol)}'"


def call(function, *args):
    """Runs a part of the user's function that was made a function; an unbound local raises what it would
    have raised there.
    """
    try:
        return function(*args)
    except NameError as e:
        raise local_error(e, function) from e.__cause__


def local_error(e, function):
    """The NameError that Python raises if the local it is about is not shared between functions."""
    if type(e) is NameError and "free variable" in str(e) and e.name in function.__code__.co_freevars:
        text = f"cannot access local variable '{e.name}': '{e.name}' is used before assignment"
        return UnboundLocalError(text, name=e.name).with_traceback(e.__traceback__.tb_next)
    return e


class _Cell:
    __slots__ = ("cell",)

    def __init__(self, cell):
        self.cell = cell

    def get(self):
        try:
            return self.cell.cell_contents
        except ValueError:
            return UNDEFINED

    def set(self, value):
        if value is not UNDEFINED:
            self.cell.cell_contents = value
            return
        with suppress(ValueError):
            del self.cell.cell_contents

    def location(self):
        return id(self.cell), None


class _Global:
    __slots__ = ("module", "name")

    def __init__(self, name, module):
        self.name, self.module = name, module

    def get(self):
        return self.module.get(self.name, UNDEFINED)

    def set(self, value):
        if value is UNDEFINED:
            self.module.pop(self.name, None)
        else:
            self.module[self.name] = value

    def location(self):
        return id(self.module), self.name


class _Path:
    """`self.x`, `d['k']` and longer ones."""

    __slots__ = ("base", "keys", "steps")

    def __init__(self, symbol, cells, module):
        self.base = State._slot(symbol[0], cells, module)
        self.steps, rest = [], list(symbol[1:])
        while rest:
            kind = rest.pop(0)
            if kind == "[]":
                self.steps.append((operator.getitem, operator.setitem, operator.delitem, _constant(rest.pop(0))))
            elif kind == "[n]":
                key = State._slot(rest.pop(0), cells, module)
                self.steps.append((operator.getitem, operator.setitem, operator.delitem, key.get))
            else:
                self.steps.append((getattr, setattr, delattr, _constant(kind[1:])))

    def _owner(self):
        owner = self.base.get()
        for get, _, _, key in self.steps[:-1]:
            owner = get(owner, key())
        if type(owner) is Spoiled:
            raise LookupError
        return owner

    def get(self):
        get, _, _, key = self.steps[-1]
        try:
            return get(self._owner(), key())
        except (AttributeError, LookupError, TypeError):
            return UNDEFINED

    def set(self, value):
        _, put, delete, key = self.steps[-1]
        try:
            if self.get() is value:
                return
            owner = changes.changes(self._owner())
            if value is UNDEFINED:
                delete(owner, key())
            else:
                put(owner, key(), value)
        except (AttributeError, LookupError, TypeError):
            if value is not UNDEFINED and type(value) is not Spoiled:
                raise

    def is_variable(self):
        """Is it an attribute, or an item of something that has items, and set without functions of the user's? What
        those change is found in the journal.
        """
        try:
            kind = type(self._owner())
            if self.steps[-1][0] is getattr:
                return not is_set_by_function(kind, self.steps[-1][-1]())
            return hasattr(kind, "__getitem__") and not is_set_by_function(kind)
        except (AttributeError, LookupError, TypeError):
            return True

    def location(self):
        try:
            owner, key = self._owner(), self.steps[-1][-1]()
        except (AttributeError, LookupError, TypeError):
            return None
        if isinstance(owner, list) and isinstance(key, int) and key < 0:
            key += len(owner)
        return id(owner), key


class _Items:
    """All items of a list of numbers and tensors, which stays the same list."""

    __slots__ = ("owner",)

    def __init__(self, owner):
        self.owner = owner

    def get(self):
        owner = self.owner.get()
        if type(owner) is not list or not all(seam.is_tensor(v) or type(v) in (bool, int, float) for v in owner):
            return UNDEFINED
        return list(owner)

    def set(self, value):
        if value is not UNDEFINED:
            changes.changes(self.owner.get())[:] = value

    def location(self):
        return id(self.owner.get()), ...


def _constant(value):
    return lambda: value
