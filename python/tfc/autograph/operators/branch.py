"""`if`: runs one branch in Python, or traces both."""

from .. import nests, seam
from . import built_once, changes, found_changes, merge, unassigned
from .containers import Items
from .spoiled import Spoiled
from .state import NO_RETURN, UNDEFINED, NoReturn, State, call, describe, is_missing, local_error, phrase

_SIDES = ("main", "else")
_FLAGS = ("ag__return", "ag__break", "ag__continue")


def if_stmt(test, body, orelse, symbols, ends, guard=False, lists=(), kept=(), parts=()):
    """`if test: body() else: orelse()`. `symbols[:ends[0]]` are read afterwards, up to `ends[1]` perhaps, by
    a nested function.

    `lists`: symbols of lists that a branch appends to. `guard`: this `if` stands for "unless a jump
    happened"; what only its body defines is never read where it did not run.
    """
    test = as_condition(test)
    if not seam.is_symbolic(test):
        function = body if test else orelse
        if function is not None:
            # Not through `call`: recursion of the user's costs one frame less.
            try:
                function()
            except NameError as e:
                raise local_error(e, function) from e.__cause__
        return
    test = scalar_condition(test, "if statement")
    parts = parts or (body, orelse)
    _Branches(State(parts, symbols), ends, guard, kept, parts).run(test, body, orelse)


def as_condition(value):
    """A variable in the place of a condition stands for its value."""
    if seam.tracing() and hasattr(type(value), "read_value"):
        return value.read_value()
    return value


def scalar_condition(test, what, error=ValueError):
    """A tensor as the condition of something; one element is as good as a scalar."""
    test = one_element(test)
    shape = seam.shape(test)
    if not seam.is_bool(test) or (shape is not None and shape != ()):
        raise error(
            f"condition of {what} expected to be `tf.bool` scalar, got {test}; to use as boolean Tensor, "
            f"use `tf.cast` or compare it; "
            "to combine many elements, use `tf.reduce_all` or `tf.reduce_any`; to check for None, use `is "
            "not None`"
        )
    return test


def one_element(test):
    """A bool tensor of one element as a scalar, checked when it runs where sizes are not known; others as they are."""
    shape = seam.shape(test)
    if shape != () and all(size in (1, None) for size in shape or ()) and seam.is_bool(test):
        return seam.reshape(test, ())
    return test


