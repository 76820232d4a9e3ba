"""The greater and the lesser of two numbers, in vectors: NaN on either side, signed zeros in either order, infinities."""

import itertools

import numpy as np
import pytest
import tfc as tf

SPECIAL = [np.nan, -np.nan, 0.0, -0.0, np.inf, -np.inf, 1.0, -1.0, 1e-40, -1e-40]


def pairs(dtype, length):
    """All pairs, in all lanes."""
    x, y = np.array(list(itertools.product(SPECIAL, SPECIAL)), dtype).T
    return np.resize(x, length), np.resize(y, length)


def wanted(x, y, largest):
    """NaN if one is, and +0 is greater than -0."""
    first = (x > y) | ((x == y) & (np.signbit(x) <= np.signbit(y)))
    result = np.where(first == largest, x, y)
    return np.where(np.isnan(x) | np.isnan(y), np.nan, result)


def check(result, want):
    np.testing.assert_array_equal(result, want)
    np.testing.assert_array_equal(np.signbit(result[~np.isnan(want)]), np.signbit(want[~np.isnan(want)]))


# Whole vectors, with what is left of them, and fewer elements than one.
@pytest.mark.parametrize("length", [3, 4, 16, 101, 1600])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_two_vectors(dtype, length):
    x, y = pairs(dtype, length)
    both = tf.function(lambda x, y: (tf.maximum(x, y), tf.minimum(x, y)))(tf.constant(x), tf.constant(y))
    check(both[0].numpy(), wanted(x, y, True))
    check(both[1].numpy(), wanted(x, y, False))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_a_vector_and_a_number(dtype):
    x, _ = pairs(dtype, 1600)
    for number in SPECIAL:
        y = np.full_like(x, number)
        constant = tf.function(lambda x, number=number: tf.maximum(x, tf.constant(number, x.dtype)))(tf.constant(x))
        check(constant.numpy(), wanted(x, y, True))
        scalar = tf.function(tf.minimum)(tf.constant(x), tf.constant(number, tf.as_dtype(dtype)))
        check(scalar.numpy(), wanted(x, y, False))


# Columns and rows, which have partial results in vectors, and windows.
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_many(dtype):
    rng = np.random.default_rng(0)
    x = rng.choice(np.array([0.0, -0.0, -1.0, -np.inf], dtype), (9, 160))
    x[rng.random(x.shape) < 0.02] = np.nan
    for axis in (0, 1):
        result = tf.function(lambda x, axis=axis: tf.reduce_max(x, axis))(tf.constant(x)).numpy()
        lines, want = np.moveaxis(x, axis, 0), np.moveaxis(x, axis, 0)[0]
        for line in lines:
            want = wanted(want, line, True)
        check(result, want)
    image = tf.constant(x.reshape(1, 3, 3, 160))
    result = tf.function(lambda x: tf.nn.max_pool2d(x, 3, 1, "VALID"))(image).numpy().ravel()
    want = x[0]
    for line in x:
        want = wanted(want, line, True)
    check(result, want)
