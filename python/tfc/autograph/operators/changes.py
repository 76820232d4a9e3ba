"""What traced control flow changes in lists, dictionaries and objects.

Converted code tells of a container right before it changes one (`rewrite.changes`, `calling`); a journal keeps what it
held. So a loop or branch knows afterwards which parts of which containers are variables of it, and can put back what
they were. A container that was made inside is none of its business: `found_changes` tells them apart.
"""

import functools
import inspect
import itertools
import linecache
import sys
import threading
import types
from contextlib import contextmanager
from types import MappingProxyType

from tfc.errors import SourceLine, page, user_frame, user_line

from .. import cache, seam
from . import left_behind, merge, reach
from .containers import (
    Attributes,
    Cell,
    Whole,
    differences,
    has_setters,
    inside,
    is_of_library,
    is_reordered,
    is_table,
    kind_of,
)
from .missing import UNDEFINED
from .symbol_text import describe

_NOTED = 200  # containers, at most, that a library is thought to change through what it is given
_DEPTH = 4

_local = threading.local()
_lock = threading.Lock()
watching = 0  # how many journals there are, and containers that must not change, of all threads


def _watch(more):
    global watching
    with _lock:
        watching += more


class Entry:
    """A container, and what it held before it changed."""

    __slots__ = ("owner", "kind", "before", "line")

    def __init__(self, owner, kind):
        self.owner, self.kind = owner, kind
        self.before = kind.copy(owner)
        self.line = _line(sys._getframe(1))

    def where(self):
        """The user's line that is about to change it."""
        return _text(self.line)

    def restore(self):
        if self.kind is Whole:
            if Whole.changed(self.owner, self.before):
                Whole.put(self.owner, self.before)
        elif differences(self.kind, self.owner, self.before) or is_reordered(self.kind, self.owner, self.before):
            self.kind.put(self.owner, self.before)


class Journal:
    """The containers that were told of."""

    def __init__(self):
        self.entries = {}
        self.held = []  # lists of values that the statement holds, besides the variables

    def note(self, owner, kind=None):
        if id(owner) not in self.entries:
            kind = kind or kind_of(owner)
            if kind is not None:
                self.entries[id(owner)] = Entry(owner, kind)

    def note_deep(self, value, tables=True):
        """Everything that can be changed through `value`; very large lists and dictionaries if `tables`."""
        pending, seen = [(value, 0)], set()
        while pending and len(seen) < _NOTED:
            value, depth = pending.pop(0)
            if id(value) in seen:
                continue
            seen.add(id(value))
            kind = kind_of(value)
            if not tables and is_table(value):
                continue
            if kind is Attributes and is_of_library(value):
                continue  # what a library does to its own objects is its business
            if kind is not None:
                self.note(value, kind)
            if depth < _DEPTH:
                pending += ((part, depth + 1) for _, part in itertools.islice(inside(value), _NOTED))

    def restore(self):
        for entry in self.entries.values():
            entry.restore()

    def restore_but(self, made):
        """Restores, except for parts `(id of a container, key)` of `made`."""
        for entry in self.entries.values():
            keys = [key for owner, key in made if owner == id(entry.owner)]
            if ... in keys:
                continue
            if not keys:
                entry.restore()
                continue
            now = entry.kind.copy(entry.owner)
            entry.kind.put(entry.owner, {**entry.before, **{key: now[key] for key in keys if key in now}})

    def changed(self, covered=frozenset()):
        """Entries whose container is not what it was, with the keys of parts that changed; of `covered` parts,
        `(id of a container, key)` each, somebody else takes care.
        """
        found = []
        for entry in list(self.entries.values()):
            if entry.kind is Whole:
                if Whole.changed(entry.owner, entry.before) and (id(entry.owner), ...) not in covered:
                    found.append((entry, ()))
                continue
            keys = differences(entry.kind, entry.owner, entry.before)
            here = id(entry.owner)
            if (here, ...) in covered:
                continue
            keys = [k for k in keys if (here, k) not in covered and not _is_inherited(entry, k)]
            if keys or is_reordered(entry.kind, entry.owner, entry.before):
                found.append((entry, keys))
        return found


