"""A whole function: expressions, then jumps, then control flow; functions inside it the same way."""

import ast

from ..errors import ConversionError
from . import changes, expressions, jumps, liveness, symbols, tree, unassigned
from .control import Control
from .scope import TRIES, scope_of


def convert(node, options, has_class=False):
    """Rewrites a FunctionDef or Lambda (a copy of the user's) and returns a FunctionDef without decorators,
    defaults and annotations.

    `has_class`: does the function see a cell `__class__`, so that `super()` means something?
    """
    if isinstance(node, ast.Lambda):
        body = [tree.at(ast.Return(node.body), node.body)]
        function = tree.at(ast.FunctionDef("ag__lambda", node.args, body, [], None), node)
        if "type_params" in ast.FunctionDef._fields:
            function.type_params = []
    else:
        function = node
        function.decorator_list, function.returns = [], None
        function.type_params = []
    function.args = _bare(function.args)
    return _convert(function, options, has_class)


def _bare(args):
    """The parameters alone: placeholders stand where there are defaults (the function object brings its
    own).
    """
    for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
        if arg is not None:
            arg.annotation = None
    args.defaults, args.kw_defaults = [], [None] * len(args.kwonlyargs)
    return args


def _convert(function, options, has_class):
    scope = scope_of(function)
    check(function, scope.kinds)
    first = [*function.args.posonlyargs, *function.args.args][:1]
    context = expressions.Context(
        options, scope, first[0].arg if first and has_class else None, _nested(options, has_class)
    )
    doc, body = _docstring(function.body)
    function.body = expressions.rewrite_body(body, context)
    jumps.lower(function)
    liveness.analyse(function.body, scope)
    control = Control(scope)
    # What only unreachable code binds is a local still.
    control.declared |= scope.bound - set(symbols.changed(function.body))
    body = unassigned.rewrite(control.block(function.body), control.unassigned)
    function.body = [*doc, *_declarations(scope, control, function), *changes.declared(scope, function), *body] or [
        tree.at(ast.Pass(), function)
    ]
    return function


def check(function, kinds):
    """Refuses what cannot be a function of calls. `kinds`: the classes of its nodes."""
    if not kinds.isdisjoint((ast.Yield, ast.YieldFrom)):
        raise ConversionError("generators are not supported")
    if not kinds.isdisjoint((ast.Await, ast.AsyncFor, ast.AsyncWith)):
        raise ConversionError("async functions are not supported")
    if kinds.isdisjoint(TRIES):
        return
    for node in _own_nodes(function):
        if isinstance(node, TRIES) and any(_leaves(stmt, in_loop=False) for stmt in node.finalbody):
            raise ConversionError("break, continue and return in a finally block cannot be converted")


def _leaves(node, in_loop):
    """Does `node` have a jump out of the block it stands in?"""
    if isinstance(node, ast.Return) or (isinstance(node, (ast.Break, ast.Continue)) and not in_loop):
        return True
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
        return False
    in_loop = in_loop or isinstance(node, (ast.For, ast.While))
    return any(_leaves(child, in_loop) for child in tree.children(node))


def _own_nodes(function):
    stack = list(function.body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            stack.extend(tree.children(node))


def _docstring(body):
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[:1], body[1:]
    return [], body


def _declarations(scope, control, where):
    """Says to the compiler whose the names are that only nested functions bind now: `x: None` makes `x` a
    local, and nothing else.
    """
    out = []
    if scope.globals:
        out.append(tree.at(ast.Global(sorted(scope.globals)), where))
    if scope.nonlocals:
        out.append(tree.at(ast.Nonlocal(sorted(scope.nonlocals)), where))
    for name in sorted(control.declared):
        target = ast.Name(name, ast.Store())
        out.append(tree.at(ast.AnnAssign(target, tree.constant(None), None, 1), where))
    return out


def _nested(options, has_class):
    """How `expressions` converts a function it meets inside: in place, keeping decorators, defaults and
    annotations.
    """

    def convert_nested(node, context, in_class=False):
        inner_class = in_class or has_class
        if isinstance(node, ast.Lambda):
            expressions._expressions(node.args, context, skip=("posonlyargs", "args", "kwonlyargs", "vararg", "kwarg"))
            scope = scope_of(node)
            first = [*node.args.posonlyargs, *node.args.args][:1]
            inner = expressions.Context(options, scope, first[0].arg if first and inner_class else None, convert_nested)
            inner.walrus_scope = False
            node.body = expressions.expression(node.body, inner)
            return node
        try:
            return _convert(node, options, inner_class)
        except ConversionError:
            return node  # generators and the like stay plain Python

    return convert_nested
