"""Conditional expressions: `a if c else b` -> `ag__.if_exp(c, lambda: a, lambda: b)`."""

from . import tree


def rewrite(node, context):
    branches = context.delay(node.body), context.delay(node.orelse)
    if None in branches:
        return node
    return tree.at(tree.operator("if_exp", node.test, *branches), node)
