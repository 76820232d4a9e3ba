"""Which names matter at a control statement: classical liveness on structured code.

Jumps have been lowered before (`jumps`), so each statement is summed up by `(gen, kill)`: names read before
they are written, and
names certainly written. One walk up computes those, one walk down hands each control statement the names
alive after it
(`live_out`) and, for loops, at the start of each iteration (`live_head`). Another walk down finds those that are read
behind a loop whatever happens, before they are written (`read_out`).
"""

import ast

from .scope import TRIES, reads, reads_for_certain, writes
from .tree import is_operator, walk


class _All:
    """The set of all names: what control that does not come back "writes"."""

    def __and__(self, other):
        return other

    def __rand__(self, other):
        return other

    def __or__(self, other):
        return self

    __ror__ = __or__

    def __rsub__(self, other):
        return frozenset()


ALL = _All()
NONE = frozenset()


def analyse(body, scope):
    """Annotates every If, While and For below `body` (the statements of a function)."""
    if not scope.kinds.isdisjoint(TRIES):
        for stmt in body:
            _mark_caught(stmt)
    _live(body, scope.shared)
    if not scope.kinds.isdisjoint((ast.For, ast.While)):
        _certain(body, NONE)


def _mark_caught(stmt):
    """Exceptions raised where a handler of the same function may catch them: the function goes on."""
    for node in walk(stmt):
        if getattr(node, "handlers", None):
            for inner in node.body:
                for raised in walk(inner):
                    if isinstance(raised, ast.Raise):
                        raised.caught = True


def _block(stmts):
    gen, kill = NONE, NONE
    for stmt in stmts:
        g, k = _summary(stmt)
        gen = gen | (g - kill)
        kill = kill | k
    return gen, kill


def _summary(stmt):
    known = getattr(stmt, "summary", None)
    if known is None:
        known = stmt.summary = _SUMMARIES.get(type(stmt), _simple)(stmt)
    return known


def _simple(stmt):
    if getattr(stmt, "ours", False):  # a delayed operand: may run, later
        return reads(stmt), NONE
    return reads(stmt), writes(stmt)


def _leaves(stmt):
    return reads(stmt), NONE if getattr(stmt, "caught", False) else ALL


def _if(stmt):
    (gen_a, kill_a), (gen_b, kill_b) = _block(stmt.body), _block(stmt.orelse)
    written = writes(stmt.test)
    return reads(stmt.test) | ((gen_a | gen_b) - written), (kill_a & kill_b) | written


def _while(stmt):
    written = writes(stmt.test)
    return reads(stmt.test) | set(stmt.stop) | (_block(stmt.body)[0] - written), written


def _for(stmt):
    inner = _block(stmt.body)[0] - _for_targets(stmt)
    return reads(stmt.iter) | set(stmt.stop) | inner | reads(stmt.target), NONE


def _for_targets(stmt):
    return writes(stmt.target)


def _with(stmt):
    gen, kill = NONE, NONE
    for item in stmt.items:
        g = reads(item.context_expr) | (reads(item.optional_vars) if item.optional_vars else NONE)
        gen, kill = gen | (g - kill), kill | writes(item)
    body_gen, body_kill = _block(stmt.body)
    # A context manager may swallow an exception: what the body writes is not certain then.
    return gen | (body_gen - kill), kill | body_kill if all(map(_lets_errors_pass, stmt.items)) else kill


_LETS_PASS = frozenset(
    ("GradientTape", "ForwardAccumulator", "name_scope", "device", "control_dependencies", "init_scope")
)


def _lets_errors_pass(item):
    """Is it a call of something of ours that lets exceptions pass? Calls are rewritten already."""
    node = item.context_expr
    while isinstance(node, ast.Call):
        ours = is_operator(node.func)
        node = node.args[0] if ours and node.args else node.func
    return getattr(node, "attr", getattr(node, "id", None)) in _LETS_PASS


