"""Traced functions as bytes, and back."""

import io
import itertools

from tfc.ir.builder import Function
from tfc.ir.context import BuildError, context
from tfc.ir.lazy import mlir

#: How MLIR bytecode begins.
BYTECODE = b"ML\xefR"

_counter = itertools.count()


def write_function(function: Function) -> bytes:
    """MLIR bytecode of a function and what it calls."""
    return module_bytecode(function.module)


def module_bytecode(module) -> bytes:
    stream = io.BytesIO()
    module.operation.write_bytecode(stream)
    return stream.getvalue()


def parse_function(content, symbol: str) -> Function:
    """The function of such bytes (or of MLIR text), renamed to `symbol`. Its callees get names that no others have.

    Raises `BuildError` if the bytes are no module of ours, or if it does not have exactly one entry.
    """
    module = parse_module(content)
    functions = [op.operation for op in module.body.operations if op.operation.name == "func.func"]
    entries = [op for op in functions if "tfc.entry" in op.attributes]
    if len(entries) != 1:
        raise BuildError(f"expected one function with the attribute tfc.entry, got {len(entries)}")
    with context():
        names = {}
        for op in functions:
            old = mlir.StringAttr(op.attributes["sym_name"]).value
            names[old] = symbol if op is entries[0] else f"{old}_{next(_counter)}_loaded"
            op.attributes["sym_name"] = mlir.StringAttr.get(names[old])
        for op in functions:
            op.walk(lambda inner: _rename_callee(inner, names))
    made = Function.__new__(Function)
    made.symbol, made.loc, made.module, made.op = symbol, entries[0].location, module, entries[0]
    made.entry = entries[0].regions[0].blocks[0]
    made.callees = set(names.values()) - {symbol}
    made.python, made.hosts, made.constants = {}, {}, []
    return made


def parse_module(content):
    """A verified module of MLIR text or bytecode; `BuildError` if it is none."""
    with context():
        try:
            module = mlir.Module.parse(content)
        except (mlir.MLIRError, ValueError) as e:
            diagnostics = getattr(e, "error_diagnostics", None)
            raise BuildError(str(diagnostics[0].message if diagnostics else e)) from None
    return module


def _rename_callee(op, names):
    if op.name == "func.call":
        callee = mlir.FlatSymbolRefAttr(op.attributes["callee"]).value
        op.attributes["callee"] = mlir.FlatSymbolRefAttr.get(names[callee])
    return mlir.WalkResult.ADVANCE
