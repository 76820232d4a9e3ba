"""`tf.nn.isotonic_regression`."""

import numpy as np
import pytest
import tfc as tf


def pooled(v, decreasing):
    v = v if decreasing else -v
    sums, counts = [], []
    for x in v:
        sums.append(x)
        counts.append(1)
        while len(sums) > 1 and sums[-2] / counts[-2] < sums[-1] / counts[-1]:
            total, count = sums.pop(), counts.pop()
            sums[-1] += total
            counts[-1] += count
    means = np.repeat([s / c for s, c in zip(sums, counts, strict=True)], counts)
    return means if decreasing else -means


@pytest.mark.parametrize("decreasing", [True, False])
@pytest.mark.parametrize(("shape", "axis"), [((3, 7), -1), ((1, 1), -1), ((2, 3, 4), 1)])
def test_means_of_blocks(shape, axis, decreasing):
    x = np.random.default_rng(0).normal(size=shape)
    want = np.apply_along_axis(pooled, axis, x, decreasing)
    eager = tf.nn.isotonic_regression(x, decreasing, axis)
    compiled = tf.function(lambda x: tf.nn.isotonic_regression(x, decreasing, axis))(x)
    for got in (eager, compiled):
        np.testing.assert_allclose(got.output, want, atol=1e-12)
        np.testing.assert_array_equal(got.segments, eager.segments)


def test_equal_neighbours_are_not_joined():
    got = tf.nn.isotonic_regression(tf.constant([[2.0, 2, 1, 1, 3], [3.0, 3, 3, 3, 3]]))
    np.testing.assert_array_equal(got.segments, [[0, 1, 2, 2, 2], [0, 1, 2, 3, 4]])


def test_gradient_is_that_of_the_means():
    x = tf.constant([3.0, 1, 2])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.nn.isotonic_regression(x).output * [1.0, 10, 100]
    np.testing.assert_array_equal(tape.gradient(y, x), [1, 55, 55])


def test_integers_are_worked_on_as_float64():
    assert tf.nn.isotonic_regression(tf.constant([3, 1, 2])).output.dtype is tf.float64
