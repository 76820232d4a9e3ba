"""A traced loop: which variables it carries, their types, and the errors that name them."""

from contextlib import suppress

from tfc.errors import page, user_line

from .. import seam
from . import built_once, changes, found_changes, merge, unassigned
from . import lists as lists_
from .branch import as_condition, scalar_condition
from .containers import differences
from .logical import and_
from .loop_variable import NoneBefore, ReadFirst, Variable, Widened, dims, type_of
from .spoiled import Spoiled, reason
from .state import RETURN, UNDEFINED, NoReturn, State, describe, flags, is_missing, phrase

UNDEFINED_BEFORE = "must be defined before the loop"


class _Peeked(Exception):
    """Carries nothing: ends the scratch run of a body once the types are known."""


class _More(Exception):
    """Containers that the body changes became variables: the loop is traced again, with those."""


class _Others(Exception):
    """Parts of containers have another type after an iteration: as if they had no value before.

    `errors`: what is wrong, by the number of the variable.
    """

    def __init__(self, errors):
        super().__init__()
        self.errors = errors


class Loop:
    """Builds one `while_loop`. The loop variables are `counters` (the caller's own tensors) and the user's
    variables.

    Args:
      functions: the parts of the user's loop, which share its variables.
      symbols, ends: see `rewrite.loops.state`.
      stop: names of the flags that end the loop.
      lists: names of lists that the body appends to.
      options: arguments of `set_loop_options`, or None.
      relaxes: whether a shape that changes becomes unknown (loops over datasets) instead of an error.
    """

    def __init__(self, functions, symbols, ends, stop, options, lists=(), relaxes=False):
        self.relaxes = relaxes
        self.state = State(functions, symbols)
        ends = self.state.drop(ends, lambda symbol, value: value is not UNDEFINED or symbol[-1] != "[*]")
        self.functions = functions
        self.body = functions[-1]
        self.flags = flags(self.body, stop)
        self.returned = State((self.body,), [name for name in stop if name == RETURN])
        self.options = options or {}
        before = self.state.get()
        self.before = before
        n_alive, n_carried, n_soft, self.n_near = ends
        self.n_alive = n_alive
        soft = [i for i in range(n_carried, n_soft) if not is_missing(before[i])]
        self.carried = [*range(n_carried), *soft]
        lists = list(map(self.state.index, lists))
        self.lists = {i for i in lists if type(before[i]) is list and i in self.carried}
        # Within the scratch run of a loop around this one: nothing to carry.
        self.loaded = []
        self.aliased = {}
        self.scratch = {i: before[i] for i in lists if type(before[i]) is lists_.ScratchList}
        self.carried = [i for i in self.carried if i not in self.scratch]
        self.variables = {}
        # Variables that the loop creates, and that an iteration may leave without a value: a loop inside sets them.
        self.perhaps = set()
        # What the body changes in containers (see `changes`): numbers of variables that are parts of some; those nobody
        # may look at, with the reason; parts that got Python objects.
        self.parts = set()
        self.spoiled = {}
        self.made = set()
        # Parts of what is known outside of the traced function.
        self.outside = ()
        # Python numbers that are the same after each iteration.
        self.unchanged = None

    def run(self, test, step, counters, ran, examples=None):
        """Traces the loop and leaves the results in the variables.

        `test(counters)` -> bool scalar (or Python bool); `step(counters)` runs the user's body and returns
        the next counters.
        `ran`: a tensor that says whether there is a first iteration, or None if a counter has to find out.
        `examples`: values that variables have in an iteration, where known without running it.
        """
        with changes.noting() as self.journal:
            self.journal.held.append(self.before)
            finish = self._attempts(test, step, counters, ran, examples)
        finish()

    def _attempts(self, test, step, counters, ran, examples):
        none = None
        while True:
            try:
                return self._run(test, step, counters, ran, examples)
            except _More:
                continue
            except _Others as e:
                self._reset()
                self.spoiled.update(e.errors)
                self.carried = [i for i in self.carried if i not in e.errors]
            except NoneBefore as e:
                # As if it had no value before: right if nobody looks at the None.
                none = none or str(e)
                at = next(i for i, v in self.variables.items() if v is e.variable)
                self.before[at] = UNDEFINED
            except (ValueError, AttributeError, LookupError) as e:
                if none is None or (isinstance(e, ValueError) and UNDEFINED_BEFORE not in str(e)):
                    raise
                raise ValueError(none) from None

    def _run(self, test, step, counters, ran, examples):
        missing = [i for i in self.carried if is_missing(self.before[i]) or i in self.lists]
        created = [i for i in missing if self._is_alive(i) and i not in self.lists and self._is_users(i)]
        self._define(
            {
                i: Variable(self.state.symbols[i], self.before[i], self._invariant(i))
                for i in self.carried
                if i not in missing
            }
        )
        for i in list(missing):
            example = (examples or {}).get(self.state.symbols[i])
            if example is not None:
                self._placeholder(i, example)
                missing.remove(i)
        if missing:
            self._peek(missing, test, step, counters)
            created = [i for i in created if i in self.variables]
            self.perhaps &= self.variables.keys()
        return self._follow(test, step, counters, ran, created)

    def _follow(self, test, step, counters, ran, created):
        """The loop, which knows of each variable of the list `created` whether it has been assigned afterwards: after
        an iteration, or where a tensor goes with it that says so.
        """
        flags = {i: unassigned.of(self.before[i]) for i in self.variables if self._is_users(i)}
        flags = {i: flag for i, flag in flags.items() if flag is not None}
        flags |= {i: seam.tensor(False) for i in sorted(self.perhaps)}
        created = [i for i in created if i not in flags]
        count, n = bool(created) and ran is None, len(counters)
        own = [seam.tensor(False)] * count

        def inner(counters):
            for i, flag in zip(flags, counters[n + count :], strict=True):
                unassigned.note(self.state.slots[i].get(), flag)
            following = step(counters[:n])
            after = [unassigned.of(self.state.slots[i].get()) for i in flags]
            return [*following, *map(seam.tensor, [True] * count + [True if flag is None else flag for flag in after])]

        flat = self._trace(lambda c: test(c[:n]), inner, [*counters, *own, *flags.values()])
        outs, rest = flat[: n + count + len(flags)], flat[n + count + len(flags) :]

        def finish():
            self._finish(rest)
            for i, flag in zip(flags, outs[n + count :], strict=True):
                if self._is_alive(i):
                    self._assigned([i], flag)
            if created:
                self._assigned(created, outs[n] if count else ran)

        return finish

    def _assigned(self, numbers, flag):
        """These variables have a value after the loop only if `flag` says so."""
        if not seam.is_known_true(flag):
            unassigned.tell(self.state.slots[i].location() for i in numbers)
        far = [i for i in numbers if self.n_near <= i < self.n_alive and self._is_name(i)]
        for i in far:
            unassigned.note(self.state.slots[i].get(), flag)
        near = [self._name(i) for i in numbers if i not in far]
        if near:
            unassigned.check(near, self._or_returned(flag))

    def _or_returned(self, flag):
        """`flag`, or True if the function has returned: then nobody reads what is behind the loop."""
        for value in self.returned.get():
            if seam.is_symbolic(value):
                flag = seam.logical_or(flag, value)
            elif value is True:
                return seam.tensor(True)
        return flag

    def _is_alive(self, i):
        return i < self.n_alive or i in self.parts

    def _reset(self):
        """All is as it was before the loop, except for what was made."""
        self.state.set(self.before)
        self.journal.restore_but(self.made)

    def _look(self, again):
        """Finds parts of containers that an iteration has changed and that are no variables yet: they become variables.

        `again()` runs another iteration that is forgotten.
        """
        if not self.journal.entries:
            return
        values = built_once.leaves(self.state.get())
        found = self._found()
        if not found:
            return
        for f in [f for f in found if f.is_log]:
            found_changes.keep_log(f, "a loop on tensors")
            self.made.add((id(f.entry.owner), ...))
            found.remove(f)
        if not found:
            return
        known = found_changes.names(self.functions, {id(f.entry.owner) for f in found})
        if any(f.made or id(f.entry.owner) not in known for f in found):
            # What was made must be there from now on; what another iteration does not find was made in the first.
            for f in found:
                f.put_made()
                self.made.update((id(f.entry.owner), key) for key in f.made)
            first = None
            if any(f.made for f in found):
                first = built_once.FirstTime(self.state.symbols, values, found, known, "a loop on tensors")
            with seam.trial():
                again()
                self.loaded = []
                values = built_once.leaves(self.state.get())
                after = {id(f.entry.owner): f for f in self._found()}
                if first is not None:
                    first.check(values, after)
            for f in found:
                here = id(f.entry.owner)
                twice = after.get(here)
                if f.made and twice is not None and twice.made:
                    raise self._refusal(twice, known)
            found = [f for f in found if id(f.entry.owner) in after or id(f.entry.owner) in known]
        for f in found:
            if not found_changes.can_be_told(f):
                raise self._refusal(f, known)
        found = [(f.entry, key) for f in found for key in f.keys]
        if not found:
            return
        self._reset()
        for entry, key in found:
            self._add(entry, key, known)
        raise _More

    def _two_names(self, i, how):
        name = self._name(i)
        return NotImplementedError(
            page(
                f"'{name}' is also known by another name, under which a loop on tensors would not change it",
                want=f"a list or dictionary that is known by one name, or no {how} in the loop",
                got=f"a {type(self.before[i]).__name__} that somebody else knows as well",
                where=user_line(),
                fix=f"use a copy from the start, as `{name} = list({name})`, and return it to those who need it",
            )
        )

    def _changed_in_place(self):
        """The variables of which an iteration has changed containers that stand for those of before it."""
        changed = {}
        for i, value in self.loaded:
            for owner, _ in changes.containers(value):
                entry = self.journal.entries.get(id(owner))
                if entry is not None and differences(entry.kind, owner, entry.before):
                    changed[i] = True
        self.loaded = []
        return changed

    def _check_names(self, after, changed):
        """Refuses what depends on which name a container has: each variable has copies of its own in each iteration.

        `after`: the values of variables that are nests; `changed`: those whose containers change in place.
        """
        self.aliased = {}
        if not any(v is not None for v in after) and not any(map(_holds, self.before)):
            return
        self.state.set(self.before)
        parts = {location[0] for location in self.state.locations() if location is not None}
        for i, variable in self.variables.items():
            before = self.before[i]
            known = changes.shared(before, 2 + (variable.structure is before)) if _holds(before) else []
            if i in changed and known:
                raise self._two_names(i, "change of it before it is assigned")
            if after[i] is not None:
                value, after[i] = after[i], None
                known = self.aliased[i] = changes.shared(value, 1)
                if i in changed and known:
                    raise self._two_names(i, "change of it before it is assigned")
                after[i] = value
            for value in (before, after[i]):
                if any(id(owner) in parts for owner, _ in changes.containers(value)):
                    raise self._two_names(i, "change of it under that name")

    def _found(self):
        covered = self.state.locations() | self.made
        return found_changes.look(self.journal, covered, lambda: self.state.set(self.before), self.made)

    def _refusal(self, found, known):
        name = describe(found_changes.symbol_of(found.entry, known))
        return found_changes.refusal(found, name, "a loop on tensors")

    def _add(self, entry, key, known):
        place = found_changes.Place(entry, key)
        self.state.add((*found_changes.symbol_of(entry, known), *entry.kind.step(key)), place)
        self.before.append(place.get())
        self.parts.add(len(self.before) - 1)
        self.carried.append(len(self.before) - 1)

    def _is_users(self, i):
        symbol = self.state.symbols[i]
        return not (isinstance(symbol, str) and symbol.startswith("ag__"))

    def _is_name(self, i):
        return isinstance(self.state.symbols[i], str)

    def _define(self, variables):
        self.variables = variables
        for variable in variables.values():
            variable.relaxes = self.relaxes and not variable.created

    def _invariant(self, i):
        given = dict(self.options.get("shape_invariants") or ())
        shape = given.get(self._name(i))
        return shape if shape is None else dims(shape)

    def _name(self, i):
        return phrase(self.state.symbols[i]).strip("'")

    def _placeholder(self, i, value):
        self.variables[i] = Variable.placeholder(self.state.symbols[i], value, self._invariant(i))

    def _peek(self, missing, test, step, counters):
        """Runs the body once for nothing but the types of the variables it creates."""

        def body(*flat):
            def iterate():
                self._enter(flat[len(counters) :])
                step(list(flat[: len(counters)]))

            try:
                iterate()
            except UnboundLocalError as e:
                raise self._undefined(missing, e) from e
            after = self.state.get()
            for i in missing:
                value = after[i]
                if i in self.lists:
                    found[i] = self._element(i, value), value
                elif is_missing(value):
                    found[i] = None
                    if type(value) is Spoiled and self._is_users(i):
                        self.spoiled[i] = reason(value)
                else:
                    found[i] = [type_of(leaf) for leaf in seam.flatten(value)], value
            del after
            value = None
            self._look(iterate)
            raise _Peeked

        found = {}
        shared = self.scratch
        self.scratch = {**shared, **{i: lists_.ScratchList(self.before[i]) for i in self.lists}}
        ordered = dict(sorted(self.variables.items()))
        self._define(ordered)
        with seam.trial(), suppress(_Peeked), unassigned.watching() as perhaps:
            self._while(test, body, counters)
        names = {i for i in missing if i not in self.lists and self._is_users(i) and self._is_name(i)}
        self.perhaps |= {i for i in names if self.state.slots[i].location() in perhaps}
        for i in self.lists:
            self.state.slots[i].set(None)  # nobody but who knows it by another name has the list now
        for i in missing:
            if i not in found:
                raise ValueError(f"{phrase(self.state.symbols[i])} {UNDEFINED_BEFORE}.")
            if i in self.lists:
                self._list(i, found[i][0])
            elif found[i] is not None:
                types, value = found[i]
                self.variables[i] = Variable.of_types(self.state.symbols[i], types, value, self._invariant(i))
            else:
                self.carried.remove(i)
        self.scratch = shared
        self._reset()

    def _element(self, i, value):
        """The element type of a list after the scratch run: of what it was given, and of what it had."""
        if isinstance(value, lists_.GrownList):
            return value.dtype, seam.dims(value.element_shape)
        if not isinstance(value, list) or len(value) == len(self.before[i]):
            return None
        return lists_.element_of(value, phrase(self.state.symbols[i]))

    def _list(self, i, element):
        symbol, value = self.state.symbols[i], self.before[i]
        if element is not None and changes.others_know(value, 1):
            raise self._two_names(i, "append")
        self.variables[i] = Variable(symbol, value if element is None else lists_.grown(value, element))

    def _set_in_one(self, i):
        name = phrase(self.state.symbols[i])
        return ValueError(
            page(
                f"{name} {UNDEFINED_BEFORE}: an iteration looks at it, or at whether it is there, before it sets it",
                want="a value before the loop, or one that each iteration sets first",
                got=f"{name} has none before the loop, and one after an iteration",
                fix=f"set {describe(self.state.symbols[i])} before the loop; ask before for what is computed once and "
                "kept",
            )
        )

    def _undefined(self, missing, error):
        names = [i for i in missing if self.state.symbols[i] == error.name] or missing
        return ValueError(
            f"{phrase(self.state.symbols[names[0]])} {UNDEFINED_BEFORE}.\n"
            f"Note: AutoGraph tried to define it automatically, but ran into a {type(error).__name__}: "
            f"{error}"
        )

    def _trace(self, test, step, counters):
        self._define(dict(sorted(self.variables.items())))
        self._find_outside()

        def body(*flat):
            entry = flat[len(counters) :]

            def iterate():
                self._enter(entry)
                return step(list(flat[: len(counters)]))

            following, error, out = iterate(), None, ()
            try:
                out = self._leave(entry)
            except Exception as e:
                error = e
            after = [v if i in self.variables and _holds(v) else None for i, v in enumerate(self.state.get())]
            changed = self._changed_in_place()
            self._look(iterate)
            if error is not None:
                raise error
            self._check_names(after, changed)
            return [*following, *out]

        try:
            while True:
                self.unchanged = None
                try:
                    return self._while(test, body, counters)
                except ReadFirst as e:
                    self._reset()
                    self._read(e.variable, e.at)
                except Widened as e:
                    self._reset()
                    e.apply()
        except BaseException:
            self._reset()
            raise

    def _find_outside(self):
        parts = {self.state.slots[i].location(): i for i, v in self.variables.items() if not v.created}
        known = changes.known_outside({place: self.before[i] for place, i in parts.items() if place is not None})
        self.outside = {parts[place] for place in known}

    def _read(self, variable, at):
        """Starts over with the values of what was a tf.Variable, or the string at leaf `at`."""
        i = next(i for i, v in self.variables.items() if v is variable)
        leaves = [
            seam.tensor(v) if seam.is_variable(v) or number == at else v for number, v in enumerate(variable.leaves)
        ]
        self.variables[i] = Variable(variable.symbol, seam.pack(variable.structure, leaves), self._invariant(i))

    def _while(self, test, body, counters):
        def go_on(*flat):
            self._enter(flat[len(counters) :])
            go = True
            for cell in self.flags:
                go = and_(go, lambda cell=cell: _negated(cell.cell_contents))
            with changes.noting() as journal:
                go = condition(and_(go, lambda: test(list(flat[: len(counters)]))))
                found_changes.none_in(journal, (), "the test of a loop on tensors")
            return go

        init, invariants, names = (
            list(counters),
            [None] * len(counters),
            [f"counter_{i}" for i in range(len(counters))],
        )
        for i, variable in self.variables.items():
            init += variable.start
            invariants += variable.invariants
            names += [self._name(i)] * len(variable.start)
        limit = self.options.get("maximum_iterations")
        return seam.while_loop(
            go_on, body, init,
            shape_invariants=invariants if any(s is not None for s in invariants) else None,
            maximum_iterations=None if limit is None else seam.tensor(limit), names=names,
        )  # fmt: skip

    def _enter(self, flat):
        """The variables at the start of an iteration."""
        flat = iter(flat)
        values = [UNDEFINED] * len(self.before)
        self.loaded = []
        for i, variable in self.variables.items():
            value = values[i] = variable.load(flat)
            if variable.created and isinstance(variable.symbol, tuple):
                # Nobody may ask for it, nor whether it is there, before it is set.
                values[i] = Spoiled(self._set_in_one(i))
            elif _holds(value):
                self.loaded.append((i, value))
        value = None
        for i in range(len(values)):
            if i in self.variables:
                continue
            if i in self.scratch:
                values[i] = self.scratch[i]
            elif i in self.spoiled:
                values[i] = Spoiled(self.spoiled[i])
            elif type(self.before[i]) in (NoReturn, Spoiled):
                values[i] = self.before[i]
        self.state.set(values)

    def _leave(self, entry):
        after, out, entry, errors = self.state.get(), [], iter(entry), {}
        unchanged = set()
        for i, variable in self.variables.items():
            mine = [next(entry) for _ in variable.start]
            if self._stays(i, after[i], mine):
                unchanged.add(i)
            if i in self.outside and seam.are_read(mine):
                changes.carries(self.state.slots[i].location())
            if type(after[i]) is Spoiled and variable.created:
                raise self._set_in_one(i)
            try:
                out += variable.store(after[i], mine)
            except (TypeError, ValueError) as e:
                if i not in self.parts or not (self.state.slots[i].is_item or _holds(after[i])) or variable.created:
                    raise
                errors[i] = e
        if errors:
            raise _Others(errors)
        self.unchanged = unchanged if self.unchanged is None else self.unchanged & unchanged
        return out

    def _stays(self, i, after, mine):
        """Is a number of Python the same after this iteration?"""
        is_number = type(self.before[i]) in (bool, int, float) and not self.variables[i].created and self._is_users(i)
        return is_number and (after is mine[0] or merge.same(after, self.before[i]))

    def _finish(self, flat):
        flat, after = iter(flat), list(self.before)
        for i, variable in self.variables.items():
            after[i] = variable.load(flat)
            before = self.before[i]
            if i in (self.unchanged or ()):
                after[i] = before
            known = self.aliased.get(i, [])
            if isinstance(before, (list, dict, tuple)):
                # Here, in `self.before`, and as the structure.
                known += changes.shared(before, 2 + (variable.structure is before))
            if known:
                changes.keep([after[i], *known], self.state.symbols[i])
        for i in range(len(after)):
            if i in self.variables or i in self.scratch or type(self.before[i]) in (NoReturn, Spoiled):
                continue
            after[i] = Spoiled(self.spoiled[i]) if i in self.spoiled else UNDEFINED
        self.state.set(after)


def _holds(value):
    """Is it a nest that a list or dictionary may be in?"""
    return isinstance(value, (list, dict, tuple))


def _negated(value):
    return seam.logical_not(value) if seam.is_symbolic(value) else not value


def condition(test):
    """The test of a loop as a bool scalar."""
    test = as_condition(test)
    if seam.is_tensor(test):
        return scalar_condition(test, "while loop")
    return seam.tensor(bool(test))
