"""`ag__`: what converted code calls. One object per set of options."""

import functools
from types import BuiltinFunctionType

from ..options import Options
from . import asserts, branch, calls, conditional, for_loop, lists, logical, unassigned, while_loop
from . import changes as changes_
from .changes import CONTAINERS
from .state import NO_RETURN, UNSET_RETURN, is_missing


class Operators:
    """The free variable `ag__` of every converted function."""

    NO_RETURN = NO_RETURN
    UNSET_RETURN = UNSET_RETURN

    if_stmt = staticmethod(branch.if_stmt)
    while_stmt = staticmethod(while_loop.while_stmt)
    for_stmt = staticmethod(for_loop.for_stmt)
    if_exp = staticmethod(conditional.if_exp)
    and_ = staticmethod(logical.and_)
    or_ = staticmethod(logical.or_)
    not_ = staticmethod(logical.not_)
    none_of = staticmethod(logical.none_of)
    compare = staticmethod(logical.compare)
    eq = staticmethod(logical.eq)
    not_eq = staticmethod(logical.not_eq)
    assert_ = staticmethod(asserts.assert_)
    append = staticmethod(lists.append)
    dropped = staticmethod(lists.dropped)
    changes = staticmethod(changes_.changes)
    changes_inside = staticmethod(changes_.changes_inside)
    assigned = staticmethod(unassigned.assigned)
    beside = staticmethod(changes_.beside)
    entered = staticmethod(changes_.entered)
    shares = staticmethod(changes_.shares)

    def __init__(self, options: Options):
        self.options = options

    def c(self, function):
        """What to call in the place of `function`."""
        # The usual call of a loop of Python's first, as `list.append`: it runs once for each of perhaps a million.
        if type(function) is BuiltinFunctionType and type(function.__self__) in CONTAINERS:
            return changes_.calling_method(function) if changes_.watching else function
        made = (
            calls.converted(function, self.options) if self.options.recursive else calls.builtin(function, self.options)
        )
        return changes_.calling(function, made) if changes_.watching else made

    def iterated(self, function):
        """What to call in the place of `function` where a `for` iterates over the result."""
        return calls.lazy_iterable(function) or self.c(function)

    @staticmethod
    def returned(value):
        return None if is_missing(value) else value

    def __repr__(self):
        return "<autograph operators>"


@functools.lru_cache(maxsize=64)
def operators(options: Options) -> Operators:
    """The `ag__` for these options."""
    return Operators(options)
