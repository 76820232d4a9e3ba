"""Which names a function binds, reads and shares: Python's scoping rules, read off the tree."""

import ast
from dataclasses import dataclass, field

from .tree import children, is_operator, is_ours, walk

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
TRIES = (ast.Try, ast.TryStar) if hasattr(ast, "TryStar") else (ast.Try,)
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
    kinds: set = field(default_factory=set)  # the classes of the nodes of the function itself

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
    stack = list(function.body) if isinstance(function.body, list) else [function.body]
    bound, kinds = scope.bound, scope.kinds
    while stack:
        node = stack.pop()
        kind = node.__class__
        if kind is ast.Name:
            if node.ctx.__class__ is not ast.Load:
                bound.add(node.id)
            continue
        kinds.add(kind)
        if kind in _NESTED:
            _declare_nested(node, scope)
            stack += _inside(node)
            continue
        bind = _BINDS.get(kind)
        if bind is not None:
            bound.update(bind(node))
        elif kind is ast.Global:
            scope.globals.update(node.names)
        elif kind is ast.Nonlocal:
            scope.nonlocals.update(node.names)
        stack += children(node)
    scope.bound -= scope.params | scope.globals | scope.nonlocals
    scope.rebound &= scope.bound | scope.params
    return scope


def _declare_nested(node, scope):
    scope.bound.update(_binds_nested(node))
    if isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef, ast.GeneratorExp)):
        scope.captured |= free_names(node)
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        scope.rebound.update(n for inner in walk(node) if isinstance(inner, ast.Nonlocal) for n in inner.names)
    if isinstance(node, COMPREHENSIONS):
        scope.kinds.update(inner.__class__ for inner in walk(node))


def _name(node):
    return (node.name,) if node.name else ()


def _imported(node):
    return tuple(a.asname or a.name.split(".")[0] for a in node.names)


# The names that a node (not its children) binds, where it is no Name and nothing nested.
_BINDS = {
    ast.Import: _imported,
    ast.ImportFrom: _imported,
    ast.ExceptHandler: _name,
    ast.MatchAs: _name,
    ast.MatchStar: _name,
    ast.MatchMapping: lambda node: (node.rest,) if node.rest else (),
}
_NESTED = frozenset((*FUNCTIONS, ast.Lambda, ast.ClassDef, *COMPREHENSIONS))


def _binds_nested(node):
    return () if isinstance(node, (ast.Lambda, *COMPREHENSIONS)) else (node.name,)


