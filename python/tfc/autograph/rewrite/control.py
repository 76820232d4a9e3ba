"""Turns the control statements of one function into calls of operators, innermost first."""

import ast

from . import branches, for_loops, symbols, tree, while_loops

_REWRITE = {ast.If: branches.rewrite, ast.While: while_loops.rewrite, ast.For: for_loops.rewrite}


class Control:
    """State of the rewriting of one function: its scope, and the names that must be declared as its
    locals.
    """

    def __init__(self, scope):
        self.scope = scope
        self.declared = set()
        self.loops = []  # the loops around, outermost first
        self.unassigned = set()  # names that may have no value after a loop, which it does not tell

    def block(self, stmts):
        out = []
        for stmt in stmts:
            if tree.is_ours(stmt):
                self._walrus(stmt)
            rewrite = _REWRITE.get(type(stmt))
            if rewrite:
                out += rewrite(stmt, self)
                continue
            if not isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._inside(stmt)
            out.append(stmt)
        return out

    def _inside(self, stmt):
        for part in (stmt, *getattr(stmt, "handlers", ()), *getattr(stmt, "cases", ())):
            for field in ("body", "orelse", "finalbody"):
                block = getattr(part, field, None)
                if isinstance(block, list) and block:
                    setattr(part, field, self.block(block))

    def function(self, name, stmts, where, *params):
        """`def name(*params): stmts`, sharing with its surroundings every name that `stmts` bind."""
        names = set(symbols.may_change(stmts, self.scope))
        body = self._sharing(names, stmts[0]) + self.block(stmts)
        function = tree.define(name, body, where, *params)
        function.walrus = names
        return function

    def _sharing(self, names, where):
        shared, others = names & self.scope.globals, names - self.scope.globals
        self.declared |= others - self.scope.nonlocals - self.scope.params
        head = []
        if shared:
            head.append(tree.at(ast.Global(sorted(shared)), where))
        if others:
            head.append(tree.at(ast.Nonlocal(sorted(others)), where))
        return head

    def _walrus(self, thunk):
        """A delayed operand with a walrus, made before the scope was known."""
        if not isinstance(thunk.body[0], (ast.Global, ast.Nonlocal)):
            thunk.body = self._sharing(set(thunk.walrus), thunk.body[0]) + thunk.body
