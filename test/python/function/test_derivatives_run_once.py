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


@pytest.mark.parametrize(
    "derivative", [first, second, persistent, forward, forward_over_reverse], ids=lambda d: d.__name__
)
@pytest.mark.parametrize("program", [straight, loop, branch], ids=lambda p: p.__name__)
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


@pytest.mark.parametrize("derivative", [second, forward], ids=lambda d: d.__name__)
def test_a_function_that_prints_prints_once(derivative, capfd):
    @tf.function
    def f(x):
        tf.print("here")
        return tf.sin(x) * x

    derivative(f)(X)
    assert capfd.readouterr().err.count("here") == 1
