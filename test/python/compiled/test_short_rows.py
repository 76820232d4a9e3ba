"""Rows of few elements are worked on several at once: whatever their number and length, each gets its own value."""

import numpy as np
import pytest
import tfc as tf


def compiled(function, x):
    return tf.function(function, autograph=False)(tf.constant(x)).numpy()


def rows(shape, dtype=np.float32):
    return np.random.default_rng(0).integers(-50, 50, shape).astype(dtype)


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 7, 8, 10, 16, 17])
@pytest.mark.parametrize("count", [1, 63, 64, 100, 1000])
def test_every_length_and_number_of_rows(width, count):
    x = rows((count, width))
    assert np.array_equal(compiled(lambda x: tf.reduce_max(x, 1), x), x.max(1))
    assert np.array_equal(compiled(lambda x: tf.reduce_sum(x, 1), x), x.sum(1))
    assert np.array_equal(compiled(lambda x: tf.argmin(x, 1), x), x.argmin(1))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.int64, np.float16, np.float64])
@pytest.mark.parametrize("width", [3, 10])
def test_every_kind_of_element(dtype, width):
    x = np.abs(rows((200, width), np.int32)).astype(dtype)
    assert np.array_equal(compiled(lambda x: tf.reduce_max(x, 1), x), x.max(1))
    assert np.array_equal(compiled(lambda x: tf.argmax(x, 1), x), x.argmax(1))


@pytest.mark.parametrize("width", [3, 10])
def test_nan_is_the_maximum_of_its_row_only(width):
    x = rows((200, width))
    x[7, width - 1] = np.nan
    assert np.array_equal(compiled(lambda x: tf.reduce_max(x, 1), x), x.max(1), equal_nan=True)
    assert np.array_equal(compiled(lambda x: tf.argmax(x, 1), x), x.argmax(1))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 12])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_planes_of_images(channels, dtype):
    x = np.abs(rows((2, 9, 70, channels), np.int32)).astype(dtype)
    assert np.array_equal(compiled(lambda x: tf.transpose(x, [0, 3, 1, 2]), x), x.transpose(0, 3, 1, 2))


def test_arithmetic_with_other_operands():
    x, scale, shift = rows((300, 5)), rows((5,)), rows((300,))
    f = tf.function(lambda x, s, t: tf.reduce_max(x * s + t[:, None], 1), autograph=False)
    got = f(tf.constant(x), tf.constant(scale), tf.constant(shift)).numpy()
    assert np.array_equal(got, (x * scale + shift[:, None]).max(1))


def test_unknown_numbers_of_rows():
    f = tf.function(lambda x: tf.reduce_max(x, 1), input_signature=[tf.TensorSpec([None, 3])])
    for count in (0, 1, 15, 16, 17, 100):
        x = rows((count, 3))
        assert np.array_equal(f(tf.constant(x)).numpy(), x.max(1))
