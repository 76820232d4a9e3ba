"""`and`, `or`, `not`, chained comparisons, `==`: Python's meaning for Python values, a lazy tensor one for
tensors.
"""

import operator

from .. import seam
from .branch import as_condition, one_element
from .conditional import evaluate, select

_COMPARISONS = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "Is": operator.is_,
    "IsNot": operator.is_not,
    "In": lambda a, b: a in b,
    "NotIn": lambda a, b: a not in b,
}


def and_(value, *later):
    """`value and later[0]() and ...`: an operand is evaluated only if all before it are true."""
    if not later:
        return value
    value = as_condition(value)
    if seam.is_symbolic(value):
        return select(
            one_element(value), lambda: and_(later[0](), *later[1:]), lambda: value, "the expression with `and`"
        )
    return and_(evaluate(later[0]), *later[1:]) if value else value


def or_(value, *later):
    """`value or later[0]() or ...`: an operand is evaluated only if all before it are false."""
    if not later:
        return value
    value = as_condition(value)
    if seam.is_symbolic(value):
        return select(
            one_element(value), lambda: value, lambda: or_(later[0](), *later[1:]), "the expression with `or`"
        )
    return value if value else or_(evaluate(later[0]), *later[1:])


def not_(value):
    value = as_condition(value)
    return seam.logical_not(value) if seam.is_symbolic(value) else not value


def none_of(*flags):
    """Is no flag set? Flags are known in Python unless a tensor decided them."""
    go = True
    for flag in flags:
        if seam.is_symbolic(flag):
            go = seam.logical_not(flag) if go is True else seam.logical_and(go, seam.logical_not(flag))
        elif flag:
            return False
    return go


def compare(left, *parts):
    """`left op right() op right() ...`: each operand is evaluated once, and only if all comparisons before
    are true.
    """
    right = evaluate(parts[1])
    value = _COMPARISONS[parts[0]](left, right)
    rest = parts[2:]
    return and_(value, lambda: compare(right, *rest)) if rest else value


def eq(a, b):
    return a == b


def not_eq(a, b):
    return a != b
