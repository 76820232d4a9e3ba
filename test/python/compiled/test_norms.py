"""Norms of rows: no square of a number overflows or vanishes, and cross products of any shape."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("columns", [0, 1, 3, 100])
def test_norms_are_those_of_float64(dtype, columns):
    x = RNG.normal(size=(33, columns)).astype(dtype)
    got = tf.function(lambda x: tf.norm(x, axis=-1))(x)
    want = np.sqrt((x.astype(np.float64) ** 2).sum(-1)).astype(dtype)
    np.testing.assert_allclose(got, want, rtol=2 * np.finfo(dtype).eps)
    assert got.dtype == dtype


@pytest.mark.parametrize("scale", [1e-40, 1e-30, 1e30, 1e38])
def test_squares_beyond_the_range_of_the_type(scale):
    x = np.array([[3, 4], [0, 0]], np.float32) * np.float32(scale / 5)
    np.testing.assert_allclose(tf.function(lambda x: tf.norm(x, axis=1))(x), np.hypot(x[:, 0], x[:, 1]), rtol=1e-6)
    unit, size = tf.function(lambda x: tf.linalg.normalize(x, axis=1))(x)
    np.testing.assert_allclose(unit[0], [0.6, 0.8], rtol=1e-4)
    assert np.isnan(unit[1]).all() and size.shape == (2, 1)


def test_norms_of_what_is_not_finite():
    x = np.array([[np.inf, 1], [-np.inf, np.inf], [np.nan, 1], [-0.0, 0.0]], np.float32)
    np.testing.assert_array_equal(tf.function(lambda x: tf.norm(x, axis=1))(x), [np.inf, np.inf, np.nan, 0])


def test_gradients_of_norms():
    x = tf.constant(RNG.normal(size=(5, 7)).astype(np.float32))

    @tf.function
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.norm(x, axis=1))
        return tape.gradient(y, x)

    np.testing.assert_allclose(gradient(x), x / np.linalg.norm(x, axis=1, keepdims=True), rtol=1e-6)


@pytest.mark.parametrize("shape", [(3,), (0, 3), (1, 3), (101, 3), (7, 5, 3)])
@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_cross_products(shape, dtype):
    x, y = (RNG.integers(-9, 9, shape).astype(dtype) for _ in range(2))
    np.testing.assert_array_equal(tf.function(tf.linalg.cross)(x, y), np.cross(x, y))