def _inside(node):
    """Children of something nested that belong to the scope around it."""
    if isinstance(node, FUNCTIONS):
        return [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]
    if isinstance(node, ast.Lambda):
        return [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    # A walrus inside of a comprehension binds outside; the targets do not.
    return [n for n in walk(node) if isinstance(n, ast.NamedExpr)]


def free_names(node):
    """Names that a nested function, lambda, class or comprehension takes from around it."""
    known = getattr(node, "free", None)
    if known is not None:
        return known
    if isinstance(node, (*FUNCTIONS, ast.Lambda)):
        scope = scope_of(node)
        body = node.body if isinstance(node.body, list) else [node.body]
        inner = set().union(*map(_reads, body)) | scope.nonlocals | scope.globals
        # The compiler adds these on its own where `super()` is used.
        free = inner - scope.params - scope.bound
        free = free.union(*(_reads(n) for n in _inside(node))) if _inside(node) else free
    elif isinstance(node, ast.ClassDef):
        free = set().union(*(_reads(n) for n in children(node)))
    else:
        free = set().union(*(_reads(n) for n in children(node)))
        free -= {n.id for g in node.generators for n in walk(g.target) if isinstance(n, ast.Name)}
    node.free = frozenset(free)
    return node.free


NOTHING: frozenset = frozenset()


class Facts:
    """What evaluating an expression or running a statement may do to names of the surrounding scope."""

    __slots__ = ("reads", "writes", "paths", "items", "lists")

    def __init__(self, reads, writes, paths, items, lists):
        self.reads = reads
        self.writes = writes  # binds or deletes
        self.paths = paths  # composite symbols that it assigns: see `symbols`
        self.items = items  # what items are changed of: see `_item`
        self.lists = lists  # names of lists that it appends to


def reads(root):
    """Every name of the surrounding scope that evaluating `root`, which has been rewritten, may read."""
    return facts(root).reads


def writes(root):
    """Every name of the surrounding scope that running `root`, which has been rewritten, may bind or delete."""
    return facts(root).writes


def reads_for_certain(root):
    """The names that evaluating `root`, an expression or a statement without others in it, reads whatever happens."""
    stack, found = [root], set()
    while stack:
        node = stack.pop()
        kind = node.__class__
        if kind is ast.Name:
            if node.ctx.__class__ is not ast.Store:
                found.add(node.id)
        elif kind in _NESTED:
            if kind in COMPREHENSIONS:
                stack.append(node.generators[0].iter)
        elif kind is ast.BoolOp:
            stack.append(node.values[0])
        elif kind is ast.IfExp:
            stack.append(node.test)
        else:
            if kind is ast.AugAssign and node.target.__class__ is ast.Name:
                found.add(node.target.id)
            if kind is ast.Call and is_operator(node.func):
                stack += node.args
                stack += node.keywords
            else:
                stack += children(node)
    return frozenset(found)


def facts(root) -> Facts:
    """What `root` does. Found once: of a statement that has been rewritten, before it becomes calls of operators."""
    known = getattr(root, "facts", None)
    if known is None:
        known = root.facts = _facts(root)
    return known


def _reads(root):
    """`reads` of what will be rewritten yet."""
    return _facts(root, keep=False).reads


def _facts(root, keep=True):
    stack = [root]
    read, written, paths, items, lists = set(), set(), NOTHING, NOTHING, NOTHING
    while stack:
        node = stack.pop()
        kind = node.__class__
        if kind is ast.Name:
            context = node.ctx.__class__
            if context is not ast.Store:
                read.add(node.id)
            if context is not ast.Load:
                written.add(node.id)
        elif kind is ast.Call:
            if is_operator(node.func):
                stack += node.args
                stack += node.keywords
            else:
                stack += children(node)
        elif kind in _NESTED:
            if is_ours(node):  # an operand in a function that we made: it is evaluated where it stood, or not at all
                written.update(getattr(node, "walrus", ()))
                stack += node.body if isinstance(node.body, list) else [node.body]
            else:
                read |= free_names(node)
                written.update(_binds_nested(node))
                for inner in _inside(node):
                    written |= _facts(inner, keep).writes
        elif keep and node is not root and isinstance(node, ast.stmt):
            inner = facts(node)
            read |= inner.reads
            written |= inner.writes
            paths |= inner.paths
            items |= inner.items
            lists |= inner.lists
        else:
            if kind is ast.Attribute or kind is ast.Subscript:
                if node.ctx.__class__ is not ast.Load:
                    path = path_of(node)
                    if path:
                        paths |= {path}
            elif kind in _BINDS:
                written.update(_BINDS[kind](node))
            elif kind is ast.Assign:
                call = node.value
                if call.__class__ is ast.Call and is_operator(call.func) and call.func.attr == "append":
                    lists |= {node.targets[0].id}
                for target in node.targets:
                    if target.__class__ is ast.Subscript:
                        items |= _item(target, updates=False)
            elif kind is ast.AugAssign:
                if node.target.__class__ is ast.Name:
                    read.add(node.target.id)
                elif node.target.__class__ is ast.Subscript:
                    items |= _item(node.target, updates=True)
            stack += children(node)
    return Facts(read, written or NOTHING, paths, items, lists)


def _item(node, updates):
    """What an item is changed of, the item, or None if it is no symbol, and whether by what it was (`l[k] += 1`)."""
    base = path_of(node.value)
    return frozenset({(base, path_of(node), updates)}) if base else NOTHING


def path_of(node):
    """The composite symbol that an attribute or item is (see `symbols`), or the name; None if it is neither."""
    kind = node.__class__
    if kind is ast.Call and is_operator(node.func) and node.func.attr.startswith("changes"):
        node, kind = node.args[0], node.args[0].__class__
    if kind is ast.Name:
        return (node.id,)
    if kind is ast.Attribute:
        base = path_of(node.value)
        return base and (*base, "." + node.attr)
    if kind is ast.Subscript:
        base = path_of(node.value)
        key, sign = node.slice, 1
        if key.__class__ is ast.UnaryOp and key.op.__class__ is ast.USub and isinstance(key.operand, ast.Constant):
            key, sign = key.operand, -1
        if base and isinstance(key, ast.Constant) and isinstance(key.value, int if sign < 0 else (str, int)):
            return (*base, "[]", sign * key.value if sign < 0 else key.value)
        if base and isinstance(key, ast.Name):
            return (*base, "[n]", key.id)
    return None
