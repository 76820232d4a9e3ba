"""`for`: the body becomes a function of the item, and `ag__.for_stmt` iterates in Python or builds a loop.

for i in s:               def ag__body(ag__item):
  x = x + i         ->      nonlocal i, x
                            i = ag__item
                            x = x + i
                          ag__.for_stmt(s, ag__body, ("x", "i"), (1, 1, 1), (), None)
"""

import ast

from . import lists, loops, tree


def rewrite(stmt, control):
    bind = tree.at(ast.Assign([stmt.target], tree.load("ag__item")), stmt.target)
    appended = lists.appended(stmt.body)
    names, ends = loops.state(stmt, control, [bind])
    control.loops.append(stmt)
    body = control.function("ag__body", [bind, *stmt.body], stmt, "ag__item")
    control.loops.pop()
    call = tree.operator(
        "for_stmt", stmt.iter, tree.load("ag__body"),
        names, ends, tree.constant(stmt.stop), loops.options(stmt),
    )  # fmt: skip
    return [body, tree.run(lists.mention(call, appended), stmt)]
