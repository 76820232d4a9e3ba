"""What a loop or branch has changed in containers that were there before it: found in the journal afterwards."""

import sys
import types
import warnings

from tfc.errors import page

from .. import seam
from ..errors import ConversionWarning
from . import changes
from .containers import Attributes, Cell, Items, Keys, Whole, differences, inside
from .missing import UNDEFINED
from .symbol_text import describe, nearest_names

_DEPTH = 4


class Found:
    """A container that was there before and has other parts now.

    `keys`: of parts that are variables; `made`: of parts that had no value and got Python objects, as layers that are
    built when they are called first. `now`: all parts.
    """

    __slots__ = ("entry", "keys", "made", "now")

    def __init__(self, entry, keys, now):
        self.entry, self.now = entry, now
        before = entry.before
        self.keys, self.made = list(keys), []
        if entry.kind is Whole:
            return
        made = [k for k in keys if before.get(k) is None and is_object(now.get(k))]
        if made:
            # What is set beside it, as the flag that says it is built, belongs to it.
            self.made = [k for k in keys if k in made or _is_flag(before.get(k), now.get(k, UNDEFINED))]
            self.keys = [k for k in keys if k not in self.made]

    @property
    def is_log(self):
        """Did a list or set from outside of the function get Python values more, and nothing else?

        That is how people note what is traced.
        """
        kind, owner, before = self.entry.kind, self.entry.owner, self.entry.before
        if kind is Items:
            values = list(self.now.values())
            more = values[len(before) :]
            if not more or any(a is not b for a, b in zip(values, before.values(), strict=False)):
                return False
        elif isinstance(owner, set):
            more = self.now - before
            if before - self.now:
                return False
        else:
            return False
        return all(v is None or _is_constant(v) for v in more) and changes.is_outside(owner)

    @property
    def resized(self):
        return self.entry.kind is Items and len(self.now) != len(self.entry.before) and len(self.keys) > 0

    @property
    def reordered(self):
        before = self.entry.before
        return self.entry.kind is Keys and [k for k in self.now if k in before] != [k for k in before if k in self.now]

    def put_made(self):
        """What was made is there again."""
        if self.entry.kind is Items and self.made:
            self.entry.kind.put(self.entry.owner, self.now)
            return
        for key in self.made:
            self.entry.kind.put_one(self.entry.owner, key, self.now[key])


def is_object(value):
    """Is it something that cannot become a tensor?"""
    if value is None or value is UNDEFINED:
        return False
    leaves = seam.flatten(value)
    return not leaves or not all(seam.tensorable(leaf) or seam.is_text(leaf) for leaf in leaves)


def _is_constant(value):
    return isinstance(value, (bool, int, float, str, bytes))


def _is_flag(before, value):
    """Is it a constant that says what was made, and not a count of it?"""
    if isinstance(value, (list, dict, tuple)):
        return (before is None or before is UNDEFINED) and all(map(_is_constant, seam.flatten(value)))
    is_number = isinstance(before, (int, float)) and not isinstance(before, bool)
    return _is_constant(value) and not is_number


def look(journal, covered, reset, made=(), ours=()):
    """What has changed in containers that were there before, besides the parts `covered`, as a list of `Found`.

    If there is something, this puts back what the containers held, except for what was `made`, and the variables by
    `reset()`. `ours`: values at the end that somebody holds still.
    """
    changed = journal.changed(covered)
    if not changed:
        return []
    found = [Found(entry, keys, entry.kind.copy(entry.owner)) for entry, keys in changed]
    reset()
    journal.restore_but(made)
    held = [f.now.values() for f in found if f.entry.kind is not Whole]
    fresh = _fresh([f.entry for f in found], [ours, *held], journal)
    for f in found:
        if id(f.entry.owner) in fresh:
            # Values may hold it.
            f.entry.kind.put(f.entry.owner, f.now)
            del journal.entries[id(f.entry.owner)]
    return [f for f in found if id(f.entry.owner) not in fresh]


def references(entry):
    return sys.getrefcount(entry.owner)


_ALONE = references(changes.Entry([], Items))


def _fresh(entries, ours, journal):
    """The ids of containers that nobody knows but the journal, this search, and each other: they were made since."""
    count = {id(e.owner): 0 for e in entries}

    def known(values):
        for value in values:
            if id(value) in count:
                count[id(value)] += 1

    for values in ours:
        known(values)
    for entry in journal.entries.values():
        if entry.kind is not Whole:
            known(entry.before.values())
    fresh, rest = set(), list(entries)
    while True:
        alone = [e for e in rest if references(e) <= _ALONE + count[id(e.owner)]]
        if not alone:
            return fresh
        rest = [e for e in rest if e not in alone]
        for entry in alone:
            fresh.add(id(entry.owner))
            if entry.kind is not Whole:
                known(entry.kind.copy(entry.owner).values())


def names(functions, wanted):
    """`{id: symbol}` of containers (`wanted` are their ids) that the variables of these parts of a function lead to."""
    return nearest_names(_roots(functions), wanted, _DEPTH, lambda _, value: inside(value))


