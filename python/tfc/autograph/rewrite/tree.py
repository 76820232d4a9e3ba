"""Building and copying `ast` nodes.

Generated nodes carry the user's positions (`at`), so the compiled code needs no source map. Nodes that we
make and that the analyses
must see through (a lambda that only delays an operand) have the attribute `ours`.
"""

import ast

AG = "ag__"
_LOAD, _STORE = ast.Load(), ast.Store()
_POSITION = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def copy(node, class_name=None):
    """A deep copy; private names (`__x`) are mangled with `class_name`, as the compiler would have done."""
    prefix = "_" + class_name.lstrip("_") if class_name and class_name.strip("_") else None
    return _copy(node, prefix)


def _copy(node, prefix):
    cls = node.__class__
    if cls is ast.Load or cls is ast.Store:
        return node
    new = cls.__new__(cls)
    inner = prefix
    if cls is ast.ClassDef and node.name.strip("_"):
        inner = "_" + node.name.lstrip("_")
    for field in cls._fields:
        value = getattr(node, field, None)
        if isinstance(value, ast.AST):
            value = _copy(value, prefix)
        elif value.__class__ is list:
            below = inner if field == "body" else prefix
            value = [_copy(v, below) if isinstance(v, ast.AST) else _mangle(v, prefix) for v in value]
        elif prefix and value.__class__ is str and cls is not ast.Constant:
            value = _mangle(value, prefix)
        setattr(new, field, value)
    if hasattr(node, "lineno"):
        for field in _POSITION:
            setattr(new, field, getattr(node, field, None))
    return new


def _mangle(name, prefix):
    private = prefix and isinstance(name, str) and name.startswith("__") and not name.endswith("__")
    return prefix + name if private and "." not in name else name


def at(node, where):
    """Gives `node` the position of `where`; parts without one inherit it when the tree is finished."""
    for field in _POSITION:
        setattr(node, field, getattr(where, field, None))
    return node


def load(name):
    return ast.Name(name, _LOAD)


def constant(value):
    return ast.Constant(value)


def assign(name, value, where):
    return at(ast.Assign([ast.Name(name, _STORE)], value), where)


def operator(name, *args):
    """The expression `ag__.<name>(*args)`."""
    return ast.Call(ast.Attribute(load(AG), name, _LOAD), list(args), [])


def run(call, where):
    return at(ast.Expr(call), where)


def no_arguments(*names):
    return ast.arguments([], [ast.arg(n) for n in names], None, [], [], None, [])


def delay(expr):
    """`lambda: expr`, transparent to the analyses."""
    node = at(ast.Lambda(no_arguments(), expr), expr)
    node.ours = True
    return node


def define(name, body, where, *params):
    """`def name(*params): body`; an empty body becomes `pass`."""
    node = ast.FunctionDef(name, no_arguments(*params), body or [at(ast.Pass(), where)], [], None)
    if "type_params" in ast.FunctionDef._fields:
        node.type_params = []
    node.ours = True
    return at(node, where)


def finish(node):
    """Positions for the nodes that have none: their parent's."""
    stack = [(node, (1, 0, 1, 0))]
    while stack:
        node, place = stack.pop()
        if node._attributes:
            if getattr(node, "lineno", None) is None:
                node.lineno, node.col_offset, node.end_lineno, node.end_col_offset = place
            else:
                place = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
                if node.end_lineno != node.lineno:
                    # Python takes the last line of an attribute for the line of its call.
                    place = (node.lineno, node.col_offset, node.lineno, node.col_offset + 1)
        for child in children(node):
            stack.append((child, place))


# Fields that hold no nodes, or only contexts and operators.
_PLAIN = frozenset((
    "ctx", "op", "ops", "id", "attr", "arg", "name", "kind", "type_comment", "level", "module", "conversion",
    "is_async", "asname", "rest", "kwd_attrs",
))  # fmt: skip
_FIELDS: dict = {ast.Name: (), ast.Constant: (), ast.Global: (), ast.Nonlocal: ()}


def children(node):
    """The nodes right below (without contexts and operators, which hold nothing): `ast.iter_child_nodes`,
    faster.
    """
    cls = node.__class__
    fields = _FIELDS.get(cls)
    if fields is None:
        fields = _FIELDS[cls] = tuple(f for f in cls._fields if f not in _PLAIN)
    out = []
    for field in fields:
        value = getattr(node, field, None)
        if value.__class__ is list:
            out += [v for v in value if isinstance(v, ast.AST)]
        elif isinstance(value, ast.AST):
            out.append(value)
    return out


def walk(node):
    """All nodes, in no order that matters: `ast.walk`, faster."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        if _FIELDS.get(node.__class__) != ():
            stack += children(node)


def is_ours(node):
    return getattr(node, "ours", False)
