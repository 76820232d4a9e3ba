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
    new = cls.__new__(cls)
    below = prefix
    if cls is ast.ClassDef and node.name.strip("_"):
        below = "_" + node.name.lstrip("_")
    made = new.__dict__
    for field, value in node.__dict__.items():
        kind = value.__class__
        if kind is list:
            inside = below if field == "body" else prefix
            value = [_copy(v, inside) if isinstance(v, ast.AST) else _mangle(v, prefix) for v in value]
        elif kind is str:
            if prefix and cls is not ast.Constant:
                value = _mangle(value, prefix)
        elif kind is not int and kind is not ast.Load and kind is not ast.Store and isinstance(value, ast.AST):
            value = _copy(value, prefix)
        made[field] = value
    return new


def _mangle(name, prefix):
    private = prefix and isinstance(name, str) and name.startswith("__") and not name.endswith("__")
    return prefix + name if private and "." not in name else name


def at(node, where):
    """Gives `node` the position of `where`; parts without one inherit it when the tree is finished."""
    place, made = where.__dict__, node.__dict__
    for field in _POSITION:
        made[field] = place.get(field)
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
        known = node.__dict__
        if known.get("lineno") is not None:
            place = (known["lineno"], known["col_offset"], known["end_lineno"], known["end_col_offset"])
            if place[0] != place[2]:
                # Python takes the last line of an attribute for the line of its call.
                place = (place[0], place[1], place[0], place[1] + 1)
        elif node._attributes:
            known["lineno"], known["col_offset"], known["end_lineno"], known["end_col_offset"] = place
        for child in children(node):
            if FIELDS[child.__class__] or child.__dict__.get("lineno") is None:
                stack.append((child, place))


# Fields that hold no nodes, or only contexts and operators.
_PLAIN = frozenset((
    "ctx", "op", "ops", "id", "attr", "arg", "name", "kind", "type_comment", "level", "module", "conversion",
    "is_async", "asname", "rest", "kwd_attrs",
))  # fmt: skip


class _Fields(dict):
    def __missing__(self, cls):
        found = self[cls] = tuple(f for f in cls._fields if f not in _PLAIN)
        return found


# The fields of a class of nodes that may hold nodes, other than contexts and operators.
FIELDS = _Fields({ast.Name: (), ast.Constant: (), ast.Global: (), ast.Nonlocal: ()})


def children(node):
    """The nodes right below (without contexts and operators, which hold nothing): `ast.iter_child_nodes`,
    faster.
    """
    out = []
    held = node.__dict__
    for field in FIELDS[node.__class__]:
        value = held.get(field)
        if value.__class__ is list:
            out += filter(None, value)  # a missing key or default is None
        elif value is not None and isinstance(value, ast.AST):
            out.append(value)
    return out


def walk(node):
    """All nodes, in no order that matters: `ast.walk`, faster."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        if FIELDS[node.__class__]:
            stack += children(node)


def is_ours(node):
    return getattr(node, "ours", False)


def is_operator(func):
    """Is the function of a call an operator of ours?"""
    return func.__class__ is ast.Attribute and func.value.__class__ is ast.Name and func.value.id == AG
