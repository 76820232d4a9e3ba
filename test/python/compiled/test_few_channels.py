"""Few channels: a row of pixels and their channels is one loop; values do not depend on how long it is."""

import numpy as np
import pytest
import tfc as tf


def numbers(*shape, dtype=np.float32):
    rng = np.random.default_rng(sum(shape))
    return tf.constant(rng.integers(-9, 10, shape).astype(dtype))


def agree(function, *args):
    want = function(*args)
    got = tf.function(function, autograph=False)(*args)
    np.testing.assert_allclose(got.numpy().astype(np.float64), want.numpy().astype(np.float64), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("channels", [2, 3, 4, 8, 15, 16])
@pytest.mark.parametrize("width", [3, 11, 16, 33])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (5, 1), (1, 11), (7, 7)])
def test_depthwise_convolutions(channels, width, size):
    x, k = numbers(2, 20, width, channels), numbers(*size, channels, 1)
    agree(lambda x, k: tf.nn.depthwise_conv2d(x, k, [1] * 4, "SAME"), x, k)


@pytest.mark.parametrize("stride, rate", [(2, 1), (1, 2)])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_strides_dilations_and_several_results(stride, rate, multiplier):
    x, k = numbers(2, 20, 33, 3), numbers(3, 3, 3, multiplier)
    agree(lambda x, k: tf.nn.depthwise_conv2d(x, k, [1, stride, stride, 1], "SAME", dilations=[rate] * 2), x, k)


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.uint8, np.float16])
@pytest.mark.parametrize("rows", [4, 7, 8, 40])
def test_scales_of_channels(rows, dtype):
    x, scale, bias = numbers(rows, 24, 3, dtype=dtype), numbers(3, dtype=dtype), numbers(24, 1, dtype=dtype)
    agree(lambda x, s, b: (x - s) * s + b, x, scale, bias)


def test_a_scale_that_is_overwritten():
    # What is copied is read before the result is written over it.
    def f(x):
        return x * x[0, 0]

    agree(f, numbers(40, 24, 3))


@pytest.mark.parametrize("rows", [0, 1, 30])
def test_sizes_that_run_time_knows(rows):
    f = tf.function(lambda x, s: x * s, input_signature=[tf.TensorSpec([None, 24, 3]), tf.TensorSpec([3])])
    x, s = np.ones((rows, 24, 3), np.float32), np.arange(3, dtype=np.float32)
    np.testing.assert_array_equal(f(x, s), x * s)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint8, np.float16])
@pytest.mark.parametrize("channels", [2, 3, 4, 5])
@pytest.mark.parametrize("width", [63, 64, 65, 79, 96])
def test_weights_of_pixels_and_offsets_of_channels(width, channels, dtype):
    x, weight, offset = (
        numbers(3, width, channels, dtype=dtype),
        numbers(3, width, 1, dtype=dtype),
        numbers(channels, dtype=dtype),
    )
    agree(lambda x, w, o: x * w + o, x, weight, offset)
    agree(lambda w, o: w * o, weight, offset)


def test_weights_of_pixels_in_place():
    def f(x, w):
        x = x * 2
        for _ in tf.range(3):
            x = x * w + x
        return x

    x, w = numbers(3, 96, 3), numbers(3, 96, 1)
    want = x.numpy() * 2
    for _ in range(3):
        want = want * w.numpy() + want
    np.testing.assert_allclose(tf.function(f)(x, w), want)


def test_several_results_of_pixels():
    def f(x, w):
        y = x * w
        return tf.stack([tf.reduce_sum(y, -1), tf.reduce_sum(y * y, -1)]), y

    x, w = numbers(3, 96, 3), numbers(3, 96, 1)
    for got, want in zip(tf.function(f)(x, w), f(x, w), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5)


def test_rows_of_unknown_length():
    f = tf.function(lambda x, w: x * w + 1, input_signature=[tf.TensorSpec([None, 3]), tf.TensorSpec([None, 1])])
    for rows in (0, 1, 15, 16, 17, 100):
        x, w = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3), np.arange(rows, dtype=np.float32)[:, None]
        np.testing.assert_array_equal(f(x, w), x * w + 1)


@pytest.mark.parametrize(
    "padding", ["SAME", "VALID", [[0, 0], [1, 2], [3, 0], [0, 0]], [[0, 0], [5, 5], [5, 5], [0, 0]]]
)
@pytest.mark.parametrize("channels, multiplier", [(1, 1), (3, 1), (3, 2), (20, 1)])
@pytest.mark.parametrize("rate", [1, 2])
def test_gradients_of_depthwise_convolutions(channels, multiplier, padding, rate):
    def f(x, k):
        with tf.GradientTape() as tape:
            tape.watch([x, k])
            y = tf.nn.depthwise_conv2d(x, k, [1] * 4, padding, dilations=[rate] * 2)
            y = tf.reduce_sum(y * y)
        return tape.gradient(y, [x, k])

    x, k = numbers(2, 11, 17, channels), numbers(3, 4, channels, multiplier)
    for got, want in zip(tf.function(f, autograph=False)(x, k), f(x, k), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-2)


def remarks_of(function, *args):
    return "\n".join(tf.function(function, autograph=False).get_concrete_function(*args).compiled().remarks)


# Rows of 6 are too short, those of 8 are not; copies of up to 4 MiB.
@pytest.mark.parametrize("octaves", [2, 3, 10, 40])
@pytest.mark.parametrize("points", [1, 7, 64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [tf.sin, tf.tanh, lambda x: tf.abs(x) ** 1.7])
def test_functions_of_what_is_read_once(function, dtype, points, octaves):
    x, scale = numbers(points, 5, 1, 3, dtype=dtype), numbers(octaves, 1, dtype=dtype)
    agree(lambda x, s: tf.reshape(function(x * s / 8), [points, 5, -1]), x, scale)


def test_copies_of_what_is_read_once_are_made_for_functions_only():
    x, scale = numbers(8, 32, 1, 3), numbers(10, 1)
    assert "vectors" in remarks_of(lambda x, s: tf.sin(x * s), x, scale)
    assert "vectors" not in remarks_of(lambda x, s: x * s, x, scale)
    large = numbers(12000, 32, 1, 3)
    assert "vectors" not in remarks_of(lambda x, s: tf.sin(x * s), large, scale)


def test_functions_of_what_is_read_once_where_values_are_not_finite():
    x, scale = np.ones((4, 1, 3), np.float32), np.arange(10, dtype=np.float32)[:, None]
    x[1, 0, 2], x[2, 0, 0], x[3, 0, 1] = np.nan, np.inf, -0.0
    with np.errstate(invalid="ignore"):
        want = np.tanh(x * scale)
    got = tf.function(lambda x, s: tf.tanh(x * s))(x, scale).numpy()
    np.testing.assert_allclose(got, want, rtol=1e-6)
    np.testing.assert_array_equal(np.signbit(got[3]), np.signbit(want[3]))
