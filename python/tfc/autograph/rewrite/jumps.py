"""`break`, `continue` and early `return`, lowered to flags and guards.

After this pass no jump crosses a control statement: `break` sets a flag that the loop tests, and what
follows a statement that may
jump runs under `if not flag`. Where one branch of an `if` always jumps, what follows moves into the other
branch instead, so that the
usual early return needs no flag at all:

    if c:                    if c:
      return a        ->       ag__return = True; ag__value = a
    return b                 else:
                               ag__return = True; ag__value = b

Loops get the attribute `stop` (the flags that end them), guards the attribute `guard`. `else` of a loop is a
guard on its break flag.
"""

import ast

from . import tree

RETURN, VALUE = "ag__return", "ag__value"
_LOOPS = (ast.For, ast.While)
_NOTHING = frozenset()


def lower(function):
    """Lowers the body of a FunctionDef in place."""
    if not _needs_lowering(function.body):
        function.body = _Lowering(returns=False).block(function.body)[0]
        return
    lowering = _Lowering(returns=True)
    body, _, falls = lowering.block(function.body)
    where = function.body[0]
    unset = tree.load("NO_RETURN") if falls else tree.load("UNSET_RETURN")
    unset = ast.Attribute(tree.load(tree.AG), unset.id, ast.Load())
    start = [tree.assign(RETURN, tree.constant(False), where), tree.assign(VALUE, unset, where)]
    end = tree.at(ast.Return(tree.operator("returned", tree.load(VALUE))), function.body[-1])
    function.body = [*start, *body, end]


def _needs_lowering(stmts, inside=False):
    """Is there a `return` below a statement that becomes a function of its own?"""
    for stmt in stmts:
        if isinstance(stmt, ast.Return):
            if inside:
                return True
            continue
        below = inside or isinstance(stmt, (ast.If, *_LOOPS))
        if any(_needs_lowering(block, below) for block in _blocks(stmt)):
            return True
    return False


def _blocks(stmt):
    if isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    for field in ("body", "orelse", "finalbody"):
        yield getattr(stmt, field, ())
    for part in (*getattr(stmt, "handlers", ()), *getattr(stmt, "cases", ())):
        yield part.body


def _always_jumps(stmts):
    """Does every way through `stmts` end in break, continue or return (not merely in raise)?"""
    for stmt in stmts:
        if isinstance(stmt, (ast.Return, ast.Break, ast.Continue)):
            return True
        if isinstance(stmt, ast.Raise):
            return False
        if isinstance(stmt, ast.If) and _always_jumps(stmt.body) and _always_jumps(stmt.orelse):
            return True
    return False