def _is_inherited(entry, key):
    """Has an object now what its class gave it before, as after a change that is taken back?"""
    if entry.kind is not Attributes or key in entry.before:
        return False
    value = entry.kind.inherited(entry.owner, key)
    return value is not UNDEFINED and merge.same(value, entry.kind.get_one(entry.owner, key))


def is_inside():
    """Is the journal that is kept one inside of another?"""
    return len(_journals()) > 1


@contextmanager
def noting():
    """A journal of what is changed meanwhile. Its entries go to the journal around; after an error all is put back."""
    journals = _journals()
    journal = Journal()
    journals.append(journal)
    _watch(1)
    try:
        yield journal
    except BaseException:
        journal.restore()
        raise
    finally:
        _watch(-1)
        journals.remove(journal)
        around = journals[-1] if journals else getattr(_local, "whole", None)
        if around is not None:
            for key, entry in journal.entries.items():
                around.entries.setdefault(key, entry)


def _journals():
    found = getattr(_local, "journals", None)
    if found is None:
        found = _local.journals = []
        _local.either = {}
    return found


def current():
    """The innermost journal of this thread, or None."""
    found = getattr(_local, "journals", None)
    return found[-1] if found else None


_OF_A_FUNCTION = "outside", "whole", "carried", "roots"


@contextmanager
def apart(function=None, instance=None, args=(), kwargs=MappingProxyType({})):
    """What is changed meanwhile is no business of the function that is traced: another one, perhaps of `instance`, is
    traced. Objects that others know keep no tensors of it where loops and branches have changed them.
    """
    journals, either = _journals(), _local.either
    kept, around = journals[:], [getattr(_local, name, None) for name in _OF_A_FUNCTION]
    journals.clear()
    _local.either = {}
    whole = Journal()
    _local.outside, _local.whole, _local.carried = (function, instance), whole, set()
    _local.roots = left_behind.Roots(function, instance, args, kwargs)
    _watch(1)
    try:
        yield
        if _local.carried:
            left_behind.check(whole, _local.carried, _local.roots)
    except BaseException as error:
        left_behind.put_back(whole, error)
        raise
    finally:
        journals[:] = kept
        for name, value in zip(_OF_A_FUNCTION, around, strict=True):
            setattr(_local, name, value)
        _watch(-len(_local.either) - 1)
        _local.either = either


def known_outside(parts):
    """Which parts of containers, `{(id of a container, key): value}`, hold a number or tensor from before the function
    that is traced, and are known outside of it.
    """
    whole = getattr(_local, "whole", None)
    if whole is None:
        return ()
    parts = [p for p, v in parts.items() if left_behind.is_value(v) and not left_behind.is_set(whole, p, v)]
    return left_behind.reached(_local.roots, parts) if parts else ()


def carries(location):
    """A loop or branch on a tensor has changed this part of a container, and looks at what it was."""
    _local.carried.add(location)


def is_outside(owner):
    """Is it a container of the module, object, or functions around the function that is traced?"""
    function, instance = getattr(_local, "outside", None) or (None, None)
    if not isinstance(function, types.FunctionType):
        return False
    values = [*function.__globals__.values(), instance]
    for cell in function.__closure__ or ():
        values += Cell.copy(cell).values()
    for value in [v for v in values if kind_of(v) is Attributes and not isinstance(v, types.ModuleType)]:
        values += (part for _, part in inside(value))
    return any(value is owner for value in values)


# Containers with two names.


def others_know(owner, holders):
    """Is there anybody who knows this container, besides `holders` and the statements that are traced?"""
    entries = {id(e): e for j in _journals() for e in j.entries.values() if e.owner is owner}
    held = sum(value is owner for j in _journals() for values in j.held for value in values)
    more = _references(owner) - _PASSED - holders - len(entries) - held - (id(owner) in _local.either)
    return more > 0 and more > _known_before(owner)


