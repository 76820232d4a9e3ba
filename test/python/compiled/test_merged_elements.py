"""Elementwise results of one vector are one loop: what one needs of another stays in registers."""

import numpy as np
import pytest
import tfc as tf

SIZES = [0, 1, 4095, 4096, 10_007]


def numbers(n, seed=0):
    x = np.random.default_rng(seed + n).normal(size=n).astype(np.float32)
    x[: min(n, 5)] = [np.nan, np.inf, -np.inf, -0.0, 0.0][: min(n, 5)]
    return x


def remarks(function, *arguments):
    return str(function.get_concrete_function(*arguments).compiled().remarks)


def value_and_gradients(x, y, z):
    with tf.GradientTape() as tape:
        tape.watch([x, y, z])
        value = tf.exp(-x * x) * tf.math.erf(y * z) + tf.sqrt(1.0 + z * z) / (2.0 + tf.cos(x))
    return value, *tape.gradient(value, [x, y, z])


@pytest.mark.parametrize("n", SIZES)
def test_a_value_and_its_gradients(n):
    arguments = [tf.constant(numbers(n, seed)) for seed in (1, 2, 3)]
    got = tf.function(value_and_gradients)(*arguments)
    for a, b in zip(got, value_and_gradients(*arguments), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)


def test_they_are_one_loop_that_stores_results_only():
    spec = [tf.TensorSpec([100_000])] * 3
    said = remarks(tf.function(value_and_gradients), *spec)
    assert "loops over the same elements are one" in said
    assert said.count("loops: generic over 100000") == 1


def test_results_have_places_of_their_own():
    """Several results of one loop are computed where the caller wants them, though others begin there, too."""
    concrete = tf.function(value_and_gradients).get_concrete_function(*[tf.TensorSpec([100_000])] * 3)
    assert concrete.compiled().arena_bytes < 100_000


@pytest.mark.parametrize("n", SIZES)
def test_results_that_go_on_as_others(n):
    def f(x):
        a = tf.exp(x)
        b = tf.concat([a[:1], a[1:] + 1.0], 0) if n else a
        c = tf.sin(a) + tf.cumsum(b)
        return a, b, c, a * c

    x = tf.constant(np.abs(np.sin(np.arange(n))).astype(np.float32))
    for a, b in zip(tf.function(f)(x), f(x), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("n", [4096, 10_007])
def test_variables_change_in_the_order_of_the_program(n):
    x = np.random.default_rng(0).normal(size=n).astype(np.float32)

    def build():
        v, w = tf.Variable(x), tf.Variable(2 * x)

        def step(y):
            v.assign(v * 0.5 + y)
            a = tf.tanh(v) * w
            w.assign_add(a)
            v.assign_sub(w * a)
            return a + v, w * v

        return v, w, step

    v, w, step = build()
    compiled = tf.function(step)
    v2, w2, eager = build()
    for i in range(3):
        y = tf.constant(np.roll(x, i))
        for a, b in zip(compiled(y), eager(y), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(v, v2, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(w, w2, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n", [4096, 10_007])
def test_elements_of_other_places_are_those_of_before(n):
    x = tf.constant(np.random.default_rng(0).normal(size=n).astype(np.float32))

    def f(x):
        a = tf.exp(x)
        b = tf.reverse(a, [0]) + x
        c = tf.roll(b, 1, 0) * a
        return a, b, c + a[0]

    for a, b in zip(tf.function(f)(x), f(x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_long_functions_are_several_loops():
    def f(x):
        results = []
        for i in range(60):
            x = tf.sin(x) * tf.cos(x + float(i))
            results.append(x)
        return results

    x = tf.constant(np.random.default_rng(0).normal(size=5000).astype(np.float32))
    for a, b in zip(tf.function(f)(x), f(x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
