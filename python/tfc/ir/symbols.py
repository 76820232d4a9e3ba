"""Names of functions that do not depend on how many were traced before."""

import re

from tfc.ir.builder import walk
from tfc.ir.context import context
from tfc.ir.lazy import mlir

_NUMBER = re.compile(r"_\d+(_loaded)?$")


def canonical(module, symbol: str) -> tuple:
    """(a copy of a module whose functions have no numbers of this process in their names, the name of `symbol` in it).

    Traces are numbered in the order in which they are made; code is kept on disk by what it is, so that a program whose
    functions are defined or called in another order finds it. Functions are told apart by their place.
    """
    names: dict = {}
    with context(), module.operation.location:
        copy = mlir.Module.create()
        with mlir.InsertionPoint(copy.body):
            functions = [op.operation.clone() for op in module.body.operations]
        for place, op in enumerate(functions):
            old = mlir.StringAttr(op.attributes["sym_name"]).value
            # Never the bare name: a function called `sin` would stand in for that of libm.
            names[old] = f"{_NUMBER.sub('', old)}.{place}"
            op.attributes["sym_name"] = mlir.StringAttr.get(names[old])
        if len(functions) > 1:
            for op in walk(copy.operation):
                if "callee" in op.attributes:
                    callee = mlir.FlatSymbolRefAttr(op.attributes["callee"]).value
                    op.attributes["callee"] = mlir.FlatSymbolRefAttr.get(names[callee])
    return copy, names[symbol]
