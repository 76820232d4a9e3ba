"""What changes containers: `d[k] = x` -> `ag__.changes(d)[k] = x`, and so for attributes, `del` and all targets.

The operator notes what `d` holds, where a loop or branch on tensors asks for it. `l += x` becomes
`l += ag__.beside(l, x)`. A function that rebinds variables of functions or of the module around says so when it starts.
"""

import ast

from . import tree


def rewrite(node, context):
    if node.ctx.__class__ is not ast.Load:
        node.value = tree.at(tree.operator("changes", node.value), node.value)
    return node


def in_place(stmt):
    """`stmt` is an AugAssign whose parts are rewritten."""
    if stmt.target.__class__ is ast.Name:
        # What is no name or number may be what is changed in place.
        if stmt.value.__class__ is not ast.Constant:
            stmt.value = tree.at(tree.operator("beside", tree.load(stmt.target.id), stmt.value), stmt.value)
    elif is_noted(stmt.target.value):
        stmt.target.value.func.attr = "changes_inside"
    return stmt


def managers(stmt):
    """`with x:` -> `with ag__.entered(x):`, as what it runs may change things."""
    for item in stmt.items:
        item.context_expr = tree.at(tree.operator("entered", item.context_expr), item.context_expr)
    return stmt


def is_noted(node):
    """Is it `ag__.changes(x)`?"""
    return (
        node.__class__ is ast.Call and tree.is_operator(node.func) and node.func.attr in ("changes", "changes_inside")
    )


def declared(scope, where):
    """Statements at the start of a function that rebinds variables around it."""
    out = []
    if scope.nonlocals:
        names = ast.Tuple([tree.load(name) for name in sorted(scope.nonlocals)], ast.Load())
        out.append(tree.run(tree.operator("shares", tree.delay(tree.at(names, where))), where))
    if scope.globals:
        module = tree.at(ast.Call(tree.load("globals"), [], []), where)
        out.append(tree.run(tree.operator("changes", module), where))
    return out
