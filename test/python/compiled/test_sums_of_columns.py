"""Sums of columns in pieces of the rows, which threads share: the same for any number of them."""

import numpy as np
import pytest
import tfc as tf

# With as many rows as whole pieces have, and with some more; images; work for one thread only.
SHAPES = [(6272, 128), (6271, 100), (70001, 3), (8, 28, 28, 128), (13, 40, 40, 33), (5, 600, 700), (627, 40)]


def numbers(shape, dtype="float32"):
    x = np.random.default_rng(0).normal(size=shape) * 10
    return tf.constant(np.abs(x).astype(dtype) if np.dtype(dtype).kind == "u" else x.astype(dtype))


def rows(shape):
    return tuple(range(len(shape) - 1))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint8", "int64"])
def test_sums_and_extremes(shape, dtype):
    def f(x):
        axes = rows(shape)
        return tf.reduce_sum(x, axes), tf.reduce_max(x, axes), tf.reduce_min(x, axes)

    x = numbers(shape, dtype)
    total, most, least = tf.function(f)(x)
    wide = x.numpy().astype(np.float64) if dtype.startswith("float") else x.numpy()
    np.testing.assert_allclose(
        total.numpy(), wide.sum(rows(shape), dtype=wide.dtype), rtol=1e-5, atol=1e-6 * np.abs(wide).sum()
    )
    np.testing.assert_array_equal(most.numpy(), x.numpy().max(rows(shape)))
    np.testing.assert_array_equal(least.numpy(), x.numpy().min(rows(shape)))


def test_nan_counts_in_each_piece():
    x = numbers((6271, 128)).numpy()
    x[[0, 3000, 6270], [5, 6, 7]] = np.nan
    most, total = tf.function(lambda x: (tf.reduce_max(x, 0), tf.reduce_sum(x, 0)))(tf.constant(x))
    for got in most, total:
        assert np.flatnonzero(np.isnan(got.numpy())).tolist() == [5, 6, 7]


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("shape", [(6271, 128), (8, 28, 28, 128)])
def test_a_thread_gives_what_two_give(shape):
    def f(x, y):
        z = tf.where(x > 0, y, 0.0)
        mean, variance = tf.nn.moments(z, list(rows(shape)))
        return z, mean, variance, tf.reduce_prod(1 + 1e-4 * x, rows(shape))

    x, y = numbers(shape), numbers(shape) * 0.5 + 1
    compiled = tf.function(f)
    two = [part.numpy() for part in compiled(x, y)]
    tf.config.threading.set_intra_op_parallelism_threads(1)
    one = [part.numpy() for part in compiled(x, y)]
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("images", [1, 2, 7, 16])
def test_gradients_of_filters_of_each_image(images, padding):
    x, w = numbers((images, 30, 31, 64)), numbers((3, 3, 64, 1))
    g = tf.cos(tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], padding))

    def gradient(x, w, g):
        with tf.GradientTape() as tape:
            tape.watch(w)
            y = tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], padding)
        return tape.gradient(y, w, output_gradients=g)

    got, y = tf.function(gradient)(x, w, g).numpy(), g.numpy().astype(np.float64)
    around = 1 if padding == "SAME" else 0
    wide = np.pad(x.numpy().astype(np.float64), ((0, 0), (around, around), (around, around), (0, 0)))
    height, width = y.shape[1:3]
    for i in range(3):
        for j in range(3):
            want = (wide[:, i : i + height, j : j + width] * y).sum((0, 1, 2))
            np.testing.assert_allclose(got[i, j, :, 0], want, rtol=1e-5, atol=1e-2)


def test_what_reads_within_margins_is_not_mistaken_for_what_is_made_later():
    x, u, v = numbers((8, 28, 28, 32)), numbers((1, 1, 32, 128)) * 0.03, numbers((1, 1, 128, 32)) * 0.02
    w = numbers((3, 3, 128, 1)) * 0.05

    def step(x, u, w, v):
        with tf.GradientTape() as tape:
            tape.watch([x, u, w, v])
            h = tf.nn.relu6(tf.nn.conv2d(x, u, 1, "SAME"))
            h = tf.nn.relu6(tf.nn.depthwise_conv2d(h, w, [1, 1, 1, 1], "SAME"))
            y = x + tf.nn.conv2d(h, v, 1, "SAME")
            loss = tf.reduce_mean(y * y)
        return [loss, *tape.gradient(loss, [x, u, w, v])]

    for got, want in zip(tf.function(step)(x, u, w, v), step(x, u, w, v), strict=True):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-3, atol=1e-5 * np.abs(want.numpy()).max())


def test_pieces_of_a_part_of_a_padded_image():
    x, w = numbers((3200, 4, 4, 32)), numbers((3, 3, 32, 1))

    def gradient(x, w):
        with tf.GradientTape() as tape:
            tape.watch(w)
            # A row of windows ends before the image does.
            y = tf.nn.depthwise_conv2d(x, w, [1, 2, 2, 1], [[0, 0], [2, 1], [0, 0], [0, 0]])
        return tape.gradient(y, w)

    got, wide = (
        tf.function(gradient)(x, w).numpy(),
        np.pad(x.numpy().astype(np.float64), ((0, 0), (2, 1), (0, 0), (0, 0))),
    )
    for i in range(3):
        want = wide[:, i : i + 5 : 2, :3].sum((0, 1))
        np.testing.assert_allclose(got[i, :, :, 0], want, rtol=1e-4, atol=1e-2)
