"""Which names a function binds, reads and shares: Python's scoping rules, read off the tree."""

import ast
from dataclasses import dataclass, field

from .tree import children, walk

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Scope:
    """One function's names. `bound` holds its locals (not its parameters)."""

    params: frozenset
    bound: set = field(default_factory=set)
    globals: set = field(default_factory=set)
    nonlocals: set = field(default_factory=set)
    captured: set = field(default_factory=set)  # read or written by a function or generator made inside
    rebound: set = field(default_factory=set)  # written by a function made inside: any call may do it

    @property
    def shared(self):
        """Names whose value can be seen after the function has ended, or by somebody else meanwhile."""
        return self.globals | self.nonlocals


def parameters(args):
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    every += [a for a in (args.vararg, args.kwarg) if a]
    return [a.arg for a in every]


def scope_of(function):
    """The scope of a FunctionDef or Lambda, before it is rewritten."""
    scope = Scope(frozenset(parameters(function.args)))
    for node in function.body if isinstance(function.body, list) else [function.body]:
        _declare(node, scope)
    scope.bound -= scope.params | scope.globals | scope.nonlocals
    scope.rebound &= scope.bound | scope.params
    return scope


def _declare(root, scope):
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Global):
            scope.globals.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            scope.nonlocals.update(node.names)
        scope.bound.update(binds(node))
        stack.extend(_inside(node))
        if isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef, ast.GeneratorExp)):
            scope.captured |= free_names(node)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            scope.rebound.update(n for inner in walk(node) if isinstance(inner, ast.Nonlocal) for n in inner.names)


def binds(node):
    """The names that this one node (not its children) binds."""
    if isinstance(node, ast.Name):
        return () if isinstance(node.ctx, ast.Load) else (node.id,)
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return (node.name,)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return tuple(a.asname or a.name.split(".")[0] for a in node.names)
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return (node.name,) if node.name else ()
    if isinstance(node, ast.MatchMapping):
        return (node.rest,) if node.rest else ()
    return ()


def _inside(node):
    """Children that belong to the same scope as `node`."""
    if isinstance(node, FUNCTIONS):
        return [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]
    if isinstance(node, ast.Lambda):
        return [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    if isinstance(node, COMPREHENSIONS):
        # A walrus inside binds outside; the targets do not.
        return [n for n in walk(node) if isinstance(n, ast.NamedExpr)]
    return children(node)


def free_names(node):
    """Names that a nested function, lambda, class or comprehension takes from around it."""
    known = getattr(node, "free", None)
    if known is not None:
        return known
    if isinstance(node, (*FUNCTIONS, ast.Lambda)):
        scope = scope_of(node)
        body = node.body if isinstance(node.body, list) else [node.body]
        inner = set().union(*map(reads, body)) | scope.nonlocals | scope.globals
        # The compiler adds these on its own where `super()` is used.
        free = inner - scope.params - scope.bound
        free = free.union(*(reads(n) for n in _inside(node))) if _inside(node) else free
    elif isinstance(node, ast.ClassDef):
        free = set().union(*(reads(n) for n in children(node)))
    else:
        free = set().union(*(reads(n) for n in children(node)))
        free -= {n.id for g in node.generators for n in walk(g.target) if isinstance(n, ast.Name)}
    node.free = frozenset(free)
    return node.free


def reads(root):
    """Every name of the surrounding scope that evaluating `root` may read."""
    found, stack = set(), [root]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Store):
                found.add(node.id)
        elif isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef, *COMPREHENSIONS)):
            if getattr(node, "ours", False):
                stack.extend(children(node))
            else:
                found |= free_names(node)
        else:
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                found.add(node.target.id)
            stack.extend(children(node))
    return found


def writes(root):
    """Every name of the surrounding scope that running `root` may bind or delete."""
    known = getattr(root, "written", None)
    if known is not None:
        return known
    found, stack = set(), [root]
    while stack:
        node = stack.pop()
        if node is not root and isinstance(node, ast.stmt):
            found |= writes(node)
            continue
        if getattr(node, "ours", False):
            found.update(getattr(node, "walrus", ()))
            stack.extend(n for n in walk(node) if isinstance(n, ast.NamedExpr))
            continue
        found.update(binds(node))
        stack.extend(_inside(node))
    root.written = found
    return found