def _known_before(owner):
    """How often the journal of the whole function knows a container."""
    whole = getattr(_local, "whole", None)
    if whole is None:
        return 0
    count = sum(value is owner for e in whole.entries.values() if not e.kind.whole for value in e.before.values())
    return count + (id(owner) in whole.entries)


def _references(owner):
    return sys.getrefcount(owner)


def _passed():
    """The references to the argument of `others_know` that nobody knows but the caller's variable."""

    def known(owner, holders):
        return _references(owner), (lambda: owner)

    value = []
    return known(value, 0)[0] - 1


_PASSED = _passed()


def keep(values, symbol):
    """The containers in `values` may not change from now on: after a statement the variable `symbol` is one of several
    containers, as tensors decide, or a copy of it, and they have other names too.
    """
    _journals()
    known = len(_local.either)
    for value in values:
        for owner, _ in containers(value):
            _local.either[id(owner)] = owner, symbol, _line(sys._getframe(1))
    _watch(len(_local.either) - known)


def containers(value):
    """`(container, whether the value itself is it)` for the lists and dictionaries in a nest."""
    pending = [(value, True)]
    while pending:
        value, whole = pending.pop()
        if isinstance(value, (list, dict)):
            yield value, whole
        if isinstance(value, dict):
            pending += ((part, False) for part in dict.values(value))
        elif isinstance(value, (list, tuple)):
            pending += ((part, False) for part in value)


def shared(value, holders):
    """The containers in `value` that somebody knows besides `holders` (of the value itself) and those around it."""
    # The value itself is an argument here.
    return [owner for owner, whole in containers(value) if _shared(owner, holders + 1 if whole else 1)]


def _shared(owner, holders):
    return others_know(owner, holders + _ON_THE_WAY)


def _on_the_way():
    """The references to a container that are variables between `shared` and `others_know`."""
    _journals()
    held, count = [[]], 0
    while [owner for owner, _ in containers(held[0]) if others_know(owner, 1 + count)]:
        count += 1
    return count + 1  # the argument of `_shared`


_ON_THE_WAY = _on_the_way()


def _watched(owner):
    """The journal that wants to know that `owner` changes, or None. Raises where it must not."""
    either = getattr(_local, "either", None)
    known = either.get(id(owner)) if either else None
    if known is None:
        return current()
    name = repr(describe(known[1]))
    raise NotImplementedError(
        page(
            f"{name} cannot change here: a loop or branch on a tensor decides which container that is, and others have "
            "other names too",
            want="a container that is known by one name",
            got=f"{name} after {_text(known[2])}",
            where=user_line(),
            fix=f"change a copy, as list({describe(known[1])})",
        )
    )


def _line(frame):
    frame = user_frame(frame)
    return None if frame is None else (frame.f_code, frame.f_lineno)


def _text(line):
    if line is None:
        return None
    code, number = line
    return SourceLine(code.co_filename, number, code.co_name, linecache.getline(code.co_filename, number).strip())


def _whole(owner):
    """The journal of the whole function, for what it notes."""
    return None if is_table(owner) else getattr(_local, "whole", None)


# What converted code calls.


def changes(owner):
    """`owner`, of which an attribute or item is about to be changed."""
    if watching:
        journal = _watched(owner) or _whole(owner)
        if journal is not None:
            if kind_of(owner) is Attributes and has_setters(type(owner)):
                journal.note_deep(owner)
            else:
                journal.note(owner)
    return owner


def changes_inside(owner):
    """The same; what is held there may be changed in place."""
    changes(owner)
    if watching:
        for _, part in inside(owner) if current() is not None else ():
            beside(part, None)
    return owner


def beside(owner, value):
    """`value`, which an operator in place is about to bring to `owner`."""
    if watching and not seam.is_value(owner):
        journal = _watched(owner) or getattr(_local, "whole", None)
        if journal is not None:
            kind = kind_of(owner)
            if kind is Attributes:
                journal.note_deep(owner)
            elif kind is not None:
                journal.note(owner, kind)
    return value


