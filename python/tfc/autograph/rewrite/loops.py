"""What `while` and `for` have in common: which symbols are loop variables."""

import itertools

from . import symbols, tree


def state(stmt, control, extra=()):
    """Two constants, the symbols and where their groups end.

    The groups: read after the loop; carried from one iteration to the next only; seen by a nested function
    (a loop variable if it has
    a value before the loop); used within one iteration only. The first three have an end, the last is the
    rest. The fourth end is of those of the first group whose value the loop has to give, or else tells that there is
    none. The others are read later, or not at all, and whoever reads them looks.
    """
    names = symbols.may_change([*stmt.body, *extra], control.scope)
    paths = symbols.composites([*stmt.body, *extra], set(names)) + symbols.items(stmt.body, set(names))
    after, head, captured = stmt.live_out | control.scope.shared, stmt.live_head, control.scope.captured
    near = stmt.read_out | control.scope.shared | captured
    control.unassigned |= {
        name for name in names if name in after and name not in near and not name.startswith(tree.AG)
    }
    groups = [[], [], list(paths), [], [], []]
    for name in names:
        where = 1 - (name in near) if name in after else 3 if name in head else 4 if name in captured else 5
        groups[where].append(name)
    ends = list(itertools.accumulate(map(len, groups)))
    return tree.constant(tuple(sum(groups, []))), tree.constant((*ends[2:5], ends[0]))


def options(stmt):
    """The arguments of `set_loop_options`, evaluated when the loop starts."""
    return stmt.options if stmt.options is not None else tree.constant(None)
