"""Convolutions in groups, whose results lie between each other, with two threads."""

import numpy as np
import pytest
import tfc as tf

pytestmark = pytest.mark.usefixtures("two_threads")
RNG = np.random.default_rng(17)


def numbers(*shape):
    return tf.constant(RNG.integers(-2, 3, shape).astype(np.float32))


# Features of a group that fill no cache line, and one; no whole vectors.
@pytest.mark.parametrize("size", [5, 40])
@pytest.mark.parametrize("features", [2, 4, 15, 16])
def test_threads_share_groups(features, size):
    x, w = numbers(1, size, size, 8 * 3), numbers(3, 3, 3, 8 * features)
    g = numbers(1, size, size, 8 * features)

    def f(x, w, g):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = tf.nn.conv2d(x, w, 1, "SAME")
        return [y, *tape.gradient(y, [x, w], output_gradients=g)]

    for got, want in zip(tf.function(f, autograph=False)(x, w, g), f(x, w, g), strict=True):
        np.testing.assert_array_equal(got.numpy(), want.numpy())