class _Lowering:
    def __init__(self, returns):
        self.returns = returns
        self.loops = []  # (break flag, continue flag) of the loops around
        self.count = 0

    def block(self, stmts):
        """Returns (lowered statements, flags that may be set at the end, may control reach the end without a
        jump).
        """
        out, pending, falls = [], _NOTHING, True
        stmts = list(stmts)
        while stmts:
            stmt = stmts.pop(0)
            kind = type(stmt)
            if kind is ast.If and stmts:
                self._move_rest(stmt, stmts)
            if kind in _JUMPS:
                flags, new = _JUMPS[kind](self, stmt)
                return out + new, pending | flags, False
            new, flags, stmt_falls = _COMPOUND.get(kind, _Lowering._plain)(self, stmt)
            out += new
            pending |= flags
            falls = falls and stmt_falls
            if kind in _LOOPS and stmt.orelse:
                stmts[:0] = self._loop_else(stmt)
            if flags and stmts:
                rest, rest_flags, rest_falls = self.block(stmts)
                out.append(_guard(sorted(flags), rest, stmts[0]))
                return out, pending | rest_flags, falls and rest_falls
        return out, pending, falls

    @staticmethod
    def _move_rest(stmt, rest):
        body, orelse = _always_jumps(stmt.body), _always_jumps(stmt.orelse)
        if body and not orelse:
            stmt.orelse = [*stmt.orelse, *rest]
            rest.clear()
        elif orelse and not body:
            stmt.body = [*stmt.body, *rest]
            rest.clear()
        elif body and orelse:
            rest.clear()

    def _plain(self, stmt):
        return [stmt], _NOTHING, True

    def _return(self, stmt):
        if not self.returns:
            return _NOTHING, [stmt]
        value = stmt.value or tree.constant(None)
        done = [tree.assign(VALUE, value, stmt), tree.assign(RETURN, tree.constant(True), stmt)]
        return frozenset({RETURN}), done

    def _break(self, stmt):
        flag = self.loops[-1][0]
        return frozenset({flag}), [tree.assign(flag, tree.constant(True), stmt)]

    def _continue(self, stmt):
        flag = self.loops[-1][1]
        return frozenset({flag}), [tree.assign(flag, tree.constant(True), stmt)]

    def _raise(self, stmt):
        return _NOTHING, [stmt]

    def _if(self, stmt):
        stmt.body, flags_a, falls_a = self.block(stmt.body)
        stmt.orelse, flags_b, falls_b = self.block(stmt.orelse)
        return [stmt], flags_a | flags_b, falls_a or falls_b

    def _loop(self, stmt):
        self.count += 1
        stop, skip = f"ag__break_{self.count}", f"ag__continue_{self.count}"
        self.loops.append((stop, skip))
        stmt.body, flags, _ = self.block(stmt.body)
        self.loops.pop()
        stmt.flag = stop if stop in flags else None
        stmt.skips = skip in flags
        stmt.stop = tuple(sorted(flags - {skip}))
        if skip in flags:
            stmt.body.insert(0, tree.assign(skip, tree.constant(False), stmt.body[0]))
        before = [tree.assign(stop, tree.constant(False), stmt)] if stop in flags else []
        forever = isinstance(stmt, ast.While) and isinstance(stmt.test, ast.Constant) and stmt.test.value
        return [*before, stmt], flags - {stop, skip}, not forever or stop in flags

    def _loop_else(self, stmt):
        orelse, stmt.orelse = stmt.orelse, []
        if not stmt.flag:
            return orelse
        test = tree.operator("not_", tree.load(stmt.flag))
        return [tree.at(ast.If(test, orelse, []), orelse[0])]

    def _with(self, stmt):
        stmt.body, flags, falls = self.block(stmt.body)
        return [stmt], flags, falls

    def _try(self, stmt):
        stmt.body, flags, falls = self.block(stmt.body)
        orelse, else_flags, else_falls = self.block(stmt.orelse)
        stmt.orelse = [_guard(sorted(flags), orelse, orelse[0])] if flags and orelse else orelse
        falls, flags = falls and else_falls, flags | else_flags
        for handler in stmt.handlers:
            handler.body, more, handler_falls = self.block(handler.body)
            flags, falls = flags | more, falls or handler_falls
        stmt.finalbody, _, _ = self.block(stmt.finalbody)  # no jump leaves it: checked before
        return [stmt], flags, falls

    def _match(self, stmt):
        flags = _NOTHING
        for case in stmt.cases:
            case.body, more, _ = self.block(case.body)
            flags |= more
        return [stmt], flags, True


def _guard(flags, body, where):
    """`if not flag: body`. Inside, the flags are known to be unset: said again, for a flag that is a tensor
    outside.
    """
    test = tree.operator("none_of", *map(tree.load, flags))
    reset = [tree.assign(flag, tree.constant(False), where) for flag in flags]
    node = tree.at(ast.If(test, reset + body, []), where)
    node.guard, node.flags = True, flags
    return node


_JUMPS = {
    ast.Return: _Lowering._return, ast.Break: _Lowering._break,
    ast.Continue: _Lowering._continue, ast.Raise: _Lowering._raise,
}  # fmt: skip
_COMPOUND = {
    ast.If: _Lowering._if, ast.While: _Lowering._loop, ast.For: _Lowering._loop,
    ast.With: _Lowering._with, ast.Try: _Lowering._try, ast.Match: _Lowering._match,
}  # fmt: skip
if hasattr(ast, "TryStar"):
    _COMPOUND[ast.TryStar] = _Lowering._try