class _Branches:
    """A traced `if`. Both branches run, each from the same state; then each variable gets one type that both
    can give.
    """

    def __init__(self, state, ends, guard, kept, functions):
        self.kept, self.functions = kept, functions
        self.state, self.guard = state, guard
        self.n_outputs, self.n_merged = state.drop(ends)
        self.ends = {}
        # What the branches change in containers (see `changes`): by the id of the container, for each side.
        self.found = {}, {}
        self.final = {}, {}
        self.known = {}
        self.plan = None

    def run(self, test, body, orelse):
        before = self.state.get()
        with changes.noting() as self.journal:
            self.journal.held.append(before)
            try:
                flat = seam.cond(test, self._branch(0, before, body), self._branch(1, before, orelse))
            except BaseException:
                self.state.set(before)
                raise
            self._tell_outside(before)
        after, flat = list(before), iter(flat)
        for i, merged in enumerate(self.plan[: self.n_merged]):
            after[i] = merged.result(flat)
        self.state.set(after)
        self._resize()
        for place, merged in zip(self.places, self.plan[self.n_merged :], strict=False):
            place.set(merged.result(flat))
        for i, flag in zip(self.perhaps, flat, strict=True):
            unassigned.note(after[i], flag)
        self._keep_shared(before)

    def _branch(self, side, before, function):
        def run():
            self.state.set(before)
            if function is not None:
                call(function)
            self.ends[side] = self.state.get()
            self.journal.held.append(self.ends[side])
            if self.journal.entries:
                self.final[side].update(found_changes.contents(self.journal))
                self._look(side, before, function)
            return finish

        def finish():
            if self.plan is None:
                self.plan = [self._merge(i) for i in range(self.n_merged)]
                self.places = self._places()
                self.plan += [self._merge_part(place) for place in self.places]
                self.perhaps = self._perhaps_assigned()
                self.plan += map(_Flag, self.perhaps.values())
            return [leaf for merged in self.plan for leaf in merged.values(side)]

        return run

    def _perhaps_assigned(self):
        """By the number of a variable that a side may not have assigned: the bool of each side, or None."""
        flags = {}
        for i, merged in enumerate(self.plan[: self.n_merged]):
            if not isinstance(merged, _Kept):
                flags[i] = [unassigned.of(self.ends[side][i]) for side in (0, 1)]
        return {i: sides for i, sides in flags.items() if sides != [None, None]}

    def _tell_outside(self, before):
        """Tells of numbers that this changes in what is known outside of the traced function."""
        if changes.is_inside():
            return  # the statement around does
        parts = {place.location(): place.entry.before.get(place.key, UNDEFINED) for place in self.places}
        for slot, value, merged in zip(self.state.slots, before, self.plan[: self.n_merged], strict=False):
            if type(merged) is _Merged:
                parts[slot.location()] = value
        parts = {place: v for place, v in parts.items() if place is not None and not seam.is_tensor(v)}
        for place in changes.known_outside(parts):
            changes.carries(place)

    def _look(self, side, before, function):
        """Finds what this branch has changed in containers, and puts back what they held."""
        covered = self.state.locations()

        made = set()

        def look(ours):
            return found_changes.look(self.journal, covered | made, lambda: self.state.set(before), made, ours)

        found = look(self.ends[side])
        if not found:
            return
        self.known.update(found_changes.names(self.functions, {id(f.entry.owner) for f in found}))
        first = None
        if any(f.made for f in found):
            values = [found_changes.as_at_the_end(v, self.final[side]) for v in self.ends[side]]
            first = built_once.FirstTime(
                self.state.symbols,
                built_once.leaves(values),
                found,
                self.known,
                "a branch on a tensor",
                self.final[side],
            )
            values = None
        if first is not None or any(id(f.entry.owner) not in self.known for f in found):
            # What was made is there from now on; what another run does not find was made in the first.
            for f in found:
                f.put_made()
                made.update((id(f.entry.owner), key) for key in f.made)
            with seam.trial():
                if function is not None:
                    call(function)
                values = self.state.get()
                again = {id(f.entry.owner): f for f in look(values)}
                if first is not None:
                    first.check(built_once.leaves(values), again)
            found = [f for f in found if id(f.entry.owner) in again or id(f.entry.owner) in self.known]
        for f in found:
            if f.is_log:
                found_changes.keep_log(f, "a branch on a tensor")
                self.journal.entries.pop(id(f.entry.owner))
                continue
            f.put_made()
            if f.entry.kind.whole or f.reordered:
                raise found_changes.refusal(f, self._name(f.entry), "a branch on a tensor")
            if f.keys:
                self.found[side][id(f.entry.owner)] = f

    def _name(self, entry):
        return describe(found_changes.symbol_of(entry, self.known))

    def _keep_shared(self, before):
        """Notes variables that are copies of containers which have other names."""
        ends = [self.ends[side][: self.n_merged] for side in (0, 1)]
        self.ends = self.found = {}
        for i, merged in enumerate(self.plan[: self.n_merged]):
            if type(merged) is not _Merged or not isinstance(merged.structure, (list, dict, tuple)):
                continue
            for side in (0, 1):
                value, ends[side][i] = ends[side][i], None
                holders = 1 + (value is before[i]) + (value is merged.structure) + (side == 0 and value is ends[1][i])
                known = changes.shared(value, holders)
                if known:
                    changes.keep([self.state.slots[i].get(), *known], self.state.symbols[i])

    def _places(self):
        """The parts of containers that a branch changes."""
        places = []
        for here, f in {**self.found[0], **self.found[1]}.items():
            entry = f.entry
            keys = dict.fromkeys(key for found in self.found if here in found for key in found[here].keys)
            if entry.kind is Items:
                ends = [
                    list(found[here].now.values() if here in found else entry.before.values()) for found in self.found
                ]
                if len(ends[0]) != len(ends[1]):
                    raise TypeError(
                        f"{self._name(entry)!r} must have the same nested structure in the main and else branches: "
                        f"{nests.difference(*ends)}"
                    )
                keys = [key for key in keys if key < len(ends[0])]
            places += [found_changes.Place(entry, key) for key in keys]
        return places

    def _merge_part(self, place):
        """One part of a container after the statement."""
        entry, key = place.entry, place.key
        ends = [found[id(entry.owner)].now if id(entry.owner) in found else entry.before for found in self.found]
        values = [found_changes.value_of(entry, parts.get(key, UNDEFINED), key) for parts in ends]
        symbol = (*found_changes.symbol_of(entry, self.known), *entry.kind.step(key))
        if merge.same(*values):
            return _Kept(values[0])
        for value in values:
            if type(value) is Spoiled:
                return _Kept(value)
        for side in (0, 1):
            if values[side] is UNDEFINED:
                return self._in_one_branch(symbol, UNDEFINED, side)
        values = [found_changes.as_at_the_end(v, self.final[side]) for side, v in enumerate(values)]
        try:
            return _merged(symbol, *values)
        except TypeError as e:
            if not all(isinstance(v, (list, dict, tuple)) for v in values):
                raise
            return _Kept(Spoiled(e))

    def _resize(self):
        """Lists have as many items as the branches have given them."""
        for here, f in {**self.found[0], **self.found[1]}.items():
            entry = f.entry
            if (
                entry.kind is Items
                and len(f.now) != len(entry.before)
                and here in self.found[0]
                and here in self.found[1]
            ):
                changes.changes(entry.owner)[:] = f.now.values()

    def _merge(self, i):
        symbol = self.state.symbols[i]
        soft = i >= self.n_outputs
        values = [self.ends[side][i] for side in (0, 1)]
        if merge.same(*values):
            if values[0] is None and self._is_users_output(i):
                raise ValueError(_missing_text(symbol, None, 0))
            return _Kept(values[0])
        values = [found_changes.as_at_the_end(v, self.final[side]) for side, v in enumerate(values)]
        missing = [is_missing(v) for v in values]
        if all(missing):
            return _Kept(max(values, key=lambda v: v is NO_RETURN))
        for side in (0, 1):
            value, other = values[side], values[1 - side]
            if value is None and is_missing(other) and isinstance(other, NoReturn):
                return _Kept(None)
            if not missing[side] and value is not None:
                continue
            if self._never_read(side, symbol, value):
                return _Filled(other, side, symbol)
            if soft:
                return _Kept(UNDEFINED)
            return self._in_one_branch(symbol, value, side)
        return _merged(symbol, *values)

    @staticmethod
    def _in_one_branch(symbol, value, side):
        """A variable that has no value in the branch `side`: an attribute may go without, if nobody asks for it."""
        is_attribute = isinstance(symbol, tuple) and str(symbol[-1]).startswith(".")
        if is_attribute and type(value) is Spoiled:
            return _Kept(value)
        error = ValueError(_missing_text(symbol, value, side))
        if is_attribute and value is UNDEFINED:
            return _Kept(Spoiled(error))
        raise error

    def _is_users_output(self, i):
        """Is it a variable that is read after a statement of the user's?"""
        return i < self.n_outputs and not self.guard and not str(self.state.symbols[i]).startswith("ag__")

    def _never_read(self, side, symbol, value):
        """Did this branch jump, so that nobody looks at the variable before it is assigned again?"""
        if value is not None and isinstance(value, NoReturn):
            return not value.may_end or self._jumped(side)
        if symbol in self.kept:
            return self._jumped(side, _FLAGS[:1])
        return (self.guard and side == 1) or self._jumped(side)

    def _jumped(self, side, flags=_FLAGS):
        return any(
            isinstance(s, str) and s.startswith(flags) and value is True
            for s, value in zip(self.state.symbols, self.ends[side], strict=True)
        )


