"""Random programs over integers: nests of if, while, for, break, continue, return."""

import itertools
import linecache

from hypothesis import strategies as st

NAMES = ("a", "b", "c")
_counter = itertools.count()


@st.composite
def expression(draw, depth=2):
    kind = draw(st.integers(0, 5 if depth else 1))
    if kind == 0:
        return str(draw(st.integers(-3, 5)))
    if kind == 1:
        return draw(st.sampled_from(NAMES))
    left, right = draw(expression(depth=depth - 1)), draw(expression(depth=depth - 1))
    if kind == 2:
        return f"({left} {draw(st.sampled_from(['+', '-', '*']))} {right})"
    if kind == 3:
        return f"({left} + {right})"
    if kind == 4:
        return f"({left} if {draw(condition(depth=depth - 1))} else {right})"
    return f"({left} - {right})"


@st.composite
def condition(draw, depth=2):
    kind = draw(st.integers(0, 4 if depth else 0))
    if kind == 1:
        return f"({draw(condition(depth=depth - 1))} and {draw(condition(depth=depth - 1))})"
    if kind == 2:
        return f"({draw(condition(depth=depth - 1))} or {draw(condition(depth=depth - 1))})"
    if kind == 3:
        return f"(not {draw(condition(depth=depth - 1))})"
    left, right = draw(expression(depth=0)), draw(expression(depth=0))
    if kind == 4:
        return f"({left} <= {right} < {draw(expression(depth=0))})"
    return f"{left} {draw(st.sampled_from(['<', '<=', '>', '>=']))} {right}"


@st.composite
def block(draw, depth, in_loop):
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        lines += draw(statement(depth, in_loop))
    return lines


@st.composite
def statement(draw, depth, in_loop):
    kinds = ["assign", "augment"]
    if depth:
        kinds += ["if", "if", "while", "for", "return"]
    if in_loop:
        kinds += ["break", "continue"]
    kind = draw(st.sampled_from(kinds))
    name = draw(st.sampled_from(NAMES))
    if kind == "assign":
        # Bounded values: the same on 32-bit tensors and on Python's integers.
        return [f"{name} = {draw(expression())}", f"{name} = clip({name})"]
    if kind == "augment":
        return [f"{name} += {draw(expression(depth=1))}", f"{name} = clip({name})"]
    if kind == "return":
        # Everything returns three integers.
        return [f"return {draw(expression(depth=1))}, {name}, {draw(expression(depth=1))}"]
    if kind in ("break", "continue"):
        return [kind]
    if kind == "if":
        lines = [f"if {draw(condition())}:", *_indented(draw(block(depth - 1, in_loop)))]
        if draw(st.booleans()):
            lines += ["else:", *_indented(draw(block(depth - 1, in_loop)))]
        return lines
    if kind == "for":
        index = f"i{depth}"
        lines = [f"for {index} in RANGE({draw(st.integers(0, 4))}):", f"    {name} = clip({name} + {index})"]
        lines += _indented(draw(block(depth - 1, True)))
    else:
        fuel = f"w{depth}"
        lines = [
            f"{fuel} = START",
            f"while {fuel} < {draw(st.integers(1, 4))} and {draw(condition())}:",
            f"    {fuel} += 1",
        ]
        lines += _indented(draw(block(depth - 1, True)))
    if draw(st.integers(0, 3)) == 0:
        lines += ["else:", *_indented(draw(block(depth - 1, in_loop)))]
    return lines


def _indented(lines):
    return ["    " + line for line in lines]


@st.composite
def program(draw):
    lines = ["def f(a, b, c):", *_indented(draw(block(3, False))), "    return a, b, c"]
    return "\n".join(lines) + "\n"


def load(text, **names):
    """The function `f` of a program, with a source that can be found."""
    filename = f"<program {next(_counter)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    exec(compile(text, filename, "exec"), names)
    return names["f"]