def _try(stmt):
    gen = _block(stmt.body)[0] | _block(stmt.orelse)[0]
    for handler in stmt.handlers:
        gen = gen | (reads(handler.type) if handler.type else NONE) | (_block(handler.body)[0] - {handler.name})
    final_gen, final_kill = _block(stmt.finalbody)
    return gen | final_gen, final_kill


def _match(stmt):
    gen = reads(stmt.subject)
    for case in stmt.cases:
        inner = _block(case.body)[0] | (reads(case.guard) if case.guard else NONE)
        gen = gen | reads(case.pattern) | (inner - writes(case.pattern))
    return gen, NONE


_SUMMARIES = {
    ast.If: _if, ast.While: _while, ast.For: _for, ast.With: _with, ast.Try: _try,
    ast.Return: _leaves, ast.Raise: _leaves, ast.Match: _match,
}  # fmt: skip
if hasattr(ast, "TryStar"):
    _SUMMARIES[ast.TryStar] = _try


def _live(stmts, live):
    """The names alive after each statement; gives those before the first."""
    live = frozenset(live)
    for stmt in reversed(stmts):
        gen, kill = _summary(stmt)
        _enter(stmt, live)
        live = frozenset(gen) | (live - kill)
    return live


def _enter(stmt, live):
    stmt.live_out = live
    kind = type(stmt)
    if kind is ast.If:
        _live(stmt.body, live)
        _live(stmt.orelse, live)
    elif kind is ast.While:
        _loop(stmt, _summary(stmt)[0], live - writes(stmt.test))
    elif kind is ast.For:
        _loop(stmt, frozenset(_block(stmt.body)[0] - _for_targets(stmt)) | set(stmt.stop), live)
    elif kind is ast.With:
        _live(stmt.body, live)
    elif kind is ast.Match:
        for case in stmt.cases:
            _live(case.body, live)
    elif hasattr(stmt, "finalbody"):
        after = live | _block(stmt.finalbody)[0]
        _live(stmt.finalbody, live)
        caught = after.union(*(_block(h.body)[0] for h in stmt.handlers))
        for handler in stmt.handlers:
            _live(handler.body, after)
        _live(stmt.orelse, after)
        _live(stmt.body, caught | _block(stmt.orelse)[0])


def _loop(stmt, inside, behind):
    stmt.live_head = frozenset(inside | behind)
    _live(stmt.body, stmt.live_head)


def _certain(stmts, behind):
    """The names that are read for certain after each statement, before they are written; gives those before the first.

    `behind`: those behind the last one.
    """
    for stmt in reversed(stmts):
        behind = _certain_before(stmt, behind)
    return behind


def _certain_before(stmt, behind):
    kind = type(stmt)
    if kind in (ast.Return, ast.Raise):
        return reads_for_certain(stmt)
    if kind is ast.If:
        both = _certain(stmt.body, behind) & _certain(stmt.orelse, behind)
        return reads_for_certain(stmt.test) | (both - writes(stmt.test))
    if kind is ast.For:
        stmt.read_out = behind
        _certain(stmt.body, NONE)
        return reads_for_certain(stmt.iter) | (behind - writes(stmt))
    if kind is ast.While:
        stmt.read_out = behind
        test = reads_for_certain(stmt.test)
        _certain(stmt.body, test)
        return test | (behind - writes(stmt))
    if kind is ast.With:
        first = NONE.union(*(reads_for_certain(item.context_expr) for item in stmt.items[:1]))
        inside = _certain(stmt.body, behind)
        return first | inside.difference(*(writes(item) for item in stmt.items))
    if kind is ast.Match:
        for case in stmt.cases:
            _certain(case.body, behind)
        return reads_for_certain(stmt.subject) | (behind - writes(stmt))
    if hasattr(stmt, "finalbody"):
        _certain(stmt.finalbody, behind)
        for part in (stmt, *stmt.handlers):
            _certain(part.body, NONE)
        _certain(stmt.orelse, NONE)
        return behind - writes(stmt)
    return reads_for_certain(stmt) | (behind - writes(stmt))
