"""Padded copies are written row by row, margins with them, in a loop that threads share."""

import numpy as np
import pytest
import tfc as tf


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    tf.config.threading.set_intra_op_parallelism_threads(request.param)
    yield request.param
    tf.config.threading.set_intra_op_parallelism_threads(0)


def small(*shape):
    return np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype(np.float32)


def convolved(x, w, before, after):
    """Of NHWC, with zeros around it."""
    x = np.pad(x, ((0, 0), (before[0], after[0]), (before[1], after[1]), (0, 0)))
    rows, columns = x.shape[1] - w.shape[0] + 1, x.shape[2] - w.shape[1] + 1
    windows = [x[:, i : i + rows, j : j + columns] @ w[i, j] for i in range(w.shape[0]) for j in range(w.shape[1])]
    return np.sum(windows, 0)


@pytest.mark.parametrize("image", [(8, 128, 128, 1), (1, 257, 131, 1), (3, 61, 67, 3), (4, 28, 30, 64)], ids=str)
@pytest.mark.parametrize("size", [(5, 5), (3, 1), (1, 4), (2, 3)], ids=str)
def test_windows_at_all_margins_read_what_was_filled(image, size, threads):
    x, w = small(*image), small(*size, image[-1], 2)
    before = [(extent - 1) // 2 for extent in size]
    after = [extent // 2 for extent in size]
    want = convolved(x, w, before, after)
    function = tf.function(lambda x, w: tf.nn.conv2d(x, w, 1, "SAME"))
    for _ in range(3):
        np.testing.assert_array_equal(function(x, w).numpy(), want)


@pytest.mark.parametrize("value", [0.0, -0.0, np.nan, -np.inf])
def test_margins_of_any_number_and_width(value, threads):
    x = small(5, 70, 90)
    pads = [(0, 0), (7, 0), (1, 12)]
    function = tf.function(lambda x, w: tf.nn.conv2d(tf.pad(x, pads, constant_values=value)[..., None], w, 1, "VALID"))
    got = function(x, np.ones((1, 1, 1, 1), np.float32)).numpy()[..., 0]
    want = np.pad(x, pads, constant_values=value)
    np.testing.assert_array_equal(got, want)


def test_largest_elements_of_windows_beyond_the_image(threads):
    x = -1 - np.abs(small(4, 65, 65, 1))
    got = tf.function(lambda x: tf.nn.max_pool2d(x, 5, 1, "SAME"))(x).numpy()[..., 0]
    padded = np.pad(x[..., 0], ((0, 0), (2, 2), (2, 2)), constant_values=-np.inf)
    want = np.max([padded[:, i : i + 65, j : j + 65] for i in range(5) for j in range(5)], 0)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("groups", [1, 4, 32])
def test_gradients_of_convolutions_with_margins(groups, threads):
    x, w, g = small(2, 30, 29, 64), small(3, 3, 64 // groups, 64), small(2, 30, 29, 64)

    @tf.function
    def step(x, w, g):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = tf.nn.conv2d(x, w, 1, "SAME")
        return y, *tape.gradient(y, [x, w], output_gradients=g)

    y, dx, dw = (part.numpy() for part in step(*map(tf.constant, (x, w, g))))
    of = 64 // groups
    for group in range(0, groups, max(1, groups // 4)):
        channels = slice(group * of, (group + 1) * of)
        part, gradient, filters = x[..., channels], g[..., channels], w[..., channels]
        np.testing.assert_array_equal(y[..., channels], convolved(part, filters, (1, 1), (1, 1)))
        turned = filters[::-1, ::-1].transpose(0, 1, 3, 2)
        np.testing.assert_array_equal(dx[..., channels], convolved(gradient, turned, (1, 1), (1, 1)))
        padded = np.pad(part, ((0, 0), (1, 1), (1, 1), (0, 0)))
        for i, j in np.ndindex(3, 3):
            want = np.tensordot(padded[:, i : i + 30, j : j + 29], gradient, ((0, 1, 2), (0, 1, 2)))
            np.testing.assert_array_equal(dw[i, j][:, channels], want)


@pytest.mark.parametrize("switched_off", [(), ("cse",)], ids=str)
def test_margins_are_filled_with_every_switch(switched_off):
    x = np.arange(17 * 33 * 3 * 5, dtype=np.float32).reshape(17, 33, 3, 5)
    sizes = [(5, 0), (0, 3), (5, 0), (5, 3)]
    tf.config.optimizer.set_experimental_options({"disable": switched_off})
    try:
        got = tf.function(lambda x: tf.pad(x, sizes) + 1)(x).numpy()
    finally:
        tf.config.optimizer.set_experimental_options({"disable": ()})
    np.testing.assert_array_equal(got, np.pad(x, sizes) + 1)
