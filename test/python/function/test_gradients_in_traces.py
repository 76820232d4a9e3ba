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
