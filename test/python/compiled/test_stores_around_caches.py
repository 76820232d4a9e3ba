"""Results that are larger than what caches keep are written around them: they are what they would be otherwise."""

import platform

import ml_dtypes
import numpy as np
import pytest
import tfc as tf

ROWS = 48 * 2**20 // 4  # floats of 48 MiB


def assembly(function, *args):
    return function.get_concrete_function(*args).compiled().assembly


def streams(text):
    """Are there stores around the caches, and are they in memory before others learn of them?"""
    found = "movnt" in text
    assert found == ("sfence" in text)
    return found


@pytest.mark.parametrize("size", [ROWS, ROWS + 3])
def test_every_element_is_there(size):
    x = np.random.default_rng(0).random(size).astype(np.float32)
    function = tf.function(lambda x: x * 2.0 + 1.0)
    np.testing.assert_array_equal(function(x).numpy(), x * np.float32(2) + np.float32(1))
    assert streams(assembly(function, tf.constant(x))) == (platform.machine() in ("x86_64", "AMD64"))


def test_rows_that_begin_between_cache_lines():
    x = np.random.default_rng(0).random((3001, 4099)).astype(np.float32)
    function = tf.function(lambda x, row: x + row)
    row = np.arange(4099, dtype=np.float32)
    np.testing.assert_array_equal(function(x, row).numpy(), x + row)


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.int8, ml_dtypes.bfloat16, np.complex64])
def test_every_size_of_elements(dtype):
    x = np.random.default_rng(0).integers(-50, 50, 48 * 2**20 // np.dtype(dtype).itemsize).astype(dtype)
    result = tf.function(lambda x: x + x)(x).numpy()
    np.testing.assert_array_equal(result.astype(np.complex64), (x + x).astype(np.complex64))


@pytest.mark.parametrize("shape", [(4096, 4096), (3001, 4001), (ROWS,)])
@pytest.mark.parametrize("exclusive", [False, True])
def test_sums_along_rows(shape, exclusive):
    x = np.random.default_rng(0).integers(-3, 4, shape).astype(np.float32)
    expected = np.cumsum(x, -1) - (x if exclusive else 0)
    function = tf.function(lambda x: tf.cumsum(x, -1, exclusive=exclusive))
    np.testing.assert_array_equal(function(x).numpy(), expected)


@pytest.mark.parametrize("shape", [(4096, 4096), (4100, 4100), (8192, 1600)])
def test_transposes(shape):
    x = np.random.default_rng(0).random(shape).astype(np.float32)
    np.testing.assert_array_equal(tf.function(tf.transpose)(x).numpy(), x.T)


def test_a_reader_in_the_same_function_sees_them():
    x = np.random.default_rng(0).random(ROWS).astype(np.float32)
    function = tf.function(lambda x: (y := tf.sqrt(x), tf.reduce_max(tf.roll(y, 1, 0)), y[12345] + y[-1]))
    root, most, pair = function(x)
    expected = np.sqrt(x)
    np.testing.assert_array_equal(root.numpy(), expected)
    assert most.numpy() == expected.max() and pair.numpy() == expected[12345] + expected[-1]


def test_a_variable_in_place():
    v = tf.Variable(tf.ones(ROWS))

    @tf.function
    def step():
        v.assign(v * 3.0)
        return v[7] + v[-1]

    assert step().numpy() == 6 and step().numpy() == 18
    assert not streams(assembly(step))


def test_smaller_results_stay_in_the_caches():
    function = tf.function(lambda x: x + 1.0)
    assert not streams(assembly(function, tf.zeros(32 * 2**20 // 4)))
