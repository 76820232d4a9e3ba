"""Where variables are read that a loop may leave without a value: `y` -> `ag__.assigned(y, "y")`.

Those are variables that a loop assigns and that are not read on every way from it: there the loop itself could not tell
whether somebody misses the value. It is the last thing that is done with a function.
"""

import ast

from . import tree
from .scope import COMPREHENSIONS, FUNCTIONS, free_names


def rewrite(stmts, names):
    """Rewrites the reads of `names` in `stmts`, calls of operators already; gives the statements."""
    if not names:
        return stmts
    out = []
    for stmt in stmts:
        if isinstance(stmt, ast.AugAssign) and getattr(stmt.target, "id", None) in names:
            out.append(tree.run(_checked(ast.Name(stmt.target.id, ast.Load()), stmt), stmt))
        elif isinstance(stmt, ast.Delete):
            found = [t for t in stmt.targets if getattr(t, "id", None) in names]
            out += [tree.run(_checked(ast.Name(t.id, ast.Load()), stmt), stmt) for t in found]
        _below(stmt, names)
        out.append(stmt)
    return out


def _below(node, names):
    """The same for what `node` holds."""
    if isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)) and not tree.is_ours(node):
        return  # the user's: what they take from around them is checked by the loop
    if isinstance(node, COMPREHENSIONS):
        names = names & free_names(node)
    for field in tree.FIELDS[node.__class__]:
        value = node.__dict__.get(field)
        if value.__class__ is list:
            if value and isinstance(value[0], ast.stmt):
                setattr(node, field, rewrite(value, names))
            else:
                value[:] = [_replaced(part, names) for part in value]
        elif isinstance(value, ast.AST):
            setattr(node, field, _replaced(value, names))


def _replaced(node, names):
    if node.__class__ is ast.Name:
        return _checked(node, node) if node.id in names and node.ctx.__class__ is ast.Load else node
    if isinstance(node, ast.AST):
        _below(node, names)
    return node


def _checked(name, where):
    return tree.at(tree.operator("assigned", name, tree.constant(name.id)), where)
