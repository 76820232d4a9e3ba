"""The reference executor on traces of Python functions: all pure ops mean what they mean eagerly."""

import random
import re

import tfc as tf
from effect_machine import RULES, Machine, Stopped, console_text, read_data, read_module
from tfc.core import Primitive, VariableStorage
from tfc.ir import LOCK, context, mlir, run_passes
from tfc.ops import primitives
from tfc.ops.printing import tensor_text
from tfc.tracing.replay import attributes_of

_PRIMITIVES = {p.name: p for p in vars(primitives).values() if isinstance(p, Primitive)}
# Arithmetic and constants are not those of the executor's own scalars.
_RULES = {name: rule for name, rule in RULES.items() if name not in ("tfc.constant", "tfc.add", "tfc.sub", "tfc.less")}
_ORDERED = "builtin.module(tfc-inline-calls,tfc-order-effects,tfc-verify-ordering)"


def _read(op, ir):
    if op.name in _RULES:
        return read_data(op, ir)
    attrs = attributes_of(op) if op.name.startswith("tfc.") and op.name != "tfc.yield" else {}
    return {"attrs": attrs}


def _pure(machine, op, values, env):
    if op.name == "tfc.constant":
        return [tf.constant(op.data["attrs"]["value"])]
    prim = _PRIMITIVES[op.name.removeprefix("tfc.")]
    result = prim(*values, **op.data["attrs"])
    return [result] if prim.num_results == 1 else list(result)


class Trace:
    """A traced `main(x)`, ordered, to be run in any order that its tokens allow."""

    def __init__(self, main, passes=_ORDERED):
        concrete = main.get_concrete_function(tf.TensorSpec([], tf.int32))
        self.symbol = concrete._graph.function.symbol
        self.captured = list(concrete._graph.captured)
        self.storages = [v for v in concrete.live_variables() if isinstance(v, VariableStorage)]
        with LOCK:
            self.module = concrete._graph.function.clone_module()
            run_passes(self.module, passes)
            with context():
                self.functions = read_module(self.module, mlir, _read)

    def observe(self, x, values, seed=None):
        """As `Program.observe`: outcome, the variables (in the order of `storages`), the console."""
        chooser = None if seed is None else random.Random(seed)
        machine = Machine(self.functions, list(values), chooser, _pure, _RULES)
        try:
            results = machine.call(self.symbol, [tf.constant(x), *self.captured, *range(len(values))])
            outcome = [int(t.numpy()) for t in results]
        except Stopped as stop:
            outcome = re.findall(r"line \d+", stop.args[0])[:1]
        console = console_text(machine.console, lambda v: tensor_text(v.numpy(), 3))
        return outcome, [v.numpy().tolist() for v in machine.variables], console
