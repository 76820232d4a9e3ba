"""Which values a backward function computes again instead of having them kept for it.

A value that an elementwise op made costs little to make again, but memory to keep. The gradient of a called function
keeps what chains of such ops start from, if that is no more than what it needs of them.
"""

import math

from tfc.autodiff.backward import Entry
from tfc.ops import primitives as p

# One result, elementwise or a change of shape, at most as dear as a few multiplications an element.
CHEAP = frozenset(
    {
        p.neg, p.abs_, p.sqrt, p.rsqrt, p.exp, p.expm1, p.log, p.log1p, p.sin, p.cos, p.tanh, p.sigmoid, p.erf, p.real,
        p.imag, p.conj, p.add, p.sub, p.mul, p.div, p.maximum, p.minimum, p.select, p.cast, p.complex_, p.broadcast_to,
        p.reshape, p.expand_dims, p.squeeze, p.stop_gradient,
    }
)  # fmt: skip


def choose(entries: list[Entry], captured: list, inputs: list) -> list[Entry]:
    """The entries to run again, in order, so that fewer elements of `captured` have to be kept.

    `captured`: what a backward function takes from the forward one; `inputs`: what is there in any case.
    """
    made = {id(e.results[0]): e for e in entries if e.prim in CHEAP}
    kept = {id(v) for v in inputs} | {id(v) for v in captured if id(v) not in made}
    leaves: dict = {}
    again: dict = {}
    left = [v for v in captured if id(v) in made]
    before = None
    # What one value keeps makes others free.
    while len(left) != before:
        before = len(left)
        for value in list(left):
            needed = {i: v for i, v in _leaves(value, made, leaves).items() if i not in kept}
            # Scalars and vectors beside a matrix do not count.
            if _elements(needed.values()) <= 1.125 * _elements([value]):
                kept |= needed.keys()
                left = [v for v in left if v is not value]
                _collect(value, made, again)
    return [e for e in entries if id(e.results[0]) in again]


def run(chosen: list[Entry], entries: list[Entry], tracked: dict) -> tuple[list[Entry], dict, dict]:
    """Runs the chosen entries in the current interpreter; all entries and tracked values with what that made.

    The last result says which value stands for which: by id of the old one.
    """
    values: dict = {}
    for e in chosen:
        values[id(e.results[0])] = e.prim(*(values.get(id(a), a) for a in e.args), **e.attrs)

    def new(items):
        return tuple(values.get(id(v), v) for v in items)

    changed = [Entry(e.prim, new(e.args), e.attrs, new(e.results)) for e in entries]
    return changed, {id(v): v for v in new(tracked.values())}, values


def _leaves(value, made, known) -> dict:
    """What a chain of cheap ops that ends in `value` starts from, by id."""
    found = known.get(id(value))
    if found is None:
        entry = made.get(id(value))
        if entry is None:
            found = {id(value): value}
        else:
            found = {}
            for a in entry.args:
                found |= _leaves(a, made, known)
        known[id(value)] = found
    return found


def _collect(value, made, again) -> None:
    entry = made.get(id(value))
    if entry is None or id(value) in again:
        return
    again[id(value)] = entry
    for a in entry.args:
        _collect(a, made, again)


def _elements(values) -> float:
    """Together; an unknown size counts as a large one."""
    total = 0
    for v in values:
        dims = getattr(v, "shape_tuple", None)
        total += 2**20 if dims is None or None in dims else math.prod(dims)
    return total
