"""The public functions of `tf.autograph`."""

import contextlib
import functools
import io

import pytest
import tfc as tf
from tfc.autograph import (
    ConversionError,
    Feature,
    convert,
    do_not_convert,
    is_converted,
    original,
    set_loop_options,
    to_code,
    to_graph,
    trace,
)


def branchy(x):
    if x:
        return 1
    return 2


def test_to_code_is_python_source():
    text = to_code(branchy)
    assert "ag__.if_stmt" in text
    compile(text, "<text>", "exec")


def test_to_graph_converts():
    assert to_graph(branchy)(0) == 2
    assert is_converted(to_graph(branchy))


@pytest.mark.parametrize("thing", [len, int, contextlib.suppress, functools.wraps])
def test_to_graph_says_why_not(thing):
    with pytest.raises(ConversionError, match="cannot be converted"):
        to_graph(thing)


def test_convert_returns_libraries_and_builtins_unchanged():
    assert convert(functools.wraps) is functools.wraps
    assert convert(io.StringIO) is io.StringIO


def test_original():
    assert original(convert(branchy)) is branchy
    assert original(branchy) is branchy


def test_is_converted_of_methods_and_partials():
    class C:
        def m(self):
            return 1

    assert is_converted(convert(C().m))
    assert is_converted(convert(functools.partial(branchy, 1)))
    assert not is_converted(branchy)


def test_not_recursive():
    seen = []

    def inner():
        seen.append(is_converted(inner))

    def f(g):
        g()

    convert(f, recursive=False)(branchless := lambda: seen.append(1))
    assert seen == [1] and branchless is not None


def test_do_not_convert_inside_a_converted_function():
    def f(x):
        @do_not_convert
        def g(y):
            return [y if y else 0, 1]

        return g(x)

    assert "if_exp" not in to_code(f)
    assert convert(f)(3) == [3, 1]


def test_do_not_convert_keeps_name_and_signature():
    made = do_not_convert(branchy)
    assert made.__name__ == "branchy" and made.__wrapped__ is branchy
    assert convert(made) is made


def test_unknown_feature():
    with pytest.raises(ValueError, match="unknown autograph feature"):
        convert(branchy, features="SPEED")


def test_features_all_but():
    assert Feature.ALL in Feature.all()
    assert Feature.LISTS not in Feature.all_but(Feature.LISTS)


def test_set_loop_options_outside_a_loop_does_nothing():
    assert set_loop_options(maximum_iterations=3) is None


def test_set_loop_options_in_a_python_loop_does_nothing():
    def f():
        n = 0
        for _ in range(3):
            set_loop_options(maximum_iterations=1)
            n += 1
        return n

    assert convert(f)() == 3


def test_trace_prints(capsys):
    trace("a", 1)
    assert capsys.readouterr().out == "a 1\n"


def test_an_error_in_what_stays_python_says_so():
    def positive(x):
        def numbers():
            for i in range(3):
                if x > i:
                    yield i

        return sum(numbers())

    def counted(x):
        return sum(i for i in range(3) if x > i)

    for function, reason in ((positive, "generators are not supported"), (counted, "comprehensions stay Python")):
        with pytest.raises(TypeError, match=f"did not convert .*, which runs as plain Python: {reason}"):
            tf.function(function)(tf.constant(1))
