"""A variable that a loop assigns, which runs zero times, is missed where it is read, and only there."""

import itertools
import types

import loops_without_iterations
import pytest
import tfc as tf

MISSED = "a variable without a value is read"


def result(function, numbers):
    try:
        return int(function(*numbers))
    except NameError:
        return MISSED
    except tf.errors.InvalidArgumentError as e:
        assert "loop must iterate at least once to initialize" in str(e)
        return MISSED


@pytest.mark.parametrize("program", loops_without_iterations.PROGRAMS, ids=lambda f: f.__name__)
def test_a_program_misses_a_variable_where_python_does(program):
    original = types.FunctionType(
        program.__code__, {**vars(loops_without_iterations), "tf": types.SimpleNamespace(range=range)}
    )
    compiled = tf.function(program)
    for numbers in itertools.product((0, 1, 2), repeat=3):
        assert result(compiled, map(tf.constant, numbers)) == result(original, numbers), numbers


def test_what_is_read_for_certain_is_missed_right_behind_the_loop():
    said = []

    @tf.function
    def last(n):
        for i in tf.range(n):
            y = i
        tf.py_function(said.append, ["behind the loop"], [])
        return y

    assert "assigned" not in tf.autograph.to_code(last.python_function)
    with pytest.raises(tf.errors.InvalidArgumentError, match="loop must iterate at least once to initialize y"):
        last(tf.constant(0))
    assert said == []
