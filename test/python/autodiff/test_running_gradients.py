"""Gradients of running sums, products and logarithms of sums, where formulas with divisions and logarithms have holes."""

import numpy as np
import pytest
import tfc as tf
from tfc.ops import primitives as p

RNG = np.random.default_rng(0)
X, WEIGHT = RNG.normal(size=(3, 5)), np.zeros((3, 5))
WEIGHT[:, [1, 3]] = RNG.normal(size=(3, 2))
OPTIONS = [(axis, exclusive, reverse) for axis in (0, 1) for exclusive in (False, True) for reverse in (False, True)]


def numeric(f, x, step=1e-6):
    grad = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        grad[i] = (f(up) - f(down)) / (2 * step)
    return grad


def slope(f, x, weight):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, x, output_gradients=weight)


def modes(f):
    """`f` itself, compiled, and compiled for unknown sizes."""
    unknown = [tf.TensorSpec([None, None], tf.float64)] * 2
    return f, tf.function(f, autograph=False), tf.function(f, autograph=False, input_signature=unknown)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_gradient_of_cumulative_logsumexp_is_linear_in_what_comes_in(options):
    """Also where that is 0: its derivative is that of other places."""
    axis, exclusive, reverse = options
    weight = WEIGHT.copy()
    if exclusive:  # -inf whatever x is
        weight[(slice(None),) * axis + (-1 if reverse else 0,)] = 0
    other = tf.constant(WEIGHT + 1)
    running = lambda x: tf.math.cumulative_logsumexp(x, *options)

    def first(x, weight):
        return slope(running, x, weight)

    def second(x, weight):
        with tf.GradientTape() as tape:
            tape.watch([x, weight])
            total = tf.reduce_sum(first(x, weight) * other)
        return tape.gradient(total, [x, weight])

    def value(x):
        out = running(tf.constant(x)).numpy()
        return np.sum(np.where(weight == 0, 0, weight * np.where(weight == 0, 0, out)))

    def total(x, weight):
        return float(tf.reduce_sum(first(tf.constant(x), tf.constant(weight)) * other))

    want = numeric(value, X), numeric(lambda x: total(x, weight), X, 1e-5), numeric(lambda w: total(X, w), weight, 1e-3)
    args = tf.constant(X), tf.constant(weight)
    for f, g in zip(modes(first), modes(second), strict=True):
        np.testing.assert_allclose(f(*args).numpy(), want[0], rtol=1e-6, atol=1e-8)
        by_x, by_weight = g(*args)
        np.testing.assert_allclose(by_x.numpy(), want[1], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(by_weight.numpy(), want[2], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_running_products_have_gradients_at_zeros(options):
    x = np.array([[1.0, 0, 2, 0, 3], [0.5, 2, 3, 4, 5], [0, 0, 1, 2, 3]])
    weight = RNG.normal(size=x.shape)
    f = lambda x: tf.math.cumprod(x, *options)
    want = numeric(lambda x: np.sum(weight * f(tf.constant(x)).numpy()), x, 1e-5)
    for mode in modes(lambda x, weight: slope(f, x, weight)):
        np.testing.assert_allclose(mode(tf.constant(x), tf.constant(weight)).numpy(), want, rtol=1e-6, atol=1e-6)


def test_nothing_yet_has_a_gradient_of_zero():
    x = tf.constant([[-np.inf, -np.inf, 0.5, 1.0]], tf.float64)
    got = slope(lambda x: tf.math.cumulative_logsumexp(x, 1)[0, 3], x, None).numpy()
    weights = np.exp([0.5, 1.0])
    np.testing.assert_allclose(got, [[0, 0, *(weights / weights.sum())]], rtol=1e-12)


def test_the_first_factor_of_a_recurrence_does_not_count():
    factor = tf.constant([np.nan, 2.0, 3.0])
    assert p.linear_recurrence(factor, tf.ones(3), axis=0, reverse=False).numpy().tolist() == [1, 3, 10]
    got = tf.function(lambda f: p.linear_recurrence(f, tf.ones(3), axis=0, reverse=False))(factor)
    assert got.numpy().tolist() == [1, 3, 10]


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_a_recomputed_gradient_has_the_derivative_of_the_function_itself(compiled):
    plain = lambda x: tf.sin(x) * x

    def twice(f):
        def first(x):
            return tf.reduce_sum(slope(f, x, None) * tf.constant([1.0, 2.0], tf.float64))

        return lambda x: slope(first, x, None)

    x = tf.constant([0.3, -0.7], tf.float64)
    got = twice(tf.recompute_grad(plain))
    got = tf.function(got, autograph=False) if compiled else got
    np.testing.assert_allclose(got(x).numpy(), twice(plain)(x).numpy(), rtol=1e-12)
