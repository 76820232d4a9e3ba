"""What is left of a loop in vectors: as many elements as there are, and none behind them."""

import numpy as np
import pytest
import tfc as tf


def until_small(x):
    i = 0
    while tf.reduce_sum(tf.abs(x)) > 0.5 and i < 7:
        x = tf.tanh(x) * tf.exp(-x * x) + 0.01
        i += 1
    return x, tf.reduce_max(x), i


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("size", [*range(1, 19), 20, 24, 32, 33, 34, 36, 40, 48])
def test_every_element_is_computed_and_no_other(size, dtype):
    x = tf.cast(tf.constant(np.random.default_rng(size).normal(size=size)), dtype)
    tolerance = 2e-2 if dtype == "float16" else 1e-5
    for got, want in zip(tf.function(until_small)(x), until_small(x), strict=True):
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("size", [17, 18, 20, 24])
def test_parts_of_rows_leave_what_is_behind_them(size):
    x = tf.constant(np.random.default_rng(size).normal(size=(5, size + 3)).astype(np.float32))

    def f(x):
        return tf.concat([tf.tanh(x[:, :size]), x[:, size:]], 1)

    np.testing.assert_allclose(tf.function(f)(x), f(x), rtol=1e-5, atol=1e-6)
