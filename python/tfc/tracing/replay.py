"""Running the ops of a traced function through the current interpreter.

Eager replay is the reference interpreter of the IR. Replay into a graph copies; replay under a tape gives gradients.
"""

from tfc.core import Primitive, current, record_operation, recorders, stop_recording
from tfc.errors import page, user_line
from tfc.ir import kind_of, mlir, python_value, type_spec, walk
from tfc.ops import primitives as p

PRIMITIVES = {v.name: v for v in vars(p).values() if isinstance(v, Primitive)}
_IGNORED = frozenset({"operandSegmentSizes", "resultSegmentSizes", "tfc.custom"})


def replay(function, inputs: list, overrides: dict | None = None) -> list:
    """The results of a traced `ir.Function` on these inputs (tensors, then variables), by the current interpreter.

    `overrides`: MLIR values of constants, and what to take in their place.
    """
    return replay_op(function.op, symbols_of(function), inputs, overrides)


class _Symbols:
    """What a function may call: `func.func` ops, and Python functions that stand for some of them."""

    def __init__(self, ops: dict, python: dict, hosts: dict):
        self.ops = ops
        self.python = python
        self.hosts = hosts


def replay_op(op, symbols: _Symbols, inputs: list, overrides: dict | None = None) -> list:
    """The results of a `func.func` op. `symbols`: the functions that it may call."""
    block = op.regions[0].blocks[0]
    env = dict(zip(block.arguments, inputs, strict=True))
    env.update(overrides or {})
    return Replay(symbols, env).block(block)


def symbols_of(function) -> _Symbols:
    """What an `ir.Function` may call."""
    names = {mlir.StringAttr(op.attributes["sym_name"]).value: op for op in function.module.body.operations}
    return _Symbols(names, function.python, function.hosts)


def attributes_of(op) -> dict:
    """The attributes of an op as Python values."""
    return {name: python_value(op.attributes[name]) for name in op.attributes if name not in _IGNORED}


class Replay:
    """Runs blocks: values of the trace and what stands for them are in `env`."""

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
            if python is not None and not current().eager and not any(isinstance(o, Memory) for o in operands):
                # In a region: for a tape that looks at it later.
                return list(current().call_python(callee, python, operands))
            return self.call(self.symbols.ops[callee], operands)
        if name == "tfc.host_call":
            host = self.symbols.hosts[python_value(op.attributes["id"])]
            return host.call(operands, tuple(python_value(op.attributes["types"])))
        prim = PRIMITIVES.get(name.removeprefix("tfc."))
        if prim is None:
            raise NotImplementedError(f"{name} has no meaning outside of compiled code")
        if prim is p.constant:
            return [p.constant(value=python_value(op.attributes["value"]))]
        result = prim(*operands, **attributes_of(op))
        if "tfc.custom" in op.attributes:
            record_operation("custom_gradient", operands, [result], _no_custom_gradient)
            if not current().eager:
                current().mark_custom([result])
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


def _no_custom_gradient(*grads):
    raise LookupError(
        page(
            "No gradient defined for operation 'custom_gradient': this is a higher derivative in a function, through a "
            "result of tf.custom_gradient or tf.recompute_grad in a loop or branch",
            where=user_line(),
            fix="compute this derivative eagerly, or unroll the loop: a Python range in the place of tf.range",
        )
    )


# A value that is not there: what depends on it is not either.
ABSENT = object()


class Memory:
    """What a variable holds while regions are run again without effects.

    A read gives the value that it has then, and its gradient goes to `source`: the value that it had in the beginning.
    """

    __slots__ = ("current", "source")

    def __init__(self, source):
        self.current = self.source = source

    def read(self):
        if self.current is self.source:
            return self.source
        if recorders():
            return _reading(self.source, self.current)[0]
        # For a tape that looks at the region later.
        return current().call_python("read_variable", _reading, [self.source, self.current])[0]


def _reading(source, now) -> list:
    with stop_recording():
        value = p.stop_gradient(now)
    record_operation("read_variable", [source, now], [value], lambda g: [g, None])
    return [value]


class PureReplay(Replay):
    """A replay without effects. Handles of variables stand for a `Memory`."""

    def one(self, name, op, operands) -> list:
        if name in ("tfc.print", "tfc.assert"):
            return []
        if name == "tfc.read_variable":
            return [operands[0].read()]
        if name == "tfc.assign_variable":
            operands[0].current = operands[1]
            return []
        if name == "tfc.if":
            return self._if(op, operands)
        return super().one(name, op, operands)

    def call(self, op, operands) -> list:
        block = op.regions[0].blocks[0]
        return PureReplay(self.symbols, dict(zip(block.arguments, operands, strict=True))).block(block)

    def _written(self, op) -> list:
        """The memories that an op may write in its regions, each once."""
        found = {id(m): m for m in (self.env.get(h) for h in written_handles(op, self.symbols.ops)) if m is not None}
        return list(found.values())

    def _if(self, op, operands):
        memories = self._written(op)

        def branch(block):
            def run():
                before = [m.current for m in memories]
                values = self.block(block)
                after = [m.current for m in memories]
                _restore(memories, before)
                return [*values, *after]

            return run

        yes, no = (region.blocks[0] for region in op.regions)
        results = current().cond(operands[0], branch(yes), branch(no))
        return _split(memories, results)

    def _while(self, op, operands):
        test, body = (region.blocks[0] for region in op.regions)
        memories = self._written(op)
        count = len(operands)

        def run(block, values):
            self.env.update(zip(block.arguments, values[:count], strict=True))
            _restore(memories, values[count:])
            return self.block(block)

        def step(*values):
            return [*run(body, values), *(m.current for m in memories)]

        before = [m.current for m in memories]
        results = current().while_loop(
            lambda *values: run(test, values)[0],
            step,
            [*operands, *before],
            shape_invariants=[*(_dims(a) for a in body.arguments), *[None] * len(memories)],
        )
        return _split(memories, results)


def _restore(memories, values):
    for memory, value in zip(memories, values, strict=True):
        memory.current = value


def _split(memories, results) -> list:
    """The results of an op; those beyond are what memories hold now."""
    count = len(results) - len(memories)
    _restore(memories, results[count:])
    return list(results[:count])


def written_handles(op, functions: dict) -> list:
    """The handles of variables that an op may write in its regions, or a function that is called there."""
    found = []
    for inner in walk(op):
        if inner.name == "tfc.assign_variable":
            found.append(inner.operands[0])
        elif inner.name == "func.call":
            callee = functions[mlir.FlatSymbolRefAttr(inner.attributes["callee"]).value]
            arguments = list(callee.regions[0].blocks[0].arguments)
            inside = set(written_handles(callee.operation, functions))
            found += [v for v, a in zip(inner.operands, arguments, strict=True) if a in inside]
    return found


def _dims(argument):
    kind, inner = kind_of(argument.type)
    if kind != "tensor":
        return None
    return type_spec(inner).shape
