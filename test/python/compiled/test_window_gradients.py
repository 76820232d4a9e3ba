"""Gradients of windows that overlap, and of several filters for each channel: compiled as they are eagerly, and by numpy."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(13)


def numbers(*shape):
    return tf.constant(RNG.integers(-2, 3, shape).astype(np.float32))


def gradients(function, *args):
    """Of the sum of the results, each times its number; compiled and eagerly."""

    def f(*args):
        with tf.GradientTape() as tape:
            tape.watch(args)
            y = function(*args)
            size = tf.cast(tf.size(y), tf.float32)
            total = tf.reduce_sum(y * tf.reshape(tf.range(size) % 7.0 - 3.0, tf.shape(y)))
        return tape.gradient(total, args)

    return tf.function(f, autograph=False), f


def agree(function, *args, exactly=True):
    compiled, eager = gradients(function, *args)
    for got, want in zip(compiled(*args), eager(*args), strict=True):
        if exactly:
            np.testing.assert_array_equal(got.numpy(), want.numpy())
        else:
            np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-5, atol=1e-5)
    return compiled


SHAPES = [(2, 9, 11, 32), (1, 2, 3, 5), (3, 1, 20, 17), (0, 5, 5, 16), (2, 12, 12, 1)]


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("window", [(1, 1), (2, 2), (3, 3), (2, 5)], ids=str)
def test_means_of_windows(window, stride, padding):
    for shape in SHAPES:
        if padding == "SAME" or all(k <= n for k, n in zip(window, shape[1:3], strict=True)):
            agree(lambda x: tf.nn.avg_pool2d(x, window, stride, padding), numbers(*shape), exactly=False)


def test_means_of_windows_that_are_dilated():
    agree(lambda x: tf.nn.pool(x, (3, 2), "AVG", 1, "SAME", dilations=2), numbers(2, 9, 11, 16), exactly=False)


def test_means_of_windows_of_sizes_that_the_run_tells():
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(tf.nn.avg_pool2d(x, 3, 1, "SAME") ** 2.0)
        return tape.gradient(total, x)

    compiled = tf.function(f, autograph=False, input_signature=[tf.TensorSpec((None, None, None, 16))])
    for shape in [(2, 9, 11, 16), (1, 1, 1, 16), (3, 2, 30, 16)]:
        x = numbers(*shape)
        np.testing.assert_allclose(compiled(x).numpy(), f(x).numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("padding", ["SAME", "VALID", [[0, 0], [2, 1], [0, 3], [0, 0]]], ids=str)
@pytest.mark.parametrize("stride", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("window", [(1, 1), (3, 3), (2, 5)], ids=str)
def test_images_of_depthwise_convolutions(window, stride, padding):
    for shape in SHAPES:
        before, after = ([padding[1][i], padding[2][i]] if isinstance(padding, list) else [0, 0] for i in range(2))
        fits = all(k <= n + b + a for k, n, b, a in zip(window, shape[1:3], before, after, strict=True))
        if padding != "SAME" and not fits:
            continue
        agree(
            lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], padding),
            numbers(*shape),
            numbers(*window, shape[3], 1),
        )


def multiplied(x, w):
    """Each channel with each of its filters; without padding."""
    x, w = x.numpy(), w.numpy()
    (k, n), (h, m) = w.shape[:2], x.shape[1:3]
    parts = (x[:, i : i + h - k + 1, j : j + m - n + 1, :, None] * w[i, j] for i, j in np.ndindex(k, n))
    total = sum(parts)
    return total.reshape(*total.shape[:3], -1)


@pytest.mark.parametrize("multiplier", [1, 2, 3, 16, 17])
@pytest.mark.parametrize("channels", [1, 3, 16])
def test_several_filters_for_each_channel(channels, multiplier):
    x, w = numbers(2, 9, 11, channels), numbers(3, 2, channels, multiplier)

    def f(x, w):
        return tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "VALID")

    np.testing.assert_array_equal(f(x, w).numpy(), multiplied(x, w))
    np.testing.assert_array_equal(tf.function(f)(x, w).numpy(), multiplied(x, w))
    agree(f, x, w)


@pytest.mark.parametrize("known", [(None, 9, 11, 3), (None, None, None, 3)], ids=str)
def test_several_filters_where_the_run_tells_sizes(known):
    x, w = numbers(2, 9, 11, 3), numbers(3, 2, 3, 4)
    specs = [tf.TensorSpec(known), tf.TensorSpec(w.shape)]
    f = tf.function(lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "VALID"), input_signature=specs)
    assert f.get_concrete_function().structured_outputs.shape[3] == 12
    np.testing.assert_array_equal(f(x, w).numpy(), multiplied(x, w))
