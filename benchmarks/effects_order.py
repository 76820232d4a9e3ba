"""Processor time to order and to verify 10,000 effects: `python benchmarks/effects_order.py`."""

import random
import time

from mlir import ir, passmanager
from tfc import _compiler

RESOURCE = "!tfc.resource<tensor<i32>>"


def program(count, variables, branches):
    """`count` effects on some variables, the console and assertions; some of them in branches over two variables."""
    pick = random.Random(0)
    arguments = ", ".join(f"%v{i}: {RESOURCE}" for i in range(variables))
    lines = [f"func.func @main({arguments}, %x: tensor<i32>, %p: tensor<i1>) {{"]
    for k in range(count):
        v, w = (f"%v{pick.randrange(variables)}" for _ in range(2))
        kind = pick.randrange(5 if branches else 4)
        write = f"tfc.assign_variable {v}, %x : {RESOURCE}, tensor<i32>"
        lines.append(
            [
                f"%a{k}, %t{k} = tfc.read_variable {v} : {RESOURCE} -> tensor<i32>",
                f"%t{k} = {write}",
                f'%t{k} = tfc.print "x" {{summarize = 3 : i64, stream = "stdout"}}',
                f'%t{k} = tfc.assert %p, "no" {{summarize = 3 : i64}}',
                f"%t{k} = tfc.if %p {{\n%u{k} = {write}\ntfc.yield\n}} else {{\n"
                f"%b{k}, %w{k} = tfc.read_variable {w} : {RESOURCE} -> tensor<i32>\ntfc.yield\n}}",
            ][kind]
        )
    return "\n".join([*lines, "func.return", "}"])


def measure(text, name):
    with ir.Context() as context:
        _compiler.register(context)
        times = []
        for _ in range(5):
            module = ir.Module.parse(text)
            if name == "tfc-verify-ordering":
                passmanager.PassManager.parse("builtin.module(tfc-order-effects)").run(module.operation)
            manager = passmanager.PassManager.parse(f"builtin.module({name})")
            manager.enable_verifier(False)
            start = time.process_time()
            manager.run(module.operation)
            times.append(time.process_time() - start)
    return 1e3 * min(times)


def main():
    for count in (10_000, 40_000):
        for variables, branches in ((1, False), (100, True), (3000, True)):
            text = program(count, variables, branches)
            figures = "  ".join(
                f"{name} {measure(text, name):7.1f} ms"
                for name in ("tfc-order-effects", "tfc-verify-ordering", "tfc-promote-variables")
            )
            print(f"{count} effects, {variables} variables{', branches' if branches else ''}: {figures}")


if __name__ == "__main__":
    main()
