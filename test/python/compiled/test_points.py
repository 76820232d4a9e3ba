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


def overlaps(a, b):
    sizes = tf.minimum(a[:, None, 2:], b[None, :, 2:]) - tf.maximum(a[:, None, :2], b[None, :, :2])
    sizes = tf.maximum(sizes, 0)
    both = sizes[..., 0] * sizes[..., 1]
    areas = [(x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (a, b)]
    return areas[0][:, None] + areas[1][None, :] - both


@pytest.mark.parametrize("partners", [15, 16, 33])
@pytest.mark.parametrize("count", [1, 15, 16, 17, 200])
def test_boxes_of_all_pairs(count, partners):
    agree(overlaps, points(count, 4), points(partners, 4), rtol=1e-4)


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.int8, np.float16, tf.bfloat16.as_numpy_dtype])
def test_boxes_of_every_kind_of_number(dtype):
    a, b = (tf.constant(np.random.default_rng(i).integers(-2, 3, (40, 4)).astype(dtype)) for i in range(2))
    agree(overlaps, a, b, rtol=1e-12)


def test_boxes_and_the_best_of_each():
    def f(a, b):
        m = overlaps(a, b)
        return tf.concat([tf.reduce_max(m, 1), tf.reduce_max(m, 0), tf.cast(tf.argmax(m, 1), tf.float32)], 0)

    agree(f, points(300, 4), points(150, 4), rtol=1e-4)


@pytest.mark.parametrize("width", [2, 3, 4, 16, 17])
def test_components_that_are_computed_with_apart(width):
    def f(x, y):
        d = tf.where(x > y, x - y, y * 2)
        return d[..., 0] * d[..., width - 1] + d[..., 1]

    agree(f, points(50, width), points(50, width))


@pytest.mark.parametrize("stride", [2, 3, -1, -2])
@pytest.mark.parametrize("count", [1, 4, 7, 8, 16, 17, 63, 100])
def test_functions_of_elements_that_are_apart(count, stride):
    def f(x):
        y = x[::stride]
        return tf.sqrt(tf.abs(y)) / (tf.exp(-y) + 1)

    agree(f, points(count, 1)[:, 0])


@pytest.mark.parametrize("dtype", [np.float64, np.float16, tf.bfloat16.as_numpy_dtype])
def test_functions_of_columns_of_every_kind_of_number(dtype):
    def f(x):
        return tf.sqrt(x[:, 1] * x[:, 1] + x[:, 2]) + x[:, 0] * x[:, 1]

    x = tf.constant(np.random.default_rng(0).integers(0, 4, (75, 3)).astype(dtype))
    agree(f, x, rtol=1e-2 if dtype != np.float64 else 1e-12)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [3, 130, 256])
def test_forces_of_all_pairs_step_by_step(threads, count):
    """Positions are read for all pairs before any of them changes."""

    def steps(x, v):
        for _ in tf.range(4):
            d = x[None, :, :] - x[:, None, :]
            r = tf.reduce_sum(d * d, 2) + 0.01
            v = v + 1e-2 * tf.reduce_sum(d / (r * tf.sqrt(r))[:, :, None], 1)
            x = x + 1e-2 * v
        return tf.concat([x, v], 1)

    x = points(count, 3, np.float64)
    v = tf.zeros_like(x)
    want = steps(x, v).numpy()
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        compiled = tf.function(steps)
        for _ in range(3):
            np.testing.assert_allclose(compiled(x, v).numpy(), want, rtol=1e-9)
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)
