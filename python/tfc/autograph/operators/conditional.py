"""Conditional expressions: one operand in Python, both traced for a tensor."""

from tfc.errors import InvalidArgumentError

from .. import nests, seam
from . import changes, found_changes, merge
from .branch import _SIDES, as_condition, scalar_condition
from .state import local_error


def if_exp(test, main, other):
    """`main() if test else other()`."""
    test = as_condition(test)
    if not seam.is_symbolic(test):
        return evaluate(main if test else other)
    test = scalar_condition(test, "conditional expression", InvalidArgumentError)
    return select(test, main, other, "the conditional expression")


def evaluate(operand):
    """The value of a delayed operand."""
    try:
        return operand()
    except NameError as e:
        raise local_error(e, operand) from e.__cause__


def select(test, main, other, what):
    """The value of one of two functions by a symbolic `test`; both are traced."""
    values, kept = [], []

    def branch(side, function):
        def run():
            values.append(function())
            found_changes.none_in(journal, values, what)
            return finish

        def finish():
            if not kept:
                _check(values, what)
                kept.extend(merge.same(a, b) for a, b in zip(*map(seam.flatten, values), strict=True))
            leaves = seam.flatten(values[side])
            return [merge.as_value(leaf) for leaf, keep in zip(leaves, kept, strict=True) if not keep]

        return run

    with changes.noting() as journal:
        flat = iter(seam.cond(test, branch(0, main), branch(1, other)))
    leaves = zip(seam.flatten(values[0]), kept, strict=True)
    return seam.pack(values[0], [leaf if keep else merge.rebuilt(leaf, flat) for leaf, keep in leaves])


def _check(values, what):
    if (values[0] is None) != (values[1] is None):
        side = _SIDES[values[1] is None]
        raise ValueError(f"{what} is None in the {side} branch: both sides of a tensor condition need a value")
    difference = nests.difference(*values)
    if difference:
        raise TypeError(f"{what} must have the same nested structure in the main and else branches: {difference}")
    for pair in zip(*map(seam.flatten, values), strict=True):
        if merge.same(*pair):
            continue
        for side, leaf in enumerate(pair):
            if not (seam.tensorable(leaf) or seam.is_text(leaf) or seam.is_variable(leaf)):
                raise TypeError(
                    f"{what} must give tensors or numbers, got a {type(leaf).__name__} in the {_SIDES[side]} branch"
                )
        a, b = map(merge.dtype_of, pair)
        if a != b:
            raise TypeError(f"{what} has dtype {a} in the main branch, but dtype {b} in the else branch")
