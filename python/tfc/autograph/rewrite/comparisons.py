"""Chained comparisons: `a < f() < c` -> `ag__.compare(a, "Lt", lambda: f(), "Lt", lambda: c)`; `f()` is
called once.

A single comparison stays as it is, but `==` and `!=` where the feature EQUALITY_OPERATORS is on.
"""

import ast

from . import tree


def rewrite(node, context):
    if len(node.ops) == 1:
        if not context.options.has("EQUALITY_OPERATORS") or not isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
            return node
        name = "eq" if isinstance(node.ops[0], ast.Eq) else "not_eq"
        return tree.at(tree.operator(name, node.left, node.comparators[0]), node)
    # The second operand is always evaluated, right after the first.
    later = [context.delay(value) for value in node.comparators]
    if None in later:
        return node
    parts = []
    for operation, value in zip(node.ops, later, strict=True):
        parts += [tree.constant(type(operation).__name__), value]
    return tree.at(tree.operator("compare", node.left, *parts), node)
