"""Dimensions of one element, wherever they are: compiled code gives what eager execution gives, at every size of a row."""

import itertools

import numpy as np
import pytest
import tfc as tf


def numbers(*shape, dtype=np.float32):
    rng = np.random.default_rng(sum(shape))
    return tf.constant(rng.integers(-9, 10, shape).astype(dtype))


def agree(function, *args):
    want = tf.nest.flatten(function(*args))
    got = tf.nest.flatten(tf.function(function, autograph=False)(*args))
    for x, y in zip(got, want, strict=True):
        assert x.dtype == y.dtype and x.shape == y.shape
        np.testing.assert_allclose(x.numpy().astype(np.float64), y.numpy().astype(np.float64), rtol=1e-5, atol=1e-5)


WIDTHS = [1, 2, 3, 7, 8, 15, 16, 17, 33, 64]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_dilation_and_erosion_of_gray_images(size, width):
    x, kernel = numbers(2, 9, width, 1), numbers(size, size, 1)
    for op in (tf.nn.dilation2d, tf.nn.erosion2d):
        agree(lambda x, k, op=op: op(x, k, [1] * 4, "SAME", "NHWC", [1] * 4), x, kernel)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("size", [2, 3, 5])
def test_pools_of_gray_images(size, width):
    x = numbers(2, 9, width, 1)
    agree(lambda x: tf.nn.max_pool2d(x, size, 1, "SAME"), x)
    agree(lambda x: tf.nn.avg_pool2d(x, size, 1, "SAME"), x)
    if width >= size:
        agree(lambda x: tf.nn.avg_pool2d(x, size, 1, "VALID"), x)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("width", WIDTHS)
def test_convolutions_of_gray_images(width, stride):
    x, k = numbers(2, 9, width, 1), numbers(3, 3, 1, 1)
    agree(lambda x, k: tf.nn.conv2d(x, k, stride, "SAME"), x, k)
    agree(lambda x, k: tf.nn.depthwise_conv2d(x, k, [1, stride, stride, 1], "SAME"), x, k)


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16, np.uint8])
def test_pools_of_other_numbers(dtype):
    agree(lambda x: tf.nn.max_pool2d(x, 3, 1, "SAME"), numbers(2, 9, 33, 1, dtype=dtype))


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_gradients_of_convolutions_and_pools(channels):
    def f(x, k):
        with tf.GradientTape() as tape:
            tape.watch([x, k])
            y = tf.nn.depthwise_conv2d(x, k, [1] * 4, "SAME")
            y = tf.reduce_sum(y**2) + tf.reduce_sum(tf.nn.avg_pool2d(x, 3, 1, "VALID") ** 2)
        return tape.gradient(y, [x, k])

    agree(f, numbers(2, 9, 33, channels), numbers(3, 3, channels, 1))


@pytest.mark.parametrize("shape", [s for s in itertools.product([1, 20], repeat=3) if 1 in s])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_reductions_scans_and_orders_along_any_dimension(shape, axis):
    agree(
        lambda x: (
            tf.reduce_sum(x, axis),
            tf.reduce_max(x * 2, axis, keepdims=True),
            tf.argmax(x, axis),
            tf.cumsum(x + 1, axis),
            tf.sort(x, axis),
            tf.nn.softmax(x, axis),
        ),
        numbers(*shape),
    )


@pytest.mark.parametrize("m", [1, 5, 40])
@pytest.mark.parametrize("k", [1, 5, 40])
@pytest.mark.parametrize("n", [1, 5, 40])
def test_products_with_bias_and_activation(m, k, n):
    agree(lambda x, w, b: tf.nn.relu(x @ w + b), numbers(m, k), numbers(k, n), numbers(n))
    agree(lambda x, w: tf.matmul(x, w, transpose_a=True), numbers(k, m), numbers(k, n))


def test_sums_over_one_element_keep_what_was_there():
    # A product over k = 1 is no reduction any more; what is added to is.
    def f(x, y, old):
        for _ in tf.range(3):
            old += x @ y
        return old

    x, y, old = numbers(20, 1), numbers(1, 30), numbers(20, 30)
    np.testing.assert_allclose(tf.function(f)(x, y, old), old.numpy() + 3 * (x.numpy() @ y.numpy()))


def test_negative_zeros_of_a_product_over_one_element_are_sums():
    x, y = tf.constant([[-0.0], [1.0]]), tf.constant([[1.0, -0.0]])
    got = tf.function(lambda x, y: x @ y)(x, y).numpy()
    assert not np.signbit(got).any()


def test_columns_inserted_into_slices():
    def f(x, column):
        x = tf.tensor_scatter_nd_update(x, [[3]], column[None, :, 0])
        for i in tf.range(5):
            x = tf.tensor_scatter_nd_add(x, [[i]], [column[:, 0]])
        return x, x[:, 2:3], x[4:5] * 2

    agree(tf.function(f), numbers(7, 20), numbers(20, 1))


def test_a_column_carried_by_a_loop():
    def f(h, w):
        for _ in tf.range(4):
            h = tf.tanh(w @ h) + h
        return h

    w, h = numbers(20, 20) / 20, numbers(20, 1) / 9
    want = h.numpy()
    for _ in range(4):
        want = np.tanh(w.numpy() @ want) + want
    np.testing.assert_allclose(tf.function(f)(h, w), want, rtol=1e-5)


@pytest.mark.parametrize("rows", [0, 1, 2, 30])
def test_sizes_that_run_time_knows(rows):
    f = tf.function(
        lambda x: (x + tf.reduce_max(x, 0, keepdims=True), tf.reduce_sum(x, 1), x @ tf.ones([1, 8]), x[:, None] * x),
        input_signature=[tf.TensorSpec([None, 1])],
    )
    x = np.arange(rows, dtype=np.float32)[:, None]
    got = f(x)
    if rows:
        np.testing.assert_array_equal(got[0], x + x.max(0, keepdims=True))
    np.testing.assert_array_equal(got[1], x.sum(1))
    np.testing.assert_array_equal(got[2], x @ np.ones((1, 8), np.float32))
    np.testing.assert_array_equal(got[3], x[:, None] * x)


def test_constants_with_dimensions_of_one_element():
    table = np.arange(40, dtype=np.float32).reshape(1, 40, 1)
    agree(lambda x: (x * table[0], x + table[:, :, 0].T, tf.gather(table[0, :, 0], [3, 39])), numbers(40, 1))
