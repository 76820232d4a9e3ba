"""Running the ops of a traced function through the current interpreter.

Eager replay is the reference interpreter of the IR. Replay into a graph copies; replay under a tape gives gradients.
"""

from tfc.autodiff.custom import call_recorded
from tfc.core import Primitive, StandIn, VariableStorage, current, record_operation, recorders, stop_recording
from tfc.errors import page, user_line
from tfc.ir import kind_of, mlir, python_value, type_spec, walk
from tfc.ops import primitives as p
from tfc.tracing.growing import Growing, checked, flattened, packed, with_heirs

PRIMITIVES = {v.name: v for v in vars(p).values() if isinstance(v, Primitive)}
_IGNORED = frozenset({"operandSegmentSizes", "resultSegmentSizes", "tfc.custom"})


def replay(function, inputs: list, overrides: dict | None = None) -> list:
    """The results of a traced `ir.Function` on these inputs (tensors, then variables), by the current interpreter.

    `overrides`: MLIR values of constants, and what to take in their place.
    """
    return replay_op(function.op, symbols_of(function), inputs, overrides)


def replay_purely(function, inputs: list, overrides: dict | None = None) -> list:
    """The same without effects; the inputs that stand for variables are each a `Memory`."""
    return replay_op(function.op, symbols_of(function), inputs, overrides, PureReplay)


class _Symbols:
    """What a function may call: `func.func` ops, and Python functions that stand for some of them."""

    def __init__(self, ops: dict, python: dict, hosts: dict):
        self.ops = ops
        self.python = python
        self.hosts = hosts

    def host(self, op):
        """The Python function that an op calls."""
        return self.hosts[python_value(op.attributes["id"])]


def replay_op(op, symbols: _Symbols, inputs: list, overrides: dict | None = None, kind: type | None = None) -> list:
    """The results of a `func.func` op. `symbols`: the functions that it may call."""
    block = op.regions[0].blocks[0]
    env = dict(zip(block.arguments, inputs, strict=True))
    env.update(overrides or {})
    replay = (kind or Replay)(symbols, env)
    replay.overridden = frozenset(overrides or ())
    return replay.block(block)


def symbols_of(function) -> _Symbols:
    """What an `ir.Function` may call."""
    names = {mlir.StringAttr(op.attributes["sym_name"]).value: op for op in function.module.body.operations}
    return _Symbols(names, function.python, function.hosts)


def attributes_of(op) -> dict:
    """The attributes of an op as Python values."""
    return {name: python_value(op.attributes[name]) for name in op.attributes if name not in _IGNORED}


class Replay:
    """Runs blocks: values of the trace and what stands for them are in `env`."""

    # Results of calls of the host that are in the environment: those calls are not repeated.
    given: frozenset = frozenset()
    # Constants in whose place the environment has other values.
    overridden: frozenset = frozenset()

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
            if name == "tfc.constant" and op.results[0] in self.overridden:
                continue
            if name == "tfc.host_call" and op.results[0] in self.given:
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
            if python is not None:
                op = self.symbols.ops[callee]
                inside = set(written_handles(op, self.symbols.ops))
                written = [i for i, a in enumerate(op.regions[0].blocks[0].arguments) if a in inside]
                if (found := _with_own_gradient(callee, python, operands, written)) is not None:
                    return found
            return self.call(self.symbols.ops[callee], operands)
        if name == "tfc.host_call":
            host = self.symbols.host(op)
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
        if prim is p.list_set and not operands[0].dynamic_size:
            result.count = operands[0].count
        elif prim is p.list_unstack and operands[0].shape_tuple:
            result.count = operands[0].shape_tuple[0]
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


