"""The mean counts in second derivatives of a variance, though not in the first."""

import numpy as np
import pytest
import tfc as tf

X = np.random.default_rng(0).normal(size=(5, 3))


def loss(x, keepdims):
    mean, variance = tf.nn.moments(x, [0], keepdims=keepdims)
    return tf.reduce_sum(tf.sin(mean) * variance**2)


def gradient(x, keepdims):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = loss(x, keepdims)
    return tape.gradient(y, x)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
def test_second_derivatives(compiled, keepdims):
    first = tf.function(gradient) if compiled else gradient
    with tf.GradientTape() as tape:
        x = tf.constant(X)
        tape.watch(x)
        along = tf.reduce_sum(first(x, keepdims) * tf.constant(np.cos(np.arange(15.0)).reshape(5, 3)))
    got = tape.gradient(along, x).numpy()
    step, want = 1e-5, np.zeros_like(X)
    for at in np.ndindex(X.shape):
        e = np.zeros_like(X)
        e[at] = step
        ahead, behind = (gradient(tf.constant(X + s * e), keepdims).numpy() for s in (1, -1))
        want[at] = np.sum((ahead - behind) / (2 * step) * np.cos(np.arange(15.0)).reshape(5, 3))
    np.testing.assert_allclose(got, want, atol=1e-8)
