"""Running the ops of a traced function through the current interpreter.

Eager replay is the reference interpreter of the IR. Replay into a graph copies; replay under a tape gives gradients.
"""

from tfc.core import Primitive, current, recorders
from tfc.ir import kind_of, mlir, python_value, type_spec
from tfc.ops import primitives as p

_PRIMITIVES = {v.name: v for v in vars(p).values() if isinstance(v, Primitive)}
_IGNORED = frozenset({"operandSegmentSizes", "resultSegmentSizes"})


def replay(function, inputs: list, overrides: dict | None = None) -> list:
    """The results of a traced `ir.Function` on these inputs (tensors, then variables), by the current interpreter.

    `overrides`: MLIR values of constants, and what to take in their place.
    """
    return replay_op(function.op, symbols_of(function), inputs, overrides)


class _Symbols:
    """What a function may call: `func.func` ops, and Python functions that stand for some of them."""

    def __init__(self, ops: dict, python: dict):
        self.ops = ops
        self.python = python


def replay_op(op, symbols: _Symbols, inputs: list, overrides: dict | None = None) -> list:
    """The results of a `func.func` op. `symbols`: the functions that it may call."""
    block = op.regions[0].blocks[0]
    env = dict(zip(block.arguments, inputs, strict=True))
    env.update(overrides or {})
    return _Replay(symbols, env).block(block)


def symbols_of(function) -> _Symbols:
    """What an `ir.Function` may call."""
    names = {mlir.StringAttr(op.attributes["sym_name"]).value: op for op in function.module.body.operations}
    return _Symbols(names, function.python)


def attributes_of(op) -> dict:
    """The attributes of an op as Python values."""
    return {name: python_value(op.attributes[name]) for name in op.attributes if name not in _IGNORED}


class _Replay:
    def __init__(self, symbols: _Symbols, env: dict):
        self.symbols = symbols
        self.env = env

    def block(self, block) -> list:
        """Runs a block; the operands of its terminator are its results. Ops of a trace keep their locations."""
        graph = current()
        if graph.eager:
            return self.ops(block.operations, None)
        before = graph.location
        try:
            return self.ops(block.operations, graph)
        finally:
            graph.location = before

    def ops(self, operations, graph) -> list:
        env = self.env
        for op in operations:
            name = op.operation.name
            operands = [env[v] for v in op.operands if kind_of(v.type)[0] != "token"]
            if name in ("func.return", "tfc.yield"):
                return operands
            if name == "tfc.constant" and op.results[0] in env:
                continue
            if any(o is ABSENT for o in operands):
                env.update((r, ABSENT) for r in op.operation.results)
                continue
            if graph is not None:
                graph.location = op.operation.location
            results = self.one(name, op.operation, operands)
            values = [r for r in op.operation.results if kind_of(r.type)[0] != "token"]
            for value, result in zip(values, results, strict=True):
                env[value] = result
        return []

    def one(self, name, op, operands) -> list:
        if name == "tfc.if":
            yes, no = (region.blocks[0] for region in op.regions)
            return current().cond(operands[0], lambda: self.block(yes), lambda: self.block(no))
        if name == "tfc.while":
            return self._while(op, operands)
        if name == "func.call":
            callee = mlir.FlatSymbolRefAttr(op.attributes["callee"]).value
            python = self.symbols.python.get(callee)
            # A function with a gradient of its own: tapes have to see it, not what it is made of.
            if python is not None and recorders():
                return list(python(*operands))
            return self.call(self.symbols.ops[callee], operands)
        prim = _PRIMITIVES.get(name.removeprefix("tfc."))
        if prim is None:
            raise NotImplementedError(f"{name} has no meaning outside of compiled code")
        if prim is p.constant:
            return [p.constant(value=python_value(op.attributes["value"]))]
        result = prim(*operands, **attributes_of(op))
        if prim.num_results == 1:
            return [result]
        return [] if result is None else list(result)

    def call(self, op, operands) -> list:
        return replay_op(op, self.symbols, operands)

    def _while(self, op, operands):
        test, body = (region.blocks[0] for region in op.regions)

        def run(block, values):
            self.env.update(zip(block.arguments, values, strict=True))
            return self.block(block)

        invariants = [_dims(a) for a in body.arguments]
        return current().while_loop(
            lambda *values: run(test, values)[0],
            lambda *values: run(body, values),
            operands,
            shape_invariants=invariants,
        )


# A value that is not there: what depends on it is not either.
ABSENT = object()


class PureReplay(_Replay):
    """A replay without effects. Handles of variables stand for the values that the variables have."""

    def one(self, name, op, operands) -> list:
        if name in ("tfc.assign_variable", "tfc.print", "tfc.assert"):
            return []
        if name == "tfc.read_variable":
            return operands
        return super().one(name, op, operands)

    def call(self, op, operands) -> list:
        block = op.regions[0].blocks[0]
        return PureReplay(self.symbols, dict(zip(block.arguments, operands, strict=True))).block(block)


def _dims(argument):
    kind, inner = kind_of(argument.type)
    if kind != "tensor":
        return None
    return type_spec(inner).shape
