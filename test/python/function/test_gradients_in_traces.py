"""`tf.gradients`: derivatives of what a function has traced already, without a tape."""

import numpy as np
import pytest
import tfc as tf


def test_gradients_run_only_while_tracing():
    with pytest.raises(RuntimeError, match="not supported when eager execution is enabled"):
        tf.gradients(tf.constant(1.0), tf.constant(1.0))


def test_gradients_by_tensors_and_weights():
    @tf.function
    def f(x, y):
        z = tf.sin(x) * y
        return tf.gradients([z, x * x], [x, y], grad_ys=[tf.constant(2.0), tf.constant(1.0)])

    gx, gy = f(tf.constant(0.5), tf.constant(3.0))
    np.testing.assert_allclose([gx, gy], [2 * np.cos(0.5) * 3 + 1.0, 2 * np.sin(0.5)], rtol=1e-6)


def test_gradients_by_variables_captured_tensors_and_through_control_flow():
    v, c = tf.Variable(3.0), tf.constant(2.0)

    @tf.function
    def f(n):
        y = c
        for _ in tf.range(n):
            y = y * v if y < 100.0 else y + v
        return tf.gradients(y, [v, c])

    gv, gc = f(tf.constant(3))
    np.testing.assert_allclose([gv, gc], [2 * 3 * 9.0, 27.0])


def test_second_order_and_hessians():
    @tf.function
    def f(x):
        y = tf.reduce_sum(x**3)
        first = tf.gradients(y, x)[0]
        return tf.gradients(first, x)[0], tf.hessians(y, x)[0]

    second, hessian = f(tf.constant([1.0, 2.0]))
    np.testing.assert_allclose(second, [6.0, 12.0])
    np.testing.assert_allclose(hessian, np.diag([6.0, 12.0]))


def test_unconnected_sources_and_stopped_ones():
    @tf.function
    def f(x, y):
        a = x * x
        b = a * x
        none = tf.gradients(b, [y])
        zero = tf.gradients(b, [y], unconnected_gradients=tf.UnconnectedGradients.ZERO)
        stopped = tf.gradients(b, x, stop_gradients=[a])
        assert none == [None]
        return zero[0], stopped[0]

    zero, stopped = f(tf.constant(3.0), tf.constant(1.0))
    assert (float(zero), float(stopped)) == (0.0, 9.0)


def test_gradients_inside_a_branch():
    @tf.function
    def f(x):
        y = x * x
        if x > 0.0:
            z = tf.gradients(y * 3.0, x)[0]
        else:
            z = x
        return z

    assert float(f(tf.constant(2.0))) == 12.0
    assert float(f(tf.constant(-2.0))) == -2.0


def test_gradients_of_a_function_with_its_own_gradient():
    @tf.custom_gradient
    def g(x):
        return x * 2.0, lambda up: up * 100.0

    @tf.function
    def f(x):
        return tf.gradients(g(x) + x, x)[0]

    assert float(f(tf.constant(1.0))) == 101.0


# A small tensor that an inner function captures is a constant there; gradients flow to it wherever the call is.


def _scaled():
    factors = tf.constant([1.0, 2.0, 3.0])
    return factors, tf.function(lambda v: v * factors)


@pytest.mark.parametrize("size", [3, 70])
def test_gradient_of_what_an_inner_function_captured(size):
    factors, x = tf.ones([size]), tf.ones([size])
    inner = tf.function(lambda v: v * factors)
    outer = tf.function(lambda v: inner(v))
    with tf.GradientTape() as tape:
        tape.watch(factors)
        y = tf.reduce_sum(outer(x))
    assert tape.gradient(y, factors).numpy().tolist() == [1.0] * size


def test_gradient_of_what_a_function_captured_that_is_called_in_a_loop():
    factors, inner = _scaled()

    @tf.function
    def outer(x):
        with tf.GradientTape() as tape:
            tape.watch(factors)
            for _ in tf.range(3):
                x = inner(x)
            y = tf.reduce_sum(x)
        return tape.gradient(y, factors)

    assert outer(tf.ones(3)).numpy().tolist() == [3.0, 12.0, 27.0]


@pytest.mark.parametrize(("once", "want"), [(True, [1.0, 1.0, 1.0]), (False, [2.0, 4.0, 6.0])])
def test_gradient_of_what_a_function_captured_that_is_called_in_a_branch(once, want):
    factors, inner = _scaled()

    @tf.function
    def outer(x, once):
        return tf.reduce_sum(inner(x)) if once else tf.reduce_sum(inner(inner(x)))

    with tf.GradientTape() as tape:
        tape.watch(factors)
        y = outer(tf.ones(3), tf.constant(once))
    assert tape.gradient(y, factors).numpy().tolist() == want


def test_second_gradient_of_what_an_inner_function_captured():
    factors, inner = _scaled()
    outer = tf.function(lambda v: tf.reduce_sum(inner(v) ** 2))
    x = tf.ones(3)
    with tf.GradientTape() as tape:
        tape.watch(factors)
        with tf.GradientTape() as first:
            first.watch(x)
            y = outer(x)
        slope = tf.reduce_sum(first.gradient(y, x))
    assert tape.gradient(slope, factors).numpy().tolist() == [4.0, 8.0, 12.0]


def test_a_function_with_a_gradient_of_its_own_that_captured_a_small_tensor_is_called_by_others():
    factors, inner = _scaled()

    @tf.custom_gradient
    def own(x):
        return x * factors, lambda g: g * factors * 10.0

    middle = tf.function(lambda v: own(v))
    outer = tf.function(lambda v: tf.reduce_sum((middle(v) + inner(v)) ** 2))
    x = tf.ones(3)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = outer(x)
    assert tape.gradient(y, x).numpy().tolist() == [44.0, 176.0, 396.0]


def test_what_an_inner_function_captured_is_a_constant_of_the_compiled_code():
    _, inner = _scaled()
    outer = tf.function(lambda v: inner(v))
    text = outer.get_concrete_function(tf.TensorSpec([3])).mlir("tfc-to-linalg")
    assert "call @" not in text and "dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]>" in text
