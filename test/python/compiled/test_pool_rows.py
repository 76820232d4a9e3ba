"""Gradients of maxima over windows, row by row: sizes that are not known, threads, maxima that somebody else reads."""

import importlib

import numpy as np
import pytest
import tfc as tf
from tfc.ops import windows

SHAPES = [(2, 70, 7, 20), (9, 8, 40, 20), (1, 1, 1, 20), (0, 8, 8, 20), (1, 100, 2, 20)]


def pooled(shape, seed=7):
    """An image of ties, what each window gives, and the sums."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-2, 3, shape).astype(np.float32)
    at = windows.argmax_pool(x, (3, 3), (2, 2), (1, 1), ())
    g = rng.integers(-3, 4, at.shape).astype(np.float32)
    wanted = np.zeros(x.size)
    np.add.at(wanted, at.ravel(), g.ravel())
    return x, g, wanted.reshape(shape)


def gradient(x, g):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.nn.max_pool2d(x, 3, 2, "SAME")
    return tape.gradient(y, x, output_gradients=g)


def test_sizes_of_an_image_with_vectors_of_channels_may_be_unknown(monkeypatch, two_threads):
    monkeypatch.setattr(importlib.import_module("tfc.function.flat"), "SPECIALIZATIONS", 0)
    dims = tf.TensorSpec((None, None, None, 20), tf.float32)
    f = tf.function(gradient, input_signature=[dims, dims])
    for shape in SHAPES:
        x, g, wanted = pooled(shape)
        np.testing.assert_array_equal(f(tf.constant(x), tf.constant(g)).numpy(), wanted)


# Blocks of 32 rows that windows reach into from the block before; eight images and more are one block each.
@pytest.mark.parametrize("shape", [(2, 200, 40, 64), (1, 65, 120, 96), (8, 65, 40, 64)])
def test_threads_share_blocks_of_rows(shape, two_threads):
    x, g, wanted = pooled(shape)
    np.testing.assert_array_equal(tf.function(gradient)(tf.constant(x), tf.constant(g)).numpy(), wanted)


def test_the_image_is_read_before_it_is_overwritten():
    x, g, wanted = pooled((2, 40, 9, 32))
    v = tf.Variable(x)

    @tf.function
    def step(g):
        with tf.GradientTape() as tape:
            y = tf.nn.max_pool2d(v, 3, 2, "SAME")
        v.assign_sub(tape.gradient(y, v, output_gradients=g))
        return y

    y = step(tf.constant(g))
    np.testing.assert_array_equal(y.numpy(), windows.max_pool(x, (3, 3), (2, 2), (1, 1), ()))
    np.testing.assert_array_equal(v.numpy(), x - wanted.astype(np.float32))


def test_a_window_that_lies_in_the_padding_has_no_gradient():
    x = tf.constant(np.random.default_rng(0).normal(size=(2, 5, 2, 3)).astype(np.float32))

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.nn.pool(x, [1, 2], "MAX", dilations=[1, 3], padding="SAME")
        return tape.gradient(y, x)

    # The first window has columns -1 and 2, of which there is neither, the second one 0 and 3.
    want = np.zeros(x.shape)
    want[:, :, 0] = 1
    for f in (gradient, tf.function(gradient)):
        np.testing.assert_array_equal(f(x).numpy(), want)
