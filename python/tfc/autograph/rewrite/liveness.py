"""Which names matter at a control statement: classical liveness on structured code.

Jumps have been lowered before (`jumps`), so each statement is summed up by `(gen, kill)`: names read before
they are written, and
names certainly written. One walk up computes those, one walk down hands each control statement the names
alive after it
(`live_out`) and, for loops, at the start of each iteration (`live_head`). Another walk down finds those that are read
behind a loop whatever happens, before they are written (`read_out`). Where a function of this function is named, what
it reads of it is read.
"""

import ast

from .scope import FUNCTIONS, TRIES, free_names, reads, reads_for_certain, writes
from .tree import is_operator, is_ours, walk


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
    _Liveness(_read_by_functions(body, scope))._live(body, scope.shared)
    if not scope.kinds.isdisjoint((ast.For, ast.While)):
        _certain(body, NONE)


def _read_by_functions(body, scope):
    """What functions that are made below `body` read of this scope, by the names that they are bound to."""
    if not scope.captured:
        return {}
    found = {}
    for stmt in body:
        for node in walk(stmt):
            if isinstance(node, FUNCTIONS) and not is_ours(node):
                names, function = (node.name,), node
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and not is_ours(node.value):
                names, function = [t.id for t in node.targets if isinstance(t, ast.Name)], node.value
            else:
                continue
            for name in names:
                found[name] = found.get(name, NONE) | (free_names(function) & scope.captured)
    # Functions call each other.
    growing = True
    while growing:
        growing = False
        for name, free in found.items():
            more = free.union(*(found[other] for other in free if other in found))
            growing |= more != free
            found[name] = more
    return {name: free for name, free in found.items() if free}


def _mark_caught(stmt):
    """Exceptions raised where a handler of the same function may catch them: the function goes on."""
    for node in walk(stmt):
        if getattr(node, "handlers", None):
            for inner in node.body:
                for raised in walk(inner):
                    if isinstance(raised, ast.Raise):
                        raised.caught = True


class _Liveness:
    """The walks over one function. `functions`: what is read where one of these names is read."""

    def __init__(self, functions):
        self.functions = functions

    def _reads(self, root):
        found = reads(root)
        called = [self.functions[name] for name in self.functions.keys() & found]
        return found.union(*called) if called else found

    def _block(self, stmts):
        gen, kill = NONE, NONE
        for stmt in stmts:
            g, k = self._summary(stmt)
            gen = gen | (g - kill)
            kill = kill | k
        return gen, kill

    def _summary(self, stmt):
        known = getattr(stmt, "summary", None)
        if known is None:
            known = stmt.summary = _SUMMARIES.get(type(stmt), _Liveness._simple)(self, stmt)
        return known

    def _simple(self, stmt):
        if getattr(stmt, "ours", False):  # a delayed operand: may run, later
            return self._reads(stmt), NONE
        return self._reads(stmt), writes(stmt)

    def _leaves(self, stmt):
        return self._reads(stmt), NONE if getattr(stmt, "caught", False) else ALL

    def _if(self, stmt):
        (gen_a, kill_a), (gen_b, kill_b) = self._block(stmt.body), self._block(stmt.orelse)
        written = writes(stmt.test)
        return self._reads(stmt.test) | ((gen_a | gen_b) - written), (kill_a & kill_b) | written

    def _while(self, stmt):
        written = writes(stmt.test)
        return self._reads(stmt.test) | set(stmt.stop) | (self._block(stmt.body)[0] - written), written

    def _for(self, stmt):
        inner = self._block(stmt.body)[0] - writes(stmt.target)
        return self._reads(stmt.iter) | set(stmt.stop) | inner | self._reads(stmt.target), NONE

    def _with(self, stmt):
        gen, kill = NONE, NONE
        for item in stmt.items:
            g = self._reads(item.context_expr) | (self._reads(item.optional_vars) if item.optional_vars else NONE)
            gen, kill = gen | (g - kill), kill | writes(item)
        body_gen, body_kill = self._block(stmt.body)
        # A context manager may swallow an exception: what the body writes is not certain then.
        return gen | (body_gen - kill), kill | body_kill if all(map(_lets_errors_pass, stmt.items)) else kill

    def _try(self, stmt):
        gen = self._block(stmt.body)[0] | self._block(stmt.orelse)[0]
        for handler in stmt.handlers:
            gen = gen | (self._block(handler.body)[0] - {handler.name})
            gen = gen | (self._reads(handler.type) if handler.type else NONE)
        final_gen, final_kill = self._block(stmt.finalbody)
        return gen | final_gen, final_kill

    def _match(self, stmt):
        gen = self._reads(stmt.subject)
        for case in stmt.cases:
            inner = self._block(case.body)[0] | (self._reads(case.guard) if case.guard else NONE)
            gen = gen | self._reads(case.pattern) | (inner - writes(case.pattern))
        return gen, NONE

    def _live(self, stmts, live):
        """The names alive after each statement; gives those before the first."""
        live = frozenset(live)
        for stmt in reversed(stmts):
            gen, kill = self._summary(stmt)
            self._enter(stmt, live)
            live = frozenset(gen) | (live - kill)
        return live

    def _enter(self, stmt, live):
        stmt.live_out = live
        kind = type(stmt)
        if kind is ast.If:
            self._live(stmt.body, live)
            self._live(stmt.orelse, live)
        elif kind is ast.While:
            self._loop(stmt, self._summary(stmt)[0], live - writes(stmt.test))
        elif kind is ast.For:
            self._loop(stmt, frozenset(self._block(stmt.body)[0] - writes(stmt.target)) | set(stmt.stop), live)
        elif kind is ast.With:
            self._live(stmt.body, live)
        elif kind is ast.Match:
            for case in stmt.cases:
                self._live(case.body, live)
        elif hasattr(stmt, "finalbody"):
            after = live | self._block(stmt.finalbody)[0]
            self._live(stmt.finalbody, live)
            caught = after.union(*(self._block(h.body)[0] for h in stmt.handlers))
            for handler in stmt.handlers:
                self._live(handler.body, after)
            self._live(stmt.orelse, after)
            self._live(stmt.body, caught | self._block(stmt.orelse)[0])

    def _loop(self, stmt, inside, behind):
        stmt.live_head = frozenset(inside | behind)
        self._live(stmt.body, stmt.live_head)


_SUMMARIES = {
    ast.If: _Liveness._if,
    ast.While: _Liveness._while,
    ast.For: _Liveness._for,
    ast.With: _Liveness._with,
    ast.Try: _Liveness._try,
    ast.Return: _Liveness._leaves,
    ast.Raise: _Liveness._leaves,
    ast.Match: _Liveness._match,
}
if hasattr(ast, "TryStar"):
    _SUMMARIES[ast.TryStar] = _Liveness._try


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
