"""`assert test, message` -> `ag__.assert_(test, lambda: message)`."""

from . import tree


def rewrite(stmt, context):
    if not __debug__:
        return stmt
    args = [stmt.test]
    if stmt.msg is not None:
        message = context.delay(stmt.msg)
        if message is None:
            return stmt
        args.append(message)
    return tree.run(tree.operator("assert_", *args), stmt)