def _with_own_gradient(name, python, operands, written) -> list | None:
    """The results of a function that brings its gradient: tapes have to see it, not what it is made of.

    `written`: the places of the variables that it assigns to. If nothing listens, or none of this is traced, None.
    """
    graph = current()
    memories = [operands[i] for i in written if isinstance(operands[i], Memory)]
    # Under a tape it would assign to variables once more for the gradient.
    repeats = recorders() and len(memories) < len(written)
    if graph.eager or repeats or (recorders() and not graph.in_region):
        return list(python(*operands)) if recorders() else None
    # For a tape that looks at it later.
    tensors = []
    for o in operands:
        tensors += [o.source, o.current] if isinstance(o, Memory) else [] if isinstance(o, VariableStorage) else [o]

    def again(*values):
        rest, placed = iter(values), []
        for o in operands:
            if isinstance(o, Memory):
                placed.append(Memory(next(rest), next(rest)))
            else:
                placed.append(o if isinstance(o, VariableStorage) else next(rest))
        results = list(python(*placed))
        return [*results, *(placed[i].current for i in written if isinstance(placed[i], Memory))]

    return _split(memories, call_recorded(name, again, tensors))


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


class Memory(StandIn):
    """What a variable holds while regions are run again without effects.

    A read gives the value that it has then, and its gradient goes to `source`: the value that it had in the beginning.
    """

    __slots__ = ("current", "source")

    def __init__(self, source, current=None):
        self.source = source
        self.current = source if current is None else current

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
    """A replay without effects. Handles of variables stand for a `Memory`, lists may stand for a `Growing` one."""

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
        if name == "tfc.host_call" and self.symbols.host(op).once:
            raise LookupError(
                page(
                    "No gradient defined for operation 'IteratorGetNext': a loop or branch took elements that cannot "
                    "be taken again",
                    where=user_line(),
                    fix="use `for` over elements of known sizes (drop_remainder=True), or put the tape inside the loop",
                )
            )
        if name != "tfc.while" and operands and isinstance(operands[0], Growing):
            return [operands[0].run(name, operands, attributes_of(op))]
        return super().one(name, op, operands)

    def call(self, op, operands) -> list:
        return replay_op(op, self.symbols, operands, None, PureReplay)

    def _written(self, op) -> list:
        """The memories that an op may write in its regions, each once."""
        found = {id(m): m for m in (self.env.get(h) for h in written_handles(op, self.symbols.ops)) if m is not None}
        return list(found.values())

    def _growing(self, op) -> set:
        """The lists that grow, and what becomes of them in the regions of an op, as MLIR values."""
        found = {value for value in _lists_used(op) if isinstance(self.env.get(value), Growing)}
        return with_heirs(list(walk(op)), found) if found else found

    def _if(self, op, operands):
        memories = self._written(op)
        heirs = self._growing(op)
        growing = [r in heirs for r in op.results if kind_of(r.type)[0] != "token"]

        def branch(block):
            def run():
                before = [m.current for m in memories]
                values = flattened(checked(self.block(block), growing))
                after = [m.current for m in memories]
                _restore(memories, before)
                return [*values, *after]

            return run

        yes, no = (region.blocks[0] for region in op.regions)
        results = current().cond(operands[0], branch(yes), branch(no))
        return packed(_split(memories, results), growing)

    def _while(self, op, operands):
        test, body = (region.blocks[0] for region in op.regions)
        memories = self._written(op)
        heirs = self._growing(op)
        growing = [a in heirs for a in body.arguments]
        given = flattened(checked(operands, growing))
        count = len(given)

        def run(block, values):
            self.env.update(zip(block.arguments, packed(values[:count], growing), strict=True))
            _restore(memories, values[count:])
            return self.block(block)

        def step(*values):
            return [*flattened(checked(run(body, values), growing)), *(m.current for m in memories)]

        before = [m.current for m in memories]
        invariants = []
        for argument, grows in zip(body.arguments, growing, strict=True):
            invariants += [None, None] if grows else [_dims(argument)]
        results = current().while_loop(
            lambda *values: run(test, values)[0],
            step,
            [*given, *before],
            shape_invariants=[*invariants, *[None] * len(memories)],
        )
        return packed(_split(memories, results), growing)


def _lists_used(op) -> list:
    return [v for inner in walk(op) for v in inner.operands if kind_of(v.type)[0] == "list"]


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
