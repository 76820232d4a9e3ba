"""The variables a control statement changes: plain names and composite ones such as `self.x` and `d['k']`.

In generated code a plain symbol is its name; a composite one is a tuple: `("self", ".x")` or
`("d", "[]", "k")` (constant key) or `("d", "[n]", "k")` (the key is the value of the name `k`), with more
pairs for longer paths. `("l", "[*]")` are all items of a list.
"""

import ast

from .scope import facts, writes
from .tree import is_operator, walk


def changed(stmts):
    """The names that running `stmts` may bind, sorted."""
    return sorted(set().union(*map(writes, stmts))) if stmts else []


def may_change(stmts, scope):
    """The names that running `stmts` may bind, sorted, also by calls of functions made inside."""
    names = changed(stmts)
    if not scope.rebound or scope.rebound <= set(names) or not any(map(_calls, stmts)):
        return names
    return sorted(scope.rebound.union(names))


def _calls(root):
    """Is there a call of something that is not an operator of ours?"""
    known = getattr(root, "calls", None)
    if known is None:
        known = root.calls = any(isinstance(n, ast.Call) and not is_operator(n.func) for n in walk(root))
    return known


def composites(stmts, names):
    """The composite symbols assigned in `stmts` whose parts are not changed there themselves."""
    found = set().union(*(facts(s).paths for s in stmts))
    return sorted((s for s in found if not names.intersection(_parts(s))), key=repr)


def items(stmts, names):
    """The symbols of all items of what `stmts` update items of whose keys change there, or are no symbols.

    Lists that items are assigned to as well are the program's own for each iteration, perhaps of another type or shape
    than before the loop.
    """
    found = set().union(*(facts(s).items for s in stmts))
    assigned = {base for base, _, updates in found if not updates}
    return sorted(
        {
            (*base, "[*]")
            for base, item, _ in found
            if base not in assigned
            and not names.intersection(_parts(base))
            and (item is None or names.intersection(_parts(item)))
        },
        key=repr,
    )


def _parts(symbol):
    """The plain names a composite symbol depends on."""
    yield symbol[0]
    for kind, key in zip(symbol[1:], symbol[2:], strict=False):
        if kind == "[n]":
            yield key


def roots(symbols):
    """The plain names a function that assigns `symbols` refers to."""
    return {part for symbol in symbols for part in _parts(symbol)}
