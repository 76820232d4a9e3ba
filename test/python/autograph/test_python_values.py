"""A converted function of Python values does what the original does."""

from hypothesis import given, settings
from hypothesis import strategies as st
from programs import load, program
from tfc.autograph import convert, is_converted


def clip(x):
    return max(-1000, min(1000, x))


@settings(max_examples=100, deadline=None)
@given(program(), st.integers(-4, 4), st.integers(-4, 4), st.integers(-4, 4))
def test_converted_program_equals_original(text, a, b, c):
    f = load(text, clip=clip, RANGE=range, START=0)
    assert is_converted(convert(f))
    assert convert(f)(a, b, c) == f(a, b, c)


def outcome(function, *args):
    try:
        return function(*args)
    except NameError as e:
        return type(e)


@settings(max_examples=100, deadline=None)
@given(program(), st.integers(-4, 4), st.integers(-4, 4))
def test_unbound_locals_are_those_of_the_original(text, a, b):
    f = load(text.replace("def f(a, b, c):", "def f(a, b):"), clip=clip, RANGE=range, START=0)
    assert outcome(convert(f), a, b) == outcome(f, a, b)


@settings(max_examples=50, deadline=None)
@given(program(), st.integers(-4, 4), st.integers(-4, 4))
def test_deleted_locals_are_those_of_the_original(text, a, b):
    text = text.replace("    c = clip(c)\n", "    del c\n", 1)
    f = load(text, clip=clip, RANGE=range, START=0)
    assert outcome(convert(f), a, b, 1) == outcome(f, a, b, 1)
