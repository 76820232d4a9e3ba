"""Elements of 8 and 16 bits that lanes look up are parts of words of 32 bits: values are numpy's, up to the last element."""

import numpy as np
import pytest
import tfc as tf

KINDS = [np.uint8, np.int8, np.int16, np.uint16, np.float16, tf.bfloat16.as_numpy_dtype, np.bool_]


def table(shape, dtype):
    return np.random.default_rng(len(shape)).integers(0, 120, shape).astype(dtype)


def places(count, size, dtype=np.int32):
    found = np.random.default_rng(count).integers(0, size, count)
    found[: min(count, 4)] = [size - 1, 0, max(size - 2, 0), max(size - 3, 0)][: min(count, 4)]
    return found.astype(dtype)


def agree(function, want, *args):
    got = tf.function(function, autograph=False)(*map(tf.constant, args)).numpy()
    assert got.dtype == want.dtype and got.shape == want.shape
    np.testing.assert_array_equal(got.astype(np.float64), want.astype(np.float64))


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 17, 256, 1001])
def test_every_kind_of_element(dtype, size):
    t = table((size,), dtype)
    for count in [1, 15, 16, 17, 133]:
        i = places(count, size)
        agree(lambda t, i: tf.gather(t, i), t[i], t, i)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16])
@pytest.mark.parametrize("index", [np.uint8, np.int8, np.int16, np.int64])
def test_every_kind_of_place(dtype, index):
    t, i = table((100,), dtype), places(333, 100, index)
    agree(lambda t, i: tf.cast(tf.gather(t, tf.cast(i, tf.int32)), tf.float32) / 4.0, t[i].astype(np.float32) / 4, t, i)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 7])
def test_rows_of_colours(dtype, width):
    t, i = table((99, width), dtype), places(2 * 65, 99).reshape(2, 65)
    agree(lambda t, i: tf.cast(tf.gather(t, i), tf.float32) * 2.0, t[i].astype(np.float32) * 2, t, i)


def test_pairs_of_places():
    t = table((30, 41), np.uint8)
    i, j = places(1000, 30), places(1000, 41)[::-1].copy()
    agree(lambda t, i, j: tf.gather_nd(t, tf.stack([i, j], -1)), t[i, j], t, i, j)


def test_parts_of_tables():
    t, i = table((50, 9), np.int16), places(200, 40)
    agree(lambda t, i: tf.gather(t[10:, 3:5], i) + tf.constant(1, tf.int16), t[10:, 3:5][i] + np.int16(1), t, i)
    agree(lambda t, i: tf.gather(t[10:, 8], i) + tf.constant(1, tf.int16), t[10:, 8][i] + np.int16(1), t, i)


def test_nan_infinity_and_signed_zeros_of_halves():
    t = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 6e-8, 65504.0], np.float16)
    i = places(100, 7)
    got = tf.function(lambda t, i: tf.gather(t, i))(tf.constant(t), tf.constant(i)).numpy()
    np.testing.assert_array_equal(got.view(np.uint16), t[i].view(np.uint16))


def test_sums_of_what_is_looked_up():
    t, i = table((77,), np.uint8), places(1001, 77)
    agree(lambda t, i: tf.reduce_sum(tf.cast(tf.gather(t, i), tf.int32)), np.sum(t[i], dtype=np.int32), t, i)


@pytest.mark.parametrize("threads", [1, 2])
def test_images_that_threads_share(threads):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        t = table((256,), np.uint8)
        x = np.random.default_rng(0).integers(0, 256, (301, 257, 3)).astype(np.uint8)
        agree(lambda t, x: tf.gather(t, tf.cast(x, tf.int32)), t[x], t, x)
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)