def shares(variables):
    """A function starts that rebinds variables of functions around it: those that the function `variables` has."""
    if watching:
        journal = current() or getattr(_local, "whole", None)
        if journal is not None:
            for cell in variables.__closure__ or ():
                journal.note(cell, Cell)


def entered(manager):
    """`manager`, which a `with` statement is about to enter."""
    journal = (current() or getattr(_local, "whole", None)) if watching else None
    if journal is not None and not _is_ours(type(manager)):
        for value in reach.of_manager(manager):
            journal.note_deep(value, tables=False)
    return manager


def iterates(iterable):
    """A loop in Python is about to take elements."""
    journal = current()
    if journal is not None and hasattr(type(iterable), "__next__"):
        journal.note(iterable)


# Calls of what is not converted.

_READS = frozenset(
    (
        "copy",
        "count",
        "fromkeys",
        "get",
        "index",
        "issubset",
        "issuperset",
        "isdisjoint",
        "items",
        "keys",
        "values",
        "union",
        "difference",
        "intersection",
        "symmetric_difference",
        "__contains__",
        "__getitem__",
        "__len__",
        "__iter__",
        "__eq__",
        "__repr__",
    )
)
CONTAINERS = (list, dict, set)
_OF_OBJECTS = (types.BuiltinFunctionType, types.MethodWrapperType)


def calling_method(method):
    """The same for a method of a list, dictionary or set, which has no other form."""
    if method.__name__ not in _READS:
        owner = method.__self__
        journal = _watched(owner) or _whole(owner)
        if journal is not None:
            journal.note(owner)
    return method


def calling(function, made):
    """What to call in the place of `made`, the converted form of `function`, while a journal is kept."""
    kind = type(made)
    if kind in _OF_OBJECTS and type(made.__self__) in CONTAINERS and made.__name__ not in _READS:
        journal = _watched(made.__self__) or _whole(made.__self__)
        if journal is not None:
            journal.note(made.__self__)
    if current() is None:
        return made
    inner = made
    if kind is types.MethodType:
        inner = made.__func__
    if type(inner) is types.FunctionType:
        if (cache.is_result(inner.__code__) and not inner.__code__.co_flags & inspect.CO_GENERATOR) or _is_ours(inner):
            return made
        return _telling(made, made.__self__) if kind is types.MethodType else _telling(made)
    owner = getattr(made, "__self__", None)
    if kind in _OF_OBJECTS and owner is not None and not isinstance(owner, types.ModuleType):
        if made.__name__ not in _READS or not isinstance(owner, CONTAINERS):
            current().note(owner)
        return made
    if isinstance(made, type):
        if made.__module__ == "builtins":
            return _telling_of_iterators(made)
        return made if _is_ours(made) else _telling(made)
    if made in _PURE if kind is types.BuiltinFunctionType else _is_ours(made):
        return made
    return _telling(made)


_PURE = frozenset((
    abs, all, any, callable, chr, divmod, format, getattr, hasattr, hash, id, isinstance, issubclass, iter, len, max,
    min, ord, pow, print, repr, round, sorted, sum,
))  # fmt: skip


def _is_ours(made):
    module = getattr(made, "__module__", None)
    return isinstance(module, str) and (module == "tfc" or module.startswith(("tfc.", "nanobind")))


def _telling(function, *owners):
    """A call of `function`, which may change what it is given."""

    def call(*args, **kwargs):
        journal = current()
        if journal is not None:
            for value in reach.of(function):
                journal.note_deep(value, tables=False)
            for value in (*owners, *args, *kwargs.values()):
                journal.note_deep(value)
        return function(*args, **kwargs)

    return call


def _telling_of_iterators(function):
    @functools.wraps(function, updated=())
    def call(*args, **kwargs):
        for value in args:
            iterates(value)
        return function(*args, **kwargs)

    return call if function in (list, tuple, set, dict, frozenset, bytes) else function
