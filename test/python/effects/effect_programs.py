"""Random programs with effects, as text of the tfc dialect, for Hypothesis.

All values are i32 scalars. Every op has a location `p.py:LINE`; prints and assertions say their line.
"""

import random
from dataclasses import dataclass, field

from hypothesis import strategies as st

RESOURCE, INT, BOOL = "!tfc.resource<tensor<i32>>", "tensor<i32>", "tensor<i1>"


class Drawn:
    """Choices that Hypothesis makes, and shrinks."""

    def __init__(self, draw):
        self._draw = draw

    def pick(self, values):
        return self._draw(st.sampled_from(values))

    def integer(self, low, high):
        return self._draw(st.integers(low, high))


class Rolled:
    """Choices of a random generator: many programs in little time."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def pick(self, values):
        return self._random.choice(values)

    def integer(self, low, high):
        return self._random.randint(low, high)


@dataclass
class Writer:
    """Text of one function under construction."""

    choose: object  # Drawn or Rolled
    variables: list
    callees: list  # (name, number of variables)
    lines: list = field(default_factory=list)
    count: int = 0

    def fresh(self):
        self.count += 1
        return f"%s{self.count}"

    def emit(self, text, depth):
        self.lines.append(f'{"  " * depth}{text} loc("p.py":{len(self.lines) + 1}:1)')

    def pick(self, values):
        return self.choose.pick(values)

    def integer(self, low, high):
        return self.choose.integer(low, high)


def _constant(w, depth, value):
    name = w.fresh()
    w.emit(f"{name} = tfc.constant dense<{value}> : {INT}", depth)
    return name


def _condition(w, depth, values):
    """A comparison that is often true."""
    name, limit = w.fresh(), _constant(w, depth, w.integer(-2, 12))
    w.emit(f"{name} = tfc.less {w.pick(values)}, {limit} : ({INT}, {INT}) -> {BOOL}", depth)
    return name


def _read(w, depth, values, budget):
    name, token = w.fresh(), w.fresh()
    w.emit(f"{name}, {token} = tfc.read_variable {w.pick(w.variables)} : {RESOURCE} -> {INT}", depth)
    values.append(name)


def _write(w, depth, values, budget):
    w.emit(
        f"{w.fresh()} = tfc.assign_variable {w.pick(w.variables)}, {w.pick(values)} : {RESOURCE}, {INT}",
        depth,
    )


def _arithmetic(w, depth, values, budget):
    name = w.fresh()
    op = w.pick(["add", "sub"])
    w.emit(f"{name} = tfc.{op} {w.pick(values)}, {w.pick(values)} : ({INT}, {INT}) -> {INT}", depth)
    values.append(name)


def _print(w, depth, values, budget):
    w.emit(
        f'{w.fresh()} = tfc.print "line {len(w.lines) + 1}: {{}};", {w.pick(values)} : {INT} '
        f'{{summarize = 3 : i64, stream = "stdout"}}',
        depth,
    )


def _assert(w, depth, values, budget):
    condition = _condition(w, depth, values)
    w.emit(
        f'{w.fresh()} = tfc.assert {condition}, "line {len(w.lines) + 1}", {w.pick(values)} : {INT} '
        f"{{summarize = 3 : i64}}",
        depth,
    )


def _call(w, depth, values, budget):
    if not w.callees:
        return
    name, arity = w.pick(w.callees)
    operands = [w.pick(w.variables) for _ in range(arity)] + [w.pick(values)]
    types = ", ".join([RESOURCE] * arity + [INT])
    result = w.fresh()
    w.emit(f"{result} = func.call @{name}({', '.join(operands)}) : ({types}) -> {INT}", depth)
    values.append(result)


def _if(w, depth, values, budget):
    condition, result = _condition(w, depth, values), w.fresh()
    w.lines.append(f"{'  ' * depth}{result}:2 = tfc.if {condition} -> {INT} {{")
    for other in ("} else {", "}"):
        inner = list(values)
        _statements(w, depth + 1, inner, budget // 2)
        w.emit(f"tfc.yield {w.pick(inner)} : {INT}", depth + 1)
        if other == "}":
            w.emit(other, depth)
        else:
            w.lines.append("  " * depth + other)
    values.append(f"{result}#0")


def _while(w, depth, values, budget):
    """A loop of at most three iterations; its condition may have effects."""
    counter, result = _constant(w, depth, 0), w.fresh()
    initial = w.pick(values)
    pair = f"{INT}, {INT}"
    w.lines.append(f"{'  ' * depth}{result}:3 = tfc.while {counter}, {initial} : {pair} -> {pair} {{")
    i, x, j, y, one, more = (w.fresh() for _ in range(6))
    w.lines.append(f"^bb0({i}: {INT}, {x}: {INT}):")
    inner = [*values, x]
    if w.integer(0, 1):
        _statements(w, depth + 1, inner, budget // 3)
    limit, below = _constant(w, depth + 1, w.integer(0, 3)), w.fresh()
    w.emit(f"{below} = tfc.less {i}, {limit} : ({INT}, {INT}) -> {BOOL}", depth + 1)
    w.emit(f"tfc.yield {below} : {BOOL}", depth + 1)
    w.lines.append("  " * depth + "} do {")
    w.lines.append(f"^bb0({j}: {INT}, {y}: {INT}):")
    inner = [*values, y]
    _statements(w, depth + 1, inner, budget // 2)
    w.emit(f"{one} = tfc.constant dense<1> : {INT}", depth + 1)
    w.emit(f"{more} = tfc.add {j}, {one} : ({INT}, {INT}) -> {INT}", depth + 1)
    w.emit(f"tfc.yield {more}, {w.pick(inner)} : {pair}", depth + 1)
    w.emit("}", depth)
    values.append(f"{result}#1")


SIMPLE = [_read, _read, _write, _write, _arithmetic, _print, _assert]


def _statements(w, depth, values, budget):
    for _ in range(w.integer(0, max(budget, 0))):
        kinds = SIMPLE if budget < 2 else [*SIMPLE, _if, _while, _call]
        w.pick(kinds)(w, depth, values, budget - 1)


def _function(choose, name, arity, callees, budget, first_line):
    variables = [f"%v{i}" for i in range(arity)]
    w = Writer(choose, variables, callees, lines=[None] * first_line)
    arguments = ", ".join([f'{v}: {RESOURCE} {{tfc.name = "{v[1:]}"}}' for v in variables] + [f"%x: {INT}"])
    visibility = "" if name == "main" else "private "
    w.lines.append(f"func.func {visibility}@{name}({arguments}) -> {INT} {{")
    values = ["%x"]
    _statements(w, 1, values, budget)
    w.emit(f"func.return {w.pick(values)} : {INT}", 1)
    w.lines.append("}")
    return w.lines[first_line:]


def make_program(choose, budget=8):
    """(text of a module with a function `main`, number of its variables)."""
    arity = choose.integer(1, 3)
    lines, callees = [], []
    for i in range(choose.integer(0, 2)):
        parameters = choose.integer(1, 2)
        lines += _function(choose, f"f{i}", parameters, list(callees), budget // 2, len(lines))
        callees.append((f"f{i}", parameters))
    lines += _function(choose, "main", arity, callees, budget, len(lines))
    return "\n".join(lines), arity


@st.composite
def programs(draw, budget=8):
    """What `make_program` makes, with choices of Hypothesis."""
    return make_program(Drawn(draw), budget)
