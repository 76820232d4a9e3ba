"""A function that changes variables, or prints, runs once, whatever derivatives are asked of it: it ran again for second
derivatives and forward mode, which then saw (and made) later values of its variables.
"""

import pytest
import tfc as tf

X = tf.constant(0.3, tf.float64)


def first(f):
    def along(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x)

    return along


def second(f):
    return first(first(f))


def persistent(f):
    def along(x):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            slope = tape.gradient(f(x), x)
        return tape.gradient(slope, x)

    return along


def third_of_one_tape(f):
    def along(x):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            slope = tape.gradient(f(x), x)
            bend = tape.gradient(slope, x)
        return tape.gradient(bend, x)

    return along


def fourth_of_one_tape(f):
    def along(x):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            slope = tape.gradient(f(x), x)
            for _ in range(2):
                slope = tape.gradient(slope, x)
        return tape.gradient(slope, x)

    return along


def third(f):
    return first(second(f))


def forward(f):
    def along(x):
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as acc:
            y = f(x)
        return acc.jvp(y)

    return along


def forward_over_reverse(f):
    return forward(first(f))


def straight(v, x):
    v.assign_add(0.25)
    return tf.sin(x * 0.7 + v)


def loop(v, x):
    for _ in tf.range(2):
        v.assign_add(0.25)
        x = tf.sin(x * 0.7 + v)
    return x


def branch(v, x):
    if x > 0.0:
        v.assign_add(0.25)
        x = tf.sin(x * 0.7 + v)
    return x * x


@tf.custom_gradient
def _cube(x):
    return x * x * x, lambda g: g * 3.0 * x * x


def own_gradient(v, x):
    v.assign_add(0.25)
    return _cube(tf.sin(x * 0.7 + v)) * v


def printing(v, x):
    tf.print(v, output_stream="file:///dev/null")
    v.assign(v * 0.5)
    return tf.exp(x * v)


@pytest.mark.parametrize(
    "derivative",
    [
        first,
        second,
        third,
        persistent,
        third_of_one_tape,
        fourth_of_one_tape,
        forward,
        forward_over_reverse,
    ],
    ids=lambda d: d.__name__,
)
@pytest.mark.parametrize("program", [straight, loop, branch, own_gradient, printing], ids=lambda p: p.__name__)
def test_a_function_that_changes_a_variable_runs_once(program, derivative):
    v = tf.Variable(0.5, dtype=tf.float64)

    def f(x):
        return program(v, x)

    expected = float(derivative(f)(X))
    left = float(v)
    traced = tf.function(f)
    for g in (derivative(traced), tf.function(derivative(f)), tf.function(derivative(traced))):
        v.assign(0.5)
        assert float(g(X)) == pytest.approx(expected, rel=1e-12)
        assert float(v) == pytest.approx(left)


@pytest.mark.parametrize("derivative", [second, third_of_one_tape, forward], ids=lambda d: d.__name__)
def test_a_function_that_prints_prints_once(derivative, capfd):
    @tf.function
    def f(x):
        tf.print("here")
        return tf.sin(x) * x

    derivative(f)(X)
    assert capfd.readouterr().err.count("here") == 1


def test_the_third_derivative_by_a_variable_is_that_of_what_was_read():
    v = tf.Variable(0.5, dtype=tf.float64)

    def f(x):
        y = tf.exp(v * x)
        v.assign_add(1.0)
        return y

    def third_by_both(f):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(X)
            slope = tape.gradient(f(X), v)
            bend = tape.gradient(slope, v)
            mixed = tape.gradient(bend, X)
        return [float(g) for g in (tape.gradient(bend, v), mixed, tape.gradient(mixed, v))]

    expected = third_by_both(f)
    v.assign(0.5)
    assert third_by_both(tf.function(f)) == pytest.approx(expected, rel=1e-12)
    assert float(v) == 1.5


def test_a_third_derivative_that_would_call_python_again_is_refused():
    calls = []

    @tf.function
    def f(x):
        return tf.py_function(lambda y: calls.append(1) or y * y * y * y, [x], tf.TensorSpec((), tf.float64)) * x

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(X)
        slope = tape.gradient(f(X), X)
        bend = tape.gradient(slope, X)
    with pytest.raises(NotImplementedError, match=r"nest a tf\.GradientTape for each order"):
        tape.gradient(bend, X)
    assert len(calls) == 1
