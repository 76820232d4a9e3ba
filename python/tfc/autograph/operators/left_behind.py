"""What a traced function leaves in objects that others know: tensors of the trace are no values for them."""

import types

from tfc.errors import is_internal, page

from .. import rules, seam
from . import merge, reach
from .containers import Attributes, Cell, Items, Keys, differences, inside, is_of_library, kind_of
from .missing import UNDEFINED
from .spoiled import Spoiled
from .symbol_text import describe, nearest_names

_DEPTH = 5


def check(journal, carried, roots):
    """Raises where a tensor of the trace is left in a part of a container: `carried` are those, known outside, that a
    loop or branch on a tensor has changed, `(id of a container, key)` each.
    """
    for entry in journal.entries.values():
        if entry.kind.whole:
            continue
        here = id(entry.owner)
        for key in differences(entry.kind, entry.owner, entry.before):
            is_carried = (here, key) in carried or (here, ...) in carried
            if is_carried and seam.is_symbolic(entry.kind.get_one(entry.owner, key)):
                raise _error(entry, key, (*roots.names({here})[here], *entry.kind.step(key)))


def is_value(value):
    """Is it a number, text or tensor that Python knows?"""
    if isinstance(value, list):
        return any(map(is_value, value))
    return not seam.is_symbolic(value) and (seam.tensorable(value) or seam.is_text(value))


def is_set(journal, part, value):
    """Has the function set this part of a container before, perhaps to the same value?"""
    entry = journal.entries.get(part[0])
    if entry is None or entry.kind.whole:
        return False
    if entry.kind is Cell or (entry.kind is Keys and "__builtins__" in entry.owner):
        return not merge.same(entry.before.get(part[1], UNDEFINED), value)
    return True


def reached(roots, parts):
    """Those of `parts` whose containers are known outside."""
    names = roots.names({here for here, _ in parts})
    return {part for part in parts if part[0] in names}


def _error(entry, key, symbol):
    before = entry.before.get(key, UNDEFINED)
    if before is UNDEFINED and entry.kind is Attributes:
        before = entry.kind.inherited(entry.owner, key)
    what = "no value" if before is UNDEFINED else "a tensor" if seam.is_tensor(before) else repr(before)
    return NotImplementedError(
        page(
            f"'{describe(symbol)}' is known outside of the function, and a loop or branch on a tensor changes it: its "
            "value is known when the function runs, not to Python",
            want="a change of what the function has made, or of a tf.Variable",
            got=f"{what} before, and a tensor of the program afterwards",
            where=entry.where(),
            fix=f"make {describe(symbol)} a tf.Variable and use assign or assign_add, or return its new value and set "
            "it where the function is called",
        )
    )


class Roots:
    """What is known outside of a function: what it is given, and what the names say that it takes from around it."""

    def __init__(self, function, instance, args, kwargs):
        self.given = function, instance, args, kwargs
        self.cells = {id(cell): name for name, cell in self._cells()}

    def _cells(self):
        function = self.given[0]
        if not isinstance(function, types.FunctionType):
            return ()
        return zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)

    def names(self, wanted):
        """`{id: symbol}` for those containers, by their ids, that are known outside."""
        found = {here: (self.cells[here],) for here in wanted if here in self.cells}
        wanted = wanted - found.keys()
        return {**found, **_names(self._found(), wanted)} if wanted else found

    def _found(self):
        function, instance, args, kwargs = self.given
        if not isinstance(function, types.FunctionType):
            return {} if instance is None else {"self": instance}
        code = function.__code__
        names = [n for c in reach.codes(code) for n in c.co_names]
        found = {n: function.__globals__[n] for n in names if n in function.__globals__}
        found.update(self._cells())
        found.update(kwargs)
        found.update(zip(code.co_varnames[: code.co_argcount], args, strict=False))
        found["globals()"] = function.__globals__
        return found


def _steps(symbol, value):
    if symbol == ("globals()",) or seam.is_value(value):
        return
    yield from inside(value)
    if kind_of(value) is Attributes and not is_of_library(value) and not isinstance(value, (type, types.ModuleType)):
        yield (".__class__",), type(value)


def _names(found, wanted):
    return nearest_names(found, wanted, _DEPTH, _steps)


def put_back(journal, error):
    """After `error`, objects are as they were. Where the program of the user's raises it, Python's values stay."""
    users = _is_users(error)
    for entry in journal.entries.values():
        if entry.kind.whole:
            if not users:
                entry.restore()
            continue
        keys = differences(entry.kind, entry.owner, entry.before)
        now = [entry.kind.get_one(entry.owner, key) for key in keys]
        has_tensors = any(type(v) is Spoiled or any(map(seam.is_symbolic, seam.flatten(v))) for v in now)
        if has_tensors or not (users or _is_note(entry, now)):
            entry.restore()


def _is_note(entry, now):
    """Does it only say what was traced?"""
    if not all(v is None or isinstance(v, (bool, int, float, str, tuple)) for v in now):
        return False
    if entry.kind is Items:
        return len(entry.kind.copy(entry.owner)) > len(entry.before)
    return entry.kind is Cell or (entry.kind is Keys and "__builtins__" in entry.owner)


def _is_users(error):
    traceback = error.__traceback__
    if traceback is None:
        return False
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    file = traceback.tb_frame.f_code.co_filename
    return not is_internal(file) and not rules.is_library(file)