def _missing_text(symbol, value, side):
    here = _SIDES[side]
    if isinstance(value, NoReturn):
        return (
            f"the {here} branch must also have a return statement. When the condition is a tensor, both "
            f"branches are traced, "
            "and the function must return on every path"
        )
    if value is None:
        return f"{phrase(symbol)} is None at the end of the {here} branch."
    return (
        f"{phrase(symbol)} must also be initialized in the {here} branch: the condition is a tensor, so "
        f"both branches are traced, "
        f"and {phrase(symbol)} is read afterwards. Give it a value before the if statement"
    )


class _Kept:
    """The same Python value on both sides."""

    def __init__(self, value):
        self.value = value

    def values(self, side):
        return []

    def result(self, flat):
        return self.value


class _Flag:
    """Whether a variable has been assigned."""

    def __init__(self, sides):
        self.sides = sides

    def values(self, side):
        return [seam.tensor(True) if self.sides[side] is None else self.sides[side]]


class _Filled:
    """One side has a value, the other has none and needs none: it gives zeros of the same type."""

    def __init__(self, value, empty_side, symbol):
        self.empty, self.structure = empty_side, value
        self.leaves = seam.flatten(value)
        self.kinds = [seam.tensorable(leaf) for leaf in self.leaves]
        self.tensors = None

    def values(self, side):
        dynamic = [leaf for leaf, kind in zip(self.leaves, self.kinds, strict=True) if kind]
        if side != self.empty:
            return [merge.as_value(leaf) for leaf in dynamic]
        return [merge.zero_like(leaf) for leaf in dynamic]

    def result(self, flat):
        parts = zip(self.leaves, self.kinds, strict=True)
        return seam.pack(self.structure, [merge.rebuilt(leaf, flat) if kind else leaf for leaf, kind in parts])


