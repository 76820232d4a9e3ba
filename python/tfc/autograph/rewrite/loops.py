"""What `while` and `for` have in common: which symbols are loop variables."""

from . import symbols, tree


def state(stmt, control, extra=()):
    """Two constants, the symbols and where their groups end.

    The groups: read after the loop; carried from one iteration to the next only; seen by a nested function
    (a loop variable if it has
    a value before the loop); used within one iteration only. The first three have an end, the last is the
    rest.
    """
    names = symbols.may_change([*stmt.body, *extra], control.scope)
    paths = symbols.composites([*stmt.body, *extra], set(names)) + symbols.items(stmt.body, set(names))
    after, head = stmt.live_out | control.scope.shared, stmt.live_head
    groups = [[], list(paths), [], [], []]
    for name in names:
        where = 0 if name in after else 2 if name in head else 3 if name in control.scope.captured else 4
        groups[where].append(name)
    alive, carried, soft = len(groups[0]) + len(paths), len(groups[2]), len(groups[3])
    return tree.constant(tuple(sum(groups, []))), tree.constant((alive, alive + carried, alive + carried + soft))


def options(stmt):
    """The arguments of `set_loop_options`, evaluated when the loop starts."""
    return stmt.options if stmt.options is not None else tree.constant(None)
