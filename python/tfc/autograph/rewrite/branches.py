"""`if`: both branches become functions that share the changed names, and `ag__.if_stmt` runs one of them, or
traces both.

    if c:                     def ag__body():
      x = f(x)                  nonlocal x
    else:               ->      x = f(x)
      y = 1                   def ag__orelse():
                                nonlocal y
                                y = 1
                              ag__.if_stmt(c, ag__body, ag__orelse, ("x", "y"), (2, 2))

The operator reads and writes `x` and `y` through the closure cells of the functions. The names are ordered:
those read afterwards
(2 of them here), those that a nested function may read afterwards (none here: up to 2), those that matter
only to the branches.
"""

import ast

from . import lists, symbols, tree


def rewrite(stmt, control):
    branches = [*stmt.body, *stmt.orelse]
    appended = lists.appended(branches)
    names = symbols.may_change(branches, control.scope)
    paths = symbols.composites(branches, set(names))
    alive = stmt.live_out | control.scope.shared
    outputs = [n for n in names if n in alive]
    soft = [n for n in names if n not in alive and n in control.scope.captured]
    others = [n for n in names if n not in alive and n not in control.scope.captured]
    body = control.function("ag__body", stmt.body, stmt)
    parts = [body]
    if stmt.orelse:
        parts.append(control.function("ag__orelse", stmt.orelse, stmt))
        orelse = tree.load("ag__orelse")
    else:
        orelse = tree.constant(None)
    args = [
        stmt.test,
        tree.load("ag__body"),
        orelse,
        tree.constant((*outputs, *paths, *soft, *others)),
        tree.constant((len(outputs) + len(paths), len(outputs) + len(paths) + len(soft))),
    ]
    if getattr(stmt, "guard", False):
        args.append(tree.constant(True))
    call = lists.mention(tree.operator("if_stmt", *args), appended)
    kept = _read_after_jump(stmt, outputs, names, control)
    if kept:
        call.keywords.append(ast.keyword("kept", tree.constant(kept)))
    return [*parts, tree.run(call, stmt)]


def _read_after_jump(stmt, outputs, names, control):
    """The names that are read where `break` or `continue` lead to: a branch that jumps there must have given
    them a value.
    """
    flags = getattr(stmt, "flags", names)
    if not control.loops or not any(f.startswith(("ag__break", "ag__continue")) for f in flags):
        return ()
    loop = control.loops[-1]
    alive = (loop.live_out if loop.flag else frozenset()) | (loop.live_head if loop.skips else frozenset())
    return tuple(n for n in outputs if n in alive and not n.startswith("ag__"))
