"""Weights that are stored in fewer bits are widened where a product reads them, whichever way they lie."""

import ml_dtypes
import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(11)
# rows, depth, columns; the operand has 32,768 elements or more, except the last ones
SIZES = [
    (1, 256, 200),
    (2, 300, 129),
    (3, 128, 256),
    (5, 200, 190),
    (16, 512, 64),
    (17, 333, 101),
    (70, 129, 257),
    (4, 7, 9),
]


def numbers(*shape):
    """Sums of products of these are exact in float32, in any order."""
    return RNG.integers(-4, 5, shape)


def remarks(function, *arguments):
    return " ".join(function.get_concrete_function(*arguments).compiled().remarks)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(
    "dtype", [np.int8, np.uint8, np.int16, np.float16, ml_dtypes.bfloat16], ids=lambda d: np.dtype(d).name
)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_widened_weights_give_the_product_of_what_they_are(size, dtype, transposed):
    m, k, n = size
    x = numbers(m, k).astype(np.float32)
    w = np.abs(numbers(k, n)).astype(dtype)
    scale = np.abs(numbers(n)).astype(np.float32)
    expected = (x @ w.astype(np.float32)) * scale
    if transposed:
        w = w.T.copy()
        f = tf.function(lambda x, w, s: tf.matmul(x, tf.transpose(tf.cast(w, tf.float32))) * s)
    else:
        f = tf.function(lambda x, w, s: tf.matmul(x, tf.cast(w, tf.float32)) * s)
    np.testing.assert_array_equal(f(x, w, scale), expected)
    if k * n >= 32 * 1024:
        assert "the right operand is computed where it is read" in remarks(f, x, w, scale)


@pytest.mark.parametrize("rows", [1, 3, 16])
def test_scales_of_rows_and_columns_are_part_of_it(rows):
    x, w = numbers(rows, 256).astype(np.float32), numbers(160, 256).astype(np.int8)
    of_column, of_k = numbers(160, 1).astype(np.float32), numbers(256).astype(np.float32)
    f = tf.function(lambda x, w, c, k: tf.matmul(x, tf.cast(w, tf.float32) * c + k, transpose_b=True))
    np.testing.assert_array_equal(f(x, w, of_column, of_k), x @ (w.astype(np.float32) * of_column + of_k).T)


@pytest.mark.parametrize("rows", [1, 2, 16])
def test_both_halves_of_bytes_are_weights_of_two_products(rows):
    x, w = numbers(rows, 512).astype(np.float32), RNG.integers(0, 256, (256, 136)).astype(np.uint8)

    @tf.function
    def f(x, w):
        low = tf.cast(tf.bitwise.bitwise_and(w, tf.constant(15, tf.uint8)), tf.float32) - 8.0
        high = tf.cast(tf.bitwise.right_shift(w, tf.constant(4, tf.uint8)), tf.float32) - 8.0
        return tf.matmul(x[:, :256], low) + tf.matmul(x[:, 256:], high)

    expected = x[:, :256] @ ((w & 15) - 8.0) + x[:, 256:] @ ((w >> 4) - 8.0)
    np.testing.assert_array_equal(f(x, w), expected)
    assert remarks(f, x, w).count("the right operand is computed where it is read") == 2


def test_weights_that_change_between_are_those_from_before():
    """Both products read what the bytes were when they were widened."""
    v = tf.Variable(numbers(256, 160).astype(np.int8))
    before = v.numpy().astype(np.float32)

    @tf.function
    def f(x):
        wide = tf.cast(v, tf.float32)
        first = tf.matmul(x, wide)
        v.assign(tf.zeros_like(v))
        return first, tf.matmul(x + 1.0, wide), tf.matmul(x, tf.cast(v, tf.float32))

    x = numbers(4, 256).astype(np.float32)
    first, second, third = f(x)
    np.testing.assert_array_equal(first, x @ before)
    np.testing.assert_array_equal(second, (x + 1) @ before)
    np.testing.assert_array_equal(third, np.zeros((4, 160)))


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_share_them(threads):
    x, w = numbers(2, 1024).astype(np.float32), numbers(1000, 1024).astype(np.int8)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        got = tf.function(lambda x, w: tf.matmul(x, tf.cast(w, tf.float32), transpose_b=True))(x, w)
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    np.testing.assert_array_equal(got, x @ w.astype(np.float32).T)


@pytest.mark.parametrize("rows", [16, 33])
@pytest.mark.parametrize("size", [(512, 64), (333, 101), (1100, 40)], ids=str)
def test_transposed_bytes_become_bfloat16(size, rows):
    k, n = size
    x = RNG.integers(-1, 2, (rows, k)).astype(ml_dtypes.bfloat16)
    w = RNG.integers(-1, 2, (n, k)).astype(np.int8)
    f = tf.function(lambda x, w: tf.matmul(x, tf.cast(w, tf.bfloat16), transpose_b=True))
    expected = (x.astype(np.float32) @ w.astype(np.float32).T).astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(f(x, w).numpy().astype(np.float32), expected.astype(np.float32))


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", [np.int8, np.float32, ml_dtypes.bfloat16], ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("size", [200, 256, 520])
def test_weights_that_their_product_updates_are_read_before(size, dtype, transposed):
    """What becomes part of the product's tiles may write to the variable that the operand is made from."""
    w, x = RNG.integers(-1, 2, (size, size)).astype(dtype), np.zeros((size, size), np.float32)
    x[np.arange(size), RNG.permutation(size)] = 1
    v = tf.Variable(w)

    @tf.function
    def f(x):
        y = tf.matmul(x, tf.cast(v, tf.float32) * 2.0, transpose_b=transposed)
        v.assign_add(tf.cast(y, v.dtype))

    f(x)
    wide = w.astype(np.float32)
    np.testing.assert_array_equal(v.numpy().astype(np.float32), wide + x @ (2 * wide.T if transposed else 2 * wide))