def _roots(functions):
    found = {}
    for function in functions:
        if function is None:
            continue
        code = function.__code__
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            if not name.startswith("ag__"):
                for value in Cell.copy(cell).values():
                    found[name] = value
        for name in code.co_names:
            value = function.__globals__.get(name, UNDEFINED)
            if value is not UNDEFINED and not isinstance(value, types.ModuleType):
                found.setdefault(name, value)
    return found


_KINDS = {Items: "a list", Keys: "a dict", Cell: "a variable of a function around"}


def symbol_of(entry, known):
    """How to call a container: see `state.describe`."""
    return known.get(id(entry.owner)) or (_KINDS.get(entry.kind) or f"a {type(entry.owner).__name__}",)


def value_of(entry, value, key):
    """The value of a part, which an object may have of its class."""
    return entry.kind.inherited(entry.owner, key) if value is UNDEFINED and entry.kind is Attributes else value


class Place:
    """One part of a container, as a variable of a loop or branch (see `state.State`)."""

    __slots__ = ("entry", "key")

    def __init__(self, entry, key):
        self.entry, self.key = entry, key

    def location(self):
        return id(self.entry.owner), self.key

    @property
    def is_item(self):
        """Is it of a list or dictionary?"""
        return self.entry.kind in (Items, Keys)

    def get(self):
        return value_of(self.entry, self.entry.kind.get_one(self.entry.owner, self.key), self.key)

    def set(self, value):
        journal = changes.current()
        if journal is not None:
            journal.note(self.entry.owner, self.entry.kind)
        if self.get() is not value:
            self.entry.kind.put_one(self.entry.owner, self.key, value)


def refusal(found, name, where_it_is):
    """The error about a change that no variable of a program can be."""
    entry = found.entry
    what = type(entry.owner).__name__
    article = "an" if what[0] in "aeiou" else "a"
    if entry.kind is Whole:
        how = "other elements" if not hasattr(type(entry.owner), "__next__") else "elements taken of it"
    elif entry.kind is Items and len(found.now) != len(entry.before):
        how = f"{len(entry.before)} items before and {len(found.now)} after"
    elif found.reordered:
        how = "its keys in another order"
    else:
        how = "other Python objects in it after each time"
    own = name.startswith(("a ", "an "))
    return NotImplementedError(
        page(
            f"{name if own else repr(name)} cannot change like this in {where_it_is}, which is traced once, however "
            "often it runs",
            want="the same number of parts, which are tensors or numbers",
            got=f"{article} {what} with {how}",
            where=entry.where(),
            fix="collect values with `l.append(x)` on a local list or a tf.TensorArray, keep them in tensors, or "
            "iterate over a Python range, which is unrolled",
        )
    )


def keep_log(found, where_it_is):
    """What a function notes while it is traced stays noted, with a warning once for a line."""
    entry = found.entry
    entry.kind.put(entry.owner, found.now)
    line = entry.line
    if line is None or line in _warned:
        return
    _warned.add(line)
    code, number = line
    warnings.warn_explicit(
        f"A {type(entry.owner).__name__} from outside of the function gets values in {where_it_is}: this happens while "
        "it is traced, however often it runs. A function with tf.autograph.experimental.do_not_convert does so without "
        "a warning",
        ConversionWarning,
        code.co_filename,
        number,
    )


_warned = set()


def can_be_told(found):
    """Are the parts that changed variables, each of its own?"""
    return found.entry.kind is not Whole and not found.resized and not found.reordered


def none_in(journal, ours, what):
    """Refuses what has changed where nothing but a value is expected; Python objects may have been made."""
    if not journal.entries:
        return
    for found in look(journal, frozenset(), lambda: None, ours=ours):
        if found.is_log:
            keep_log(found, what)
            continue
        found.put_made()
        if found.entry.kind.whole or found.keys or found.reordered:
            raise refusal(found, describe(symbol_of(found.entry, {})), what)


def contents(journal):
    """`{id: (container, its parts)}` of the lists and dictionaries that have changed."""
    return {
        id(e.owner): (e.owner, e.kind.copy(e.owner))
        for e in journal.entries.values()
        if e.kind in (Items, Keys) and differences(e.kind, e.owner, e.before)
    }


def as_at_the_end(value, final):
    """A nest with what its containers held when `contents` was asked; itself if that is what they hold."""
    if not final or not isinstance(value, (list, dict, tuple)):
        return value
    _, parts = final.get(id(value), (value, None))
    if parts is None:
        parts = value if isinstance(value, dict) else dict(enumerate(value))
        made = {k: as_at_the_end(v, final) for k, v in parts.items()}
        if all(made[k] is v for k, v in parts.items()):
            return value
    else:
        made = {k: as_at_the_end(v, final) for k, v in parts.items()}
    if isinstance(value, dict):
        return made if type(value) is dict else _like(value, made)
    return list(made.values()) if isinstance(value, list) else _like(value, made)


def _like(value, made):
    if isinstance(value, tuple):
        return type(value)(*made.values()) if hasattr(value, "_fields") else tuple(made.values())
    result = value.copy()
    result.clear()
    result.update(made)
    return result
