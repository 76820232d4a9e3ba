"""`l.append(x)` on a local list -> `l = ag__.append(l, x)`: inside a tensor loop `l` is then a loop variable."""

import ast

from . import tree


def rewrite(stmt, context):
    """Called with the expression rewritten already: `ag__.c(l.append)(x)`."""
    call = stmt.value
    if not (isinstance(call, ast.Call) and len(call.args) == 1 and not call.keywords):
        return stmt
    wrapped = call.func
    if not (
        isinstance(wrapped, ast.Call)
        and len(wrapped.args) == 1
        and isinstance(wrapped.args[0], ast.Attribute)
    ):
        return stmt
    method = wrapped.args[0]
    if (
        method.attr != "append"
        or not isinstance(method.value, ast.Name)
        or isinstance(call.args[0], ast.Starred)
    ):
        return stmt
    name = method.value.id
    if name not in context.scope.bound and name not in context.scope.params:
        return stmt
    return tree.assign(name, tree.at(tree.operator("append", method.value, call.args[0]), call), stmt)
