"""Statements that are calls of a method: `l.append(x)` and `array.write(i, x)`.

On a local list `l.append(x)` -> `l = ag__.append(l, x)`: inside a tensor loop `l` is then a loop variable.
Where the result of
`write` is dropped, `ag__.dropped` warns if it was a TensorArray.
"""

import ast

from . import tree
from .scope import facts

_FUNCTIONAL = {"write", "scatter", "unstack", "split"}


def rewrite(stmt, context):
    """Called with the expression rewritten already: `ag__.c(l.append)(x)`."""
    call = stmt.value
    if not isinstance(call, ast.Call):
        return stmt
    wrapped = call.func
    if not (isinstance(wrapped, ast.Call) and len(wrapped.args) == 1 and isinstance(wrapped.args[0], ast.Attribute)):
        return stmt
    method = wrapped.args[0]
    if method.attr in _FUNCTIONAL:
        return tree.run(tree.operator("dropped", call), stmt)
    if len(call.args) != 1 or call.keywords:
        return stmt
    if method.attr != "append" or not isinstance(method.value, ast.Name) or isinstance(call.args[0], ast.Starred):
        return stmt
    name = method.value.id
    if name not in context.scope.bound and name not in context.scope.params:
        return stmt
    return tree.assign(name, tree.at(tree.operator("append", method.value, call.args[0]), call), stmt)


def appended(stmts):
    """The names of lists that `stmts`, which have been rewritten, append to."""
    return tuple(sorted(set().union(*(facts(stmt).lists for stmt in stmts))))


def mention(call, names):
    """Tells the operator `call` which variables are lists that its functions append to."""
    if names:
        call.keywords.append(ast.keyword("lists", tree.constant(names)))
    return call