class _Merged:
    """Both sides have values of one structure; leaves that differ become results of the branches."""

    def __init__(self, structure, pairs):
        self.structure, self.pairs = structure, pairs

    def values(self, side):
        return [merge.as_value(pair[side]) for pair in self.pairs if not merge.same(*pair)]

    def result(self, flat):
        return seam.pack(self.structure, [p[0] if merge.same(*p) else merge.rebuilt(p[0], flat) for p in self.pairs])


def _merged(symbol, main, other):
    difference = nests.difference(main, other)
    if difference:
        raise TypeError(
            f"{phrase(symbol)} must have the same nested structure in the main and else branches: {difference}"
        )
    pairs = list(zip(seam.flatten(main), seam.flatten(other), strict=True))
    for a, b in pairs:
        if merge.same(a, b):
            continue
        for side, leaf in enumerate((a, b)):
            if leaf is None:
                raise ValueError(f"{phrase(symbol)} is None at the end of the {_SIDES[side]} branch.")
            if not (seam.tensorable(leaf) or seam.is_text(leaf) or seam.is_variable(leaf)):
                raise TypeError(
                    f"{phrase(symbol)} must be a tensor, a number, or the same Python object in both "
                    f"branches of a tensor condition, but is "
                    f"a {type(leaf).__name__} in the {_SIDES[side]} branch"
                )
        names = merge.dtype_of(a), merge.dtype_of(b)
        if names[0] != names[1]:
            raise TypeError(
                f"{phrase(symbol)} has dtype {names[0]} in the main branch, but dtype {names[1]} in the else branch"
            )
    return _Merged(main, pairs)
