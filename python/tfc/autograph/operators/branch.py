"""`if`: runs one branch in Python, or traces both."""

from .. import nests, seam
from . import merge
from .state import NO_RETURN, UNDEFINED, NoReturn, State, call, is_missing, local_error, phrase

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
    _Branches(State(parts or (body, orelse), symbols), ends, guard, lists, kept).run(test, body, orelse)


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

    def __init__(self, state, ends, guard, lists, kept):
        self.kept = kept
        self.lists = [state.index(name) for name in lists]
        self.state, self.guard = state, guard
        self.n_outputs, self.n_merged = ends
        self.ends = {}
        self.plan = None

    def run(self, test, body, orelse):
        before = self.state.get()
        try:
            flat = seam.cond(test, self._branch(0, before, body), self._branch(1, before, orelse))
        except BaseException:
            self.state.set(before)
            raise
        after, flat = list(before), iter(flat)
        for i, merged in enumerate(self.plan):
            after[i] = merged.result(flat)
        self.state.set(after)

    def _branch(self, side, before, function):
        def run():
            self.state.set(self._own_lists(before))
            if function is not None:
                call(function)
            self.ends[side] = self.state.get()
            return finish

        def finish():
            if self.plan is None:
                self.plan = [self._merge(i) for i in range(self.n_merged)]
            return [leaf for merged in self.plan for leaf in merged.values(side)]

        return run

    def _own_lists(self, before):
        """Each branch appends to a list of its own."""
        values = list(before)
        for i in self.lists:
            if type(values[i]) is list:
                values[i] = list(values[i])
        return values

    def _merge(self, i):
        symbol = self.state.symbols[i]
        soft = i >= self.n_outputs
        values = [self.ends[side][i] for side in (0, 1)]
        if merge.same(*values):
            if values[0] is None and self._is_users_output(i):
                raise ValueError(_missing_text(symbol, None, 0))
            return _Kept(values[0])
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
            raise ValueError(_missing_text(symbol, value, side))
        return _merged(symbol, *values)

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
