"""`and`, `or`, `not`: `a and b` -> `ag__.and_(a, lambda: b)`."""

import ast

from . import tree


def rewrite_bool(node, context):
    later = [context.delay(value) for value in node.values[1:]]
    if None in later:
        return node
    name = "and_" if isinstance(node.op, ast.And) else "or_"
    return tree.at(tree.operator(name, node.values[0], *later), node)


def rewrite_not(node, context):
    if not isinstance(node.op, ast.Not):
        return node
    return tree.at(tree.operator("not_", node.operand), node)
