"""Python objects that are made while one iteration or branch is traced, as layers that are built when they are called
first: made once. What the program computes may not depend on it.
"""

from tfc.errors import page, user_line

from .. import seam
from . import merge
from .found_changes import as_at_the_end, is_object, symbol_of
from .missing import UNDEFINED
from .spoiled import Spoiled
from .state import phrase


def leaves(values) -> list:
    """The tensors and numbers in each of `values`, without the containers that hold them."""
    return [[] if type(v) is Spoiled else list(map(_value, seam.flatten(v))) for v in values]


def _value(leaf):
    return leaf if seam.tensorable(leaf) or seam.is_text(leaf) else None


class FirstTime:
    """What a statement has computed when it made objects: `values`, the `leaves` of its variables `symbols`, changes
    that were `found`, and its operations so far.
    """

    def __init__(self, symbols, values, found, known, statement, final=None):
        self.symbols, self.values = symbols, values
        self.found = found
        held = [[as_at_the_end(f.now.get(k, UNDEFINED), final) for k in f.keys] for f in found]
        self.parts = [dict(zip(f.keys, leaves(values), strict=True)) for f, values in zip(found, held, strict=True)]
        self.operations = seam.operations()
        self.known, self.statement = known, statement

    def check(self, values, again):
        """Raises where another run, with the objects there, computes something else: `values`, and `again`, what was
        found, by the ids of containers.
        """
        if self.operations is None:
            return
        likeness = seam.likeness(self.operations)
        for symbol, mine, other in zip(self.symbols, self.values, values, strict=False):
            if not _same(mine, other, likeness):
                raise self._refusal(f"{phrase(symbol)} changes")
        for f, parts in zip(self.found, self.parts, strict=True):
            twice = again.get(id(f.entry.owner))
            if twice is None and id(f.entry.owner) not in self.known:
                continue  # one of those that were made
            for key, mine in parts.items():
                now = f.entry.before if twice is None else twice.now
                if not _same(mine, leaves([now.get(key, UNDEFINED)])[0], likeness):
                    symbol = (*symbol_of(f.entry, self.known), *f.entry.kind.step(key))
                    raise self._refusal(f"{phrase(symbol)} changes", f.entry.where())
        if not likeness.effects():
            raise self._refusal("something is printed, checked or assigned")

    def _refusal(self, what, where=None):
        found = next(f for f in self.found if f.made)
        key = next(k for k in found.made if is_object(found.now.get(k)))
        made = phrase((*symbol_of(found.entry, self.known), *found.entry.kind.step(key)))
        return NotImplementedError(
            page(
                f"{what} when {made} is made, and not like this afterwards: objects are made once, while "
                f"{self.statement} is traced",
                want=f"an iteration or branch that computes the same whether {made} is there already or not",
                got=f"one that makes a {type(found.now[key]).__name__} and does something beside it",
                where=where or found.entry.where() or user_line(),
                fix=f"make {made} before the statement",
            )
        )


def _same(mine, other, likeness):
    if len(mine) != len(other):
        return False
    for a, b in zip(mine, other, strict=True):
        if seam.is_value(a) and seam.is_value(b) and not (seam.is_eager(a) and seam.is_eager(b)):
            if not likeness.tensors(a, b):
                return False
        elif seam.is_eager(a) and seam.is_eager(b):
            if not seam.equal(a, b):
                return False
        elif seam.is_array(a) and seam.is_array(b):
            if a.tobytes() != b.tobytes():
                return False
        elif not merge.same(a, b):
            return False
    return True
