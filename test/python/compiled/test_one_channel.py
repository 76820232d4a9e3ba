"""Filters of images and signals of one channel are loops over places: values and gradients are those of eager code."""

import numpy as np
import pytest
import tfc as tf


def numbers(*shape, dtype=np.float32):
    return tf.constant(np.random.default_rng(sum(shape)).integers(-4, 5, shape).astype(dtype))


def results(function, x, k):
    with tf.GradientTape() as tape:
        tape.watch([x, k])
        y = function(x, k)
        z = tf.reduce_sum(y * y)
    return [y, *tape.gradient(z, [x, k])]


def agree(function, x, k, **rest):
    want = results(function, x, k)
    got = tf.function(lambda x, k: results(function, x, k), autograph=False, **rest)(x, k)
    for g, w in zip(got, want):
        np.testing.assert_array_equal(g.numpy(), w.numpy())


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (5, 5), (1, 7), (7, 1), (2, 4), (11, 11)])
@pytest.mark.parametrize("image", [(12, 12), (17, 33), (40, 11), (64, 65)])
def test_images(image, size, padding):
    agree(lambda x, k: tf.nn.conv2d(x, k, 1, padding), numbers(2, *image, 1), numbers(*size, 1, 1))


@pytest.mark.parametrize("strides, dilations", [(1, 2), (2, 1), ([1, 2], 1), (3, 1)])
def test_dilations_and_strides(strides, dilations):
    x, k = numbers(2, 20, 37, 1), numbers(3, 3, 1, 1)
    agree(lambda x, k: tf.nn.conv2d(x, k, strides, "SAME", dilations=dilations), x, k)


@pytest.mark.parametrize("count", [63, 64, 65, 500])
@pytest.mark.parametrize("taps", [1, 2, 9, 63])
def test_signals(taps, count):
    agree(lambda x, k: tf.nn.conv1d(x, k, 1, "SAME"), numbers(3, count, 1), numbers(taps, 1, 1))


def test_volumes():
    agree(lambda x, k: tf.nn.conv3d(x, k, [1] * 5, "SAME"), numbers(2, 6, 7, 18, 1), numbers(3, 3, 3, 1, 1))


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_other_types(dtype):
    x, k = numbers(1, 9, 35, 1, dtype=dtype), numbers(3, 3, 1, 1, dtype=dtype)
    agree(lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"), x / 4, k / 4)


@pytest.mark.parametrize("shape", [(0, 9, 9), (1, 1, 1), (2, 16, 40)])
def test_sizes_that_run_time_knows(shape):
    specs = [tf.TensorSpec([None, None, None, 1]), tf.TensorSpec([3, 3, 1, 1])]
    agree(lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"), numbers(*shape, 1), numbers(3, 3, 1, 1), input_signature=specs)


def test_filters_of_depthwise_convolutions():
    agree(lambda x, k: tf.nn.depthwise_conv2d(x, k, [1] * 4, "SAME"), numbers(2, 20, 33, 1), numbers(3, 3, 1, 1))
    agree(lambda x, k: tf.nn.depthwise_conv2d(x, k, [1] * 4, "SAME"), numbers(2, 20, 33, 1), numbers(3, 3, 1, 4))


def test_transposed_convolutions():
    def f(x, k):
        return tf.nn.conv2d_transpose(x, k, [2, 20, 33, 1], 1, "SAME")

    agree(f, numbers(2, 20, 33, 1), numbers(3, 3, 1, 1))


def test_patches_are_not_stored():
    f = tf.function(lambda x, k: tf.nn.conv2d(x, k, 1, "VALID"), autograph=False)
    remarks = "\n".join(f.get_concrete_function(numbers(1, 64, 64, 1), numbers(5, 5, 1, 1)).compiled().remarks)
    assert ": loops: " in remarks and ": kernel: " not in remarks
