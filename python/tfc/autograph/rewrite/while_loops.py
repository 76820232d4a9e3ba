"""`while`: test and body become functions, and `ag__.while_stmt` loops in Python or builds a loop.

    while c(x):               def ag__test():
      x = f(x)          ->      return c(x)
                              def ag__body():
                                nonlocal x
                                x = f(x)
                              ag__.while_stmt(ag__test, ag__body, ("x",), (1, 1, 1), (), None)

`stop` names the flags that end the loop (`jumps`): the operator looks at them before the test.
"""

import ast

from . import lists, loops, symbols, tree


def rewrite(stmt, control):
    result = tree.at(ast.Return(stmt.test), stmt.test)
    bound = tuple(symbols.changed([result]))
    test = control.function("ag__test", [result], stmt.test)
    appended = lists.appended(stmt.body)
    names, ends = loops.state(stmt, control, [result])
    control.loops.append(stmt)
    body = control.function("ag__body", stmt.body, stmt)
    control.loops.pop()
    call = tree.operator(
        "while_stmt", tree.load("ag__test"), tree.load("ag__body"),
        names, ends, tree.constant(stmt.stop), loops.options(stmt),
    )  # fmt: skip
    if bound:
        call.keywords.append(ast.keyword("binds", tree.constant(bound)))
    return [test, body, tree.run(lists.mention(call, appended), stmt)]
