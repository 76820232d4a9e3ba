"""Putting traced functions together into one module for an artefact."""

import numpy as np

from tfc.ir.attributes import attribute
from tfc.ir.context import context
from tfc.ir.lazy import mlir


def assemble(parts: list):
    """One module out of traced functions.

    `parts`: (`Function`, new symbol, {argument number: numpy array}); those arguments become constants. The functions
    stay as they are.
    """
    with context(), mlir.Location.unknown():
        module = mlir.Module.create()
        present = set()
        for function, symbol, constants in parts:
            with mlir.InsertionPoint(module.body):
                for op in function.module.body.operations:
                    name = mlir.StringAttr(op.attributes["sym_name"]).value
                    if name in present:
                        continue
                    copy = op.operation.clone()
                    if name == function.symbol:
                        _freeze(copy, constants)
                        copy.attributes["sym_name"] = mlir.StringAttr.get(symbol)
                    else:
                        present.add(name)
        return module


def _freeze(function, constants: dict) -> None:
    """Replaces arguments by constants."""
    entry = function.regions[0].blocks[0]
    for number, array in constants.items():
        made = mlir.Operation.create(
            "tfc.constant",
            attributes={"value": attribute(np.asarray(array))},
            loc=function.location,
            ip=mlir.InsertionPoint.at_block_begin(entry),
            infer_type=True,
        )
        entry.arguments[number].replace_all_uses_with(made.results[0])
    names = function.attributes["arg_attrs"] if "arg_attrs" in function.attributes else None
    kept = [i for i in range(len(entry.arguments)) if i not in constants]
    for number in sorted(constants, reverse=True):
        entry.erase_argument(number)
    type_ = mlir.FunctionType(mlir.TypeAttr(function.attributes["function_type"]).value)
    function.attributes["function_type"] = mlir.TypeAttr.get(
        mlir.FunctionType.get([a.type for a in entry.arguments], type_.results)
    )
    if names is not None:
        function.attributes["arg_attrs"] = mlir.ArrayAttr.get([names[i] for i in kept])


def export_bytes(module, symbol: str, content: bytes) -> None:
    """Adds bytes that the object file exports under a symbol, aligned to 64 bytes."""
    with context(), mlir.Location.unknown():
        _export(module, symbol, np.frombuffer(content, np.int8))


def _export(module, symbol: str, values) -> None:
    type_ = mlir.MemRefType.get([values.size], mlir.IntegerType.get_signless(8))
    mlir.Operation.create(
        "memref.global",
        attributes={
            "sym_name": mlir.StringAttr.get(symbol),
            "type": mlir.TypeAttr.get(type_),
            "initial_value": mlir.DenseElementsAttr.get(
                values, type=mlir.IntegerType.get_signless(8), shape=[values.size]
            ),
            "constant": mlir.UnitAttr.get(),
            "alignment": mlir.IntegerAttr.get(mlir.IntegerType.get_signless(64), 64),
        },
        ip=mlir.InsertionPoint(module.body),
    )
