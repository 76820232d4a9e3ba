"""custom_gradient, recompute_grad, grad_pass_through."""

import numpy as np
import pytest
import tfc as tf
from tfc.core import VariableStorage


def gradient(f, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, x)


@tf.custom_gradient
def log1pexp(x):
    e = tf.exp(x)

    def grad(upstream):
        return upstream * (1 - 1 / (1 + e))

    return tf.math.log(1 + e), grad


def test_the_given_gradient_is_used():
    assert gradient(log1pexp, tf.constant(100.0)).numpy() == 1


def test_the_given_gradient_has_a_gradient():
    x = tf.constant(0.5)
    second = gradient(lambda x: gradient(log1pexp, x), x)
    s = 1 / (1 + np.exp(-0.5))
    assert second.numpy() == pytest.approx(s * (1 - s), rel=1e-5)


def test_several_results():
    @tf.custom_gradient
    def f(x, y):
        return (x * y, x + y), lambda g, h: (g * 7, h * 9)

    x, y = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        a, b = f(x, y)
    assert [g.numpy() for g in tape.gradient([a, b], [x, y])] == [7, 9]


def test_wrong_number_of_gradients_is_refused():
    @tf.custom_gradient
    def f(x):
        return x * 2, lambda g: (g, g)

    with pytest.raises(ValueError, match="expected to return 1 gradients, but returned 2"):
        gradient(f, tf.constant(1.0))


class Variable(VariableStorage):
    trainable = True

    def __init__(self, value):
        super().__init__(tf.float32, (), tf.constant(value))


def test_variables_get_gradients_by_keyword():
    v = Variable(3.0)

    @tf.custom_gradient
    def f(x):
        def grad(g, variables=None):
            return g * 10, [g * 20 for _ in variables]

        return tf.multiply(x, v), grad

    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert [g.numpy() for g in tape.gradient(y, [x, v])] == [10, 20]


def test_variables_without_keyword_are_refused():
    v = Variable(3.0)

    @tf.custom_gradient
    def f(x):
        return tf.multiply(x, v), lambda g: g

    with pytest.raises(TypeError, match="must accept a 'variables' keyword"):
        gradient(f, tf.constant(1.0))


def test_recompute_grad_runs_again_for_the_gradient():
    v, runs = Variable(2.0), []

    @tf.recompute_grad
    def f(x):
        runs.append(1)
        return tf.sin(x) * v._read()

    x = tf.constant(0.3)
    assert gradient(f, x).numpy() == pytest.approx(2 * np.cos(0.3))
    assert len(runs) == 2


def test_recompute_grad_of_a_variable():
    v = Variable(2.0)
    f = tf.recompute_grad(lambda x: tf.multiply(x, v))
    with tf.GradientTape() as tape:
        y = f(tf.constant(5.0))
    assert tape.gradient(y, v).numpy() == 5


def test_grad_pass_through():
    x = tf.constant(1.4)
    assert gradient(tf.grad_pass_through(tf.round), x).numpy() == 1


def only_in_gradient(w):
    @tf.custom_gradient
    def double(x):
        return x * 2.0, lambda g: g * w

    return double


WHERE = {
    "function": (lambda x, w: only_in_gradient(w * 3.0)(x), 6),
    "branch": (lambda x, w: tf.cond(x > 0, lambda: only_in_gradient(w * 3.0)(x), lambda: x), 6),
    "loop": (
        lambda x, w: tf.while_loop(lambda i, x: i < 2, lambda i, x: (i + 1, only_in_gradient(w * 3.0)(x)), (0, x))[1],
        36,
    ),
    "loop_variable": (
        lambda x, w: tf.while_loop(
            lambda i, x, w: i < 2, lambda i, x, w: (i + 1, only_in_gradient(w)(x), w + 1.0), (0, x, w)
        )[1],
        6,
    ),
}


@pytest.mark.parametrize("where", WHERE)
def test_a_gradient_may_use_tensors_of_the_trace_that_the_function_does_not(where):
    f, want = WHERE[where]
    x, w = tf.constant(1.1), tf.constant(2.0)
    whole = tf.function(f, autograph=False)
    assert gradient(lambda x: whole(x, w), x).numpy() == want
    assert tf.function(lambda x, w: gradient(lambda x: f(x, w), x), autograph=False)(x, w).numpy() == want
