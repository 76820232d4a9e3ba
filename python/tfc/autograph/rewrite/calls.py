"""Calls: `f(x)` -> `ag__.c(f)(x)`, where `ag__.c` gives the converted callable, or `f` itself.

So arguments are evaluated, and errors about them raised, by Python as ever, and no frame of ours is on the
stack while `f` runs.
"""

import ast

from . import tree

# They look at the frame that calls them.
_FRAME_READERS = {"locals", "globals", "vars", "dir", "eval", "exec"}


def rewrite(node, context):
    """`node`'s parts are rewritten already."""
    name = node.func.id if isinstance(node.func, ast.Name) else None
    if name in _FRAME_READERS:
        return node
    if name == "super" and not node.args and context.method_self:
        node.args = [tree.load("__class__"), tree.load(context.method_self)]
        return node
    if name == tree.AG or tree.is_operator(node.func):
        return node
    node.func = tree.at(tree.operator("c", node.func), node.func)
    return node


def mark_iterated(node):
    """A rewritten call in the place a `for` iterates over: `tf.range(n)` need not make its tensor there."""
    func = node.func
    if isinstance(func, ast.Call) and tree.is_operator(func.func) and func.func.attr == "c":
        func.func.attr = "iterated"
    return node
