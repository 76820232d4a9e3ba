"""Walks one function and rewrites its expressions, each kind by its own module; nested functions are
converted on the way.
"""

import ast

from . import asserts, calls, changes, comparisons, conditional, lists, logical, tree
from .scope import COMPREHENSIONS, FUNCTIONS, free_names

_REWRITE = {
    ast.Call: calls.rewrite,
    ast.BoolOp: logical.rewrite_bool,
    ast.UnaryOp: logical.rewrite_not,
    ast.IfExp: conditional.rewrite,
    ast.Compare: comparisons.rewrite,
    ast.Attribute: changes.rewrite,
    ast.Subscript: changes.rewrite,
}


class Context:
    """What the rewriting of one function knows."""

    def __init__(self, options, scope, method_self, convert_nested):
        self.options = options
        self.scope = scope
        self.method_self = method_self  # the first parameter, where `super()` has a class to start from
        self.convert_nested = convert_nested
        self.walrus_scope = True  # may a walrus be moved into a function before the statement?
        self.hoisted = []
        self.count = 0

    def delay(self, expr):
        """A function without arguments that evaluates `expr`, or None where that would change what its
        walrus binds.
        """
        if ast.NamedExpr not in self.scope.kinds:
            return tree.delay(expr)
        names = {n.target.id for n in tree.walk(expr) if isinstance(n, ast.NamedExpr)}
        if not names:
            return tree.delay(expr)
        if not self.walrus_scope:
            return None
        self.count += 1
        name = f"ag__operand_{self.count}"
        thunk = tree.define(name, [tree.at(ast.Return(expr), expr)], expr)
        thunk.walrus = names
        self.hoisted.append(thunk)
        return tree.at(tree.load(name), expr)


def rewrite_body(stmts, context):
    """Rewrites a list of statements; functions made for walrus operands go right before their statement."""
    out = []
    for stmt in stmts:
        new = _statement(stmt, context)
        out += context.hoisted
        context.hoisted = []
        out.append(new)
    return out


def _statement(stmt, context):
    if isinstance(stmt, FUNCTIONS):
        return _function(stmt, context)
    if isinstance(stmt, ast.ClassDef):
        return _class(stmt, context)
    if isinstance(stmt, (ast.While, ast.For)):
        _loop_options(stmt)
    if isinstance(stmt, ast.AnnAssign):
        # Inside functions Python evaluates no annotation; and a name shared with a nested function must have
        # none.
        if stmt.value is None:
            return tree.at(ast.Pass(), stmt)
        stmt = tree.at(ast.Assign([stmt.target], stmt.value), stmt)
    if isinstance(stmt, (ast.Global, ast.Nonlocal)):
        return tree.at(ast.Pass(), stmt)
    parts = (stmt, *getattr(stmt, "handlers", ()), *getattr(stmt, "cases", ()))
    for part in parts:
        _expressions(part, context, skip=_BLOCKS)
    hoisted, context.hoisted = context.hoisted, []
    for part in parts:
        for field in ("body", "orelse", "finalbody"):
            block = getattr(part, field, None)
            if isinstance(block, list):
                setattr(part, field, rewrite_body(block, context))
    context.hoisted = hoisted
    if isinstance(stmt, ast.For) and isinstance(stmt.iter, ast.Call):
        stmt.iter = calls.mark_iterated(stmt.iter)
    if isinstance(stmt, ast.With):
        return changes.managers(stmt)
    if isinstance(stmt, ast.Assert):
        return asserts.rewrite(stmt, context)
    if isinstance(stmt, ast.AugAssign):
        return changes.in_place(stmt)
    if isinstance(stmt, ast.Expr):
        return lists.rewrite(stmt, context)
    return stmt


# Fields that hold statements, or what holds statements.
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_LEAVES = frozenset((ast.Name, ast.Constant, type(None)))


def _expressions(node, context, skip=()):
    held = node.__dict__
    for field in tree.FIELDS[node.__class__]:
        if field in skip:
            continue
        value = held.get(field)
        kind = value.__class__
        if kind is list:
            for i, v in enumerate(value):
                if v.__class__ not in _LEAVES:
                    value[i] = expression(v, context)
        elif kind not in _LEAVES and isinstance(value, ast.AST):
            held[field] = expression(value, context)


def expression(node, context):
    """Rewrites `node` and everything below it; returns the node to put in its place."""
    kind = type(node)
    if kind is ast.Name or kind is ast.Constant:
        return node
    if kind is ast.Lambda:
        free_names(node)
        if not tree.is_ours(node):
            return context.convert_nested(node, context)
    before = context.walrus_scope
    if kind in COMPREHENSIONS:
        free_names(node)
        context.walrus_scope = False
    _expressions(node, context)
    context.walrus_scope = before
    rewrite = _REWRITE.get(kind)
    return rewrite(node, context) if rewrite else node


def _function(stmt, context):
    free_names(stmt)
    stmt.decorator_list = [expression(d, context) for d in stmt.decorator_list]
    _expressions(stmt.args, context, skip=("posonlyargs", "args", "kwonlyargs", "vararg", "kwarg"))
    if not isinstance(stmt, ast.FunctionDef) or _opted_out(stmt):
        return stmt
    return context.convert_nested(stmt, context)


def _class(stmt, context):
    """Methods are converted; what else a class body does cannot move into a lambda, and stays."""
    free_names(stmt)
    for i, inner in enumerate(stmt.body):
        if isinstance(inner, ast.FunctionDef) and not _opted_out(inner):
            free_names(inner)
            stmt.body[i] = context.convert_nested(inner, context, in_class=True)
    return stmt


def _opted_out(stmt):
    """Is there a decorator that says this function is not to be converted?"""
    nodes = [node for decorator in stmt.decorator_list for node in tree.walk(decorator)]
    return any(
        getattr(node, "attr", getattr(node, "id", None)) == "do_not_convert"
        or (isinstance(node, ast.keyword) and node.arg == "autograph" and getattr(node.value, "value", None) is False)
        for node in nodes
    )


def _loop_options(loop):
    """Takes a leading `set_loop_options(...)` out of the body and keeps its arguments as `loop.options`."""
    loop.options = None
    first = loop.body[0]
    if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Call)):
        return
    func = first.value.func
    if getattr(func, "attr", getattr(func, "id", None)) != "set_loop_options":
        return
    keys, values = [], []
    names = ("parallel_iterations", "swap_memory", "maximum_iterations", "shape_invariants")
    given = [*zip(names, first.value.args, strict=False), *((k.arg, k.value) for k in first.value.keywords)]
    for key, value in given:
        keys.append(tree.constant(key))
        values.append(_named_invariants(value) if key == "shape_invariants" else value)
    loop.options = tree.at(ast.Dict(keys, values), first)
    loop.body[0] = tree.at(ast.Pass(), first)


def _named_invariants(value):
    """`[(x, shape)]` -> `[("x", shape)]`: the operator needs to know which variable is meant."""
    if isinstance(value, (ast.List, ast.Tuple)):
        for pair in value.elts:
            if isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
                pair.elts[0] = tree.at(tree.constant(ast.unparse(pair.elts[0])), pair.elts[0])
    return value
