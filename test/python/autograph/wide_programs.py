"""Random programs with the state that users keep: attributes, items, arrays, closures; and try, walrus, lambda, unpacking."""

from hypothesis import strategies as st
from programs import _indented, condition, expression

PLACES = ("a", "b", "c", "o.x", "d['k']", "l[1]", "o.d['n']")
# What a function inside changes is seen around it only of variables, not of attributes and items.
INSIDE = ("a", "b", "v")


def _places(in_function):
    return st.sampled_from(INSIDE if in_function else PLACES)


HEAD = [
    "def f(a, b, c):",
    "    o, d, l = Box(), {'k': b, 'z': c}, [a, b]",
    "    o.x, o.d = c, {'n': a}",
    "    ta = ARRAY()",
    "    w = a",
]
TAIL = ["    return a, b, c, o.x, d['k'], d['z'], l[0], l[1], o.d['n'], *ELEMENTS(ta)"]


@st.composite
def value(draw, depth=1):
    text = draw(expression(depth=depth))
    place = draw(st.sampled_from(PLACES))
    return f"clip({text} + {place})" if draw(st.booleans()) else f"clip({text})"


@st.composite
def block(draw, depth, in_loop, in_function=False):
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        lines += draw(statement(depth, in_loop, in_function))
    return lines


@st.composite
def statement(draw, depth, in_loop, in_function):
    kinds = ["assign", "augment", "unpack", "lambda"]
    if not in_function:
        kinds += ["write", "read"]
    if depth:
        kinds += ["if", "if", "walrus", "while", "for", "try"]
        if not in_function:
            kinds += ["nested", "return"]
    if in_loop:
        kinds += ["break", "continue"]
    kind = draw(st.sampled_from(kinds))
    return draw(_KINDS[kind](depth, in_loop, in_function))


@st.composite
def _assign(draw, depth, in_loop, in_function):
    return [f"{draw(_places(in_function))} = {draw(value())}"]


@st.composite
def _augment(draw, depth, in_loop, in_function):
    place = draw(_places(in_function))
    return [f"{place} += {draw(value())}", f"{place} = clip({place})"]


@st.composite
def _unpack(draw, depth, in_loop, in_function):
    places = draw(st.permutations(INSIDE if in_function else PLACES))
    return [f"{places[0]}, ({places[1]}, {places[2]}) = {places[2]}, ({places[0]}, {draw(value())})"]


@st.composite
def _write(draw, depth, in_loop, in_function):
    return [f"ta = ta.write({draw(st.integers(0, 2))}, {draw(value())})"]


@st.composite
def _read(draw, depth, in_loop, in_function):
    return [f"{draw(_places(in_function))} = ta.read({draw(st.integers(0, 2))})"]


@st.composite
def _lambda(draw, depth, in_loop, in_function):
    place = draw(_places(in_function))
    return [
        f"{place} = (lambda v: clip(v + {draw(st.integers(-3, 3))}) if v > {draw(st.integers(-3, 3))} else v)({place})"
    ]


@st.composite
def _if(draw, depth, in_loop, in_function):
    lines = [f"if {draw(condition())}:", *_indented(draw(block(depth - 1, in_loop, in_function)))]
    if draw(st.booleans()):
        lines += ["else:", *_indented(draw(block(depth - 1, in_loop, in_function)))]
    return lines


@st.composite
def _walrus(draw, depth, in_loop, in_function):
    test = f"(w := {draw(value())}) > {draw(st.integers(-3, 3))}"
    test += draw(st.sampled_from(["", f" and {draw(condition(depth=1))}", f" or {draw(condition(depth=1))}"]))
    lines = [f"if {test}:", f"    {draw(_places(in_function))} = w"]
    return [*lines, *_indented(draw(block(depth - 1, in_loop, in_function)))]


@st.composite
def _while(draw, depth, in_loop, in_function):
    fuel = f"w{depth}"
    lines = [
        f"{fuel} = START",
        f"while {fuel} < {draw(st.integers(1, 3))} and {draw(condition())}:",
        f"    {fuel} += 1",
    ]
    return [*lines, *_indented(draw(block(depth - 1, True, in_function)))]


@st.composite
def _for(draw, depth, in_loop, in_function):
    place = draw(_places(in_function))
    lines = [f"for i{depth} in RANGE({draw(st.integers(0, 3))}):", f"    {place} = clip({place} + i{depth})"]
    return [*lines, *_indented(draw(block(depth - 1, True, in_function)))]


@st.composite
def _try(draw, depth, in_loop, in_function):
    body = _indented(draw(block(depth - 1, in_loop, in_function)))
    return ["try:", *body, "finally:", *_indented(draw(_assign(depth, in_loop, in_function)))]


@st.composite
def _nested(draw, depth, in_loop, in_function):
    lines = [
        "def g(v):",
        "    nonlocal a, b",
        *_indented(draw(block(depth - 1, False, True))),
        "    return clip(v + a)",
    ]
    return [*lines, f"{draw(st.sampled_from(('a', 'b', 'c')))} = g({draw(value())})"]


@st.composite
def _return(draw, depth, in_loop, in_function):
    return [
        f"return {draw(value())}, a, {draw(value())}, o.x, d['k'], b, c, l[1], w, ta.read(0), ta.read(1), ta.read(2)"
    ]


_KINDS = {
    "assign": _assign,
    "augment": _augment,
    "unpack": _unpack,
    "write": _write,
    "read": _read,
    "lambda": _lambda,
    "if": _if,
    "walrus": _walrus,
    "while": _while,
    "for": _for,
    "try": _try,
    "nested": _nested,
    "return": _return,
    "break": lambda *_: st.just(["break"]),
    "continue": lambda *_: st.just(["continue"]),
}


@st.composite
def wide_program(draw):
    return "\n".join([*HEAD, *_indented(draw(block(3, False))), *TAIL]) + "\n"


class Box:
    """An object with attributes."""


class Array:
    """What a TensorArray of three numbers does."""

    def __init__(self, items=(0, 0, 0)):
        self.items = items

    def write(self, i, value):
        return Array((*self.items[:i], value, *self.items[i + 1 :]))

    def read(self, i):
        return self.items[i]
