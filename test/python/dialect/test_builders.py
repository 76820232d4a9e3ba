"""Ops made from Python with wrong operands and attributes: an exception each time, never an abort."""

import itertools
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

DECLARATIONS = Path(__file__).resolve().parents[3] / "include" / "tfc" / "Dialect" / "TFC" / "IR"
TYPES = [
    "tensor<f32>",
    "tensor<i32>",
    "tensor<1xi32>",
    "tensor<2xi64>",
    "tensor<?xi32>",
    "tensor<2x3xf32>",
    "tensor<?x3xf32>",
    "tensor<*xf32>",
    "tensor<*xi32>",
    "tensor<i1>",
    "tensor<2x3xi1>",
    "tensor<0x3xf32>",
    "tensor<2x2xcomplex<f32>>",
    "tensor<1xui64>",
    "tensor<2xui64>",
    "tensor<4x2x3xf64>",
    "tensor<2x3xindex>",
    "i32",
    "!tfc.token",
    "!tfc.resource<tensor<?xf32>>",
    "!tfc.list<tensor<2xf32>>",
    "!tfc.list<tensor<*xf32>>",
    "memref<2xf32>",
    "vector<2xi32>",
    "tensor<2x!tfc.token>",
]
LISTS = ["", ": 0", ": 1, 0", ": -1", ": 2, 3", ": 3, -9223372036854775808", ": 9223372036854775807, 9"]
NUMBERS = ["0", "1", "-1", "9223372036854775807", "-9223372036854775808"]
OTHERS = [
    "true",
    "f32",
    "i32",
    "ui32",
    "none",
    "index",
    "tensor<2xf32>",
    "!tfc.token",
    '"add"',
    '"{}"',
    '"{"',
    "unit",
    "complex<f16>",
    "dense<1>:tensor<i32>",
    "dense<1.0>:vector<2xf32>",
    "tensor<2x!tfc.token>",
    "array<i32:1,1,0>",
]
ATTRIBUTES = {
    "axes shape perm starts sizes strides low high": [f"array<i64{v}>" for v in LISTS],
    "axis batch_dims begin_mask end_mask summarize code": [f"{v} : i64" for v in NUMBERS],
    "keepdims exclusive reverse descending transpose_x transpose_y dynamic_size": ["true", "false"],
    "dtype element_type value mode format stream message": OTHERS,
}
ATTRIBUTES = {name: values for names, values in ATTRIBUTES.items() for name in names.split()}


def mnemonics():
    text = "".join(p.read_text(encoding="utf-8") for p in sorted(DECLARATIONS.glob("*Ops.td")))
    return sorted(set(re.findall(r'def TFC_\w+ : TFC_\w*Op<"(\w+)"', text)) - {"if", "while", "yield"})


def make_ops(seed, count):
    """Tries to make `count` random ops, then folds those that are right. Prints how many there were."""
    rng = random.Random(seed)
    everything = sorted(set(itertools.chain(*ATTRIBUTES.values())))
    names, made = mnemonics(), 0
    with ir.Context() as context, ir.Location.unknown():
        compiler.register(context)
        context.attach_diagnostic_handler(lambda diagnostic: True)
        module = ir.Module.create()
        types = [ir.Type.parse(t) for t in TYPES]
        attributes = {
            "sym_name": ir.StringAttr.get("f"),
            "function_type": ir.TypeAttr.get(ir.FunctionType.get(types, [])),
        }
        function = ir.Operation.create("func.func", attributes=attributes, regions=1, ip=ir.InsertionPoint(module.body))
        block = function.regions[0].blocks.append(*types)
        values = list(block.arguments)
        for _ in range(count):
            attributes = {
                name: ir.Attribute.parse(rng.choice(choices if rng.random() < 0.95 else everything))
                for name, choices in ATTRIBUTES.items()
                if rng.random() < 0.98
            }
            operands = [rng.choice(values) for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 2, 3, 4]))]
            try:
                op = ir.Operation.create(
                    f"tfc.{rng.choice(names)}",
                    operands=operands,
                    attributes=attributes,
                    infer_type=True,
                    ip=ir.InsertionPoint(block),
                )
            except (ir.MLIRError, ValueError):
                continue
            try:
                op.verify()
            except ir.MLIRError:
                op.erase()
                continue
            values += list(op.results)
            made += 1
        ir.Operation.create("func.return", ip=ir.InsertionPoint(block))
        passmanager.PassManager.parse("builtin.module(canonicalize,cse)").run(module.operation)
    print(made)


@pytest.mark.parametrize("seed", range(2))
def test_wrong_ops_raise(seed):
    run = subprocess.run(
        [sys.executable, __file__, str(seed), "2500"], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert int(run.stdout) > 20


if __name__ == "__main__":
    from mlir import ir, passmanager
    from tfc import _compiler as compiler

    make_ops(int(sys.argv[1]), int(sys.argv[2]))
