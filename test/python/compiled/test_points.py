"""Points of few coordinates: all pairs, in vectors along the points, give what eager execution gives."""

import numpy as np
import pytest
import tfc as tf


def points(count, width, dtype=np.float32):
    return tf.constant((np.random.default_rng(count).normal(size=(count, width)) * 3).astype(dtype))


def agree(function, *args, rtol=1e-5):
    want = function(*args).numpy()
    got = tf.function(function, autograph=False)(*args).numpy()
    np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=rtol, atol=rtol)


def squared_distances(x, y):
    d = x[None, :, :] - y[:, None, :]
    return tf.reduce_sum(d * d, 2)


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("count", [1, 15, 16, 37, 200])
def test_distances_of_all_pairs(count, width):
    agree(squared_distances, points(count, width), points(33, width))


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.int8, tf.bfloat16.as_numpy_dtype])
def test_distances_of_every_kind_of_number(dtype):
    x = tf.constant(np.random.default_rng(0).integers(-3, 4, (40, 3)).astype(dtype))
    agree(squared_distances, x, x, rtol=1e-12)


@pytest.mark.parametrize("reduce", [tf.reduce_max, tf.reduce_min, tf.reduce_sum])
def test_sums_and_extremes_over_all_partners(reduce):
    def f(x, m):
        d = x[None, :, :] - x[:, None, :]
        r = tf.reduce_sum(d * d, 2) + 0.01
        return reduce(m[None, :, None] * d / (r * tf.sqrt(r))[:, :, None], 1)

    agree(f, points(70, 3), points(70, 1)[:, 0], rtol=2e-4)


def test_nan_and_infinity_stay_with_their_point():
    x = points(48, 3).numpy()
    x[5, 1], x[7, 0] = np.nan, np.inf
    agree(squared_distances, tf.constant(x), points(48, 3))


@pytest.mark.parametrize("threads", [1, 2])
def test_points_that_move_in_a_loop(threads):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)

    def step(x):
        d = x[None, :, :] - x[:, None, :]
        return x + 1e-3 * tf.reduce_sum(d / (tf.reduce_sum(d * d, 2) + 1.0)[:, :, None], 1)

    def f(x):
        for _ in tf.range(3):
            x = step(x)
        return x

    try:
        x = points(150, 3)
        np.testing.assert_allclose(tf.function(f)(x).numpy(), f(x).numpy(), rtol=1e-5, atol=1e-6)
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)
