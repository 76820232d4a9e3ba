"""A reference executor of tfc modules: program order, or any order that operands and tokens allow."""

import random
from dataclasses import dataclass, field


class Stopped(Exception):
    """An assertion failed."""


@dataclass
class Op:
    """An op of `mlir.ir`, read once: running a program makes no calls of MLIR."""

    name: str
    operands: list
    results: list
    regions: list  # of Block
    data: dict
    needs: set = field(default_factory=set)  # all values used in it from outside


@dataclass
class Block:
    arguments: list
    ops: list
    before: list = field(default_factory=list)  # for each op the positions of those it needs


@dataclass
class Machine:
    """One run: variables by position, what was printed, and in which order ops run."""

    functions: dict
    variables: list
    chooser: random.Random | None = None  # None: program order
    pure: object = None  # the rule of all ops that have none in `rules`
    rules: dict = field(default_factory=lambda: RULES)
    console: list = field(default_factory=list)
    steps: int = 0
    prints_left: int | None = None  # the host refuses to print more often, if it is a number

    def call(self, name, arguments):
        return self._block(self.functions[name], arguments, {})

    def _order(self, block):
        """A random linear extension of what operands demand."""
        if self.chooser is None:
            return block.ops
        left = [len(before) for before in block.before]
        after = [[] for _ in block.ops]
        for position, before in enumerate(block.before):
            for earlier in before:
                after[earlier].append(position)
        ready = [p for p, n in enumerate(left) if n == 0]
        order = []
        while ready:
            # The terminator (the last op) comes last, for it ends the block.
            choices = [p for p in ready if p != len(block.ops) - 1] or ready
            position = self.chooser.choice(choices)
            ready.remove(position)
            order.append(block.ops[position])
            for later in after[position]:
                left[later] -= 1
                if left[later] == 0:
                    ready.append(later)
        assert len(order) == len(block.ops)
        return order

    def _block(self, block, arguments, env):
        env.update(zip(block.arguments, arguments, strict=True))
        for op in self._order(block):
            self.steps += 1
            values = [env[v] for v in op.operands]
            if op.name in ("tfc.yield", "func.return"):
                # All others have run: this one is last in any order.
                return values
            rule = self.rules.get(op.name, self.pure)
            env.update(zip(op.results, rule(self, op, values, env), strict=True))
        raise AssertionError("a block without terminator")


def _write_pending(m, op, values, group):
    sizes = op.data["segments"]
    start = sum(sizes[:group])
    pending = values[start : start + sizes[group]]
    stored = values[start + sizes[group] : start + 2 * sizes[group]]
    for variable, value in zip(pending, stored, strict=True):
        m.variables[variable] = value


def _assert(m, op, values, env):
    if not values[0]:
        _write_pending(m, op, values, 2)
        raise Stopped(op.data["message"], tuple(values[1 : 1 + op.data["segments"][1]]))
    return [None]


def _print(m, op, values, env):
    if m.prints_left is not None:
        if m.prints_left == 0:
            _write_pending(m, op, values, 1)
            raise Stopped("refused")
        m.prints_left -= 1
    m.console.append((op.data["format"], tuple(values[: op.data["segments"][0]])))
    return [None]


def _assign(m, op, values, env):
    m.variables[values[0]] = values[1]
    return [None]


def _if(m, op, values, env):
    return [*m._block(op.regions[0 if values[0] else 1], [], env), None]


def _while(m, op, values, env):
    state = values[: op.data["segments"][0]]
    while m._block(op.regions[0], state, env)[0]:
        state = m._block(op.regions[1], state, env)
    return [*state, None]


RULES = {
    "tfc.constant": lambda m, op, values, env: [op.data["value"]],
    "tfc.add": lambda m, op, values, env: [values[0] + values[1]],
    "tfc.sub": lambda m, op, values, env: [values[0] - values[1]],
    "tfc.less": lambda m, op, values, env: [values[0] < values[1]],
    "tfc.read_variable": lambda m, op, values, env: [m.variables[values[0]], None],
    "tfc.assign_variable": _assign,
    "tfc.print": _print,
    "tfc.assert": _assert,
    "tfc.if": _if,
    "tfc.while": _while,
    "func.call": lambda m, op, values, env: m.call(op.data["callee"], values),
    "tfc.call": lambda m, op, values, env: [*m.call(op.data["callee"], values[: op.data["segments"][0]]), None],
}


def read_data(op, ir):
    """Attributes of the ops that have a rule."""
    attributes = op.attributes
    data = {}
    if op.name == "tfc.constant":
        data["value"] = int(ir.DenseIntElementsAttr(attributes["value"]).get_splat_value().value)
    for name in ("message", "format"):
        if name in attributes:
            data[name] = ir.StringAttr(attributes[name]).value
    if "operandSegmentSizes" in attributes:
        data["segments"] = list(ir.DenseI32ArrayAttr(attributes["operandSegmentSizes"]))
    if "callee" in attributes:
        data["callee"] = ir.FlatSymbolRefAttr(attributes["callee"]).value
    return data


def _read_block(block, ir, read):
    result = Block(list(block.arguments), [])
    owner = {}
    for position, view in enumerate(block.operations):
        source = view.operation
        op = Op(source.name, list(source.operands), list(source.results), [], read(source, ir))
        op.needs = set(op.operands)
        for region in source.regions:
            inner = _read_block(region.blocks[0], ir, read)
            op.regions.append(inner)
            for nested in inner.ops:
                op.needs |= nested.needs
        result.ops.append(op)
        result.before.append({owner[v] for v in op.needs if v in owner})
        owner.update(dict.fromkeys(op.results, position))
    return result


def read_module(module, ir, read=read_data):
    """Functions of an `mlir.ir.Module` by name; `read` makes an op's attributes Python values."""
    functions = {}
    for view in module.body.operations:
        functions[ir.StringAttr(view.operation.attributes["sym_name"]).value] = _read_block(
            view.operation.regions[0].blocks[0], ir, read
        )
    return functions


def run(functions, variables, x, seed=None, prints=None):
    """All that can be observed of `main`: its result or why it stopped, the variables, the console.

    With a `seed` in a random order that operands and tokens allow. The host refuses to print more than `prints` times.
    """
    machine = Machine(functions, list(variables), None if seed is None else random.Random(seed))
    machine.prints_left = prints
    try:
        outcome = machine.call("main", [*range(len(variables)), x])
    except Stopped as stop:
        outcome = stop.args
    return outcome, machine.variables, console_text(machine.console)


def console_text(console, show=str):
    """What the console shows."""
    return "".join(form.format(*map(show, values)) for form, values in console)
