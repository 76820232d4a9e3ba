"""Register tiles that end with rows of the image, and threads that share the rows of a filter's gradient, each with copies of its own."""

import numpy as np
import pytest
import tfc as tf

pytestmark = pytest.mark.usefixtures("two_threads")
RNG = np.random.default_rng(29)


def numbers(*shape):
    return tf.constant(RNG.integers(-2, 3, shape).astype(np.float32))


def filter_gradient(x, w, g, strides=1, dilations=1):
    with tf.GradientTape() as tape:
        tape.watch(w)
        y = tf.nn.conv2d(x, w, strides, "SAME", dilations=dilations)
    return tape.gradient(y, w, output_gradients=g)


def agrees(f, *args):
    np.testing.assert_array_equal(tf.function(f, autograph=False)(*args).numpy(), f(*args).numpy())


# Places are several blocks. One and two vectors of features, with tiles of 16, 15, 12, 10, 9, 8 and 7 rows, and 12 that end
# anywhere; three panels; filters that threads share, and one of too few rows.
@pytest.mark.parametrize("features", [16, 24, 32, 160])
@pytest.mark.parametrize("channels", [5, 7, 8, 9, 10, 13, 16])
def test_gradients_of_filters_whose_rows_threads_share(channels, features):
    agrees(
        filter_gradient, numbers(1, 40, 41, channels), numbers(3, 3, channels, features), numbers(1, 40, 41, features)
    )


@pytest.mark.parametrize(("depth", "features"), [(32, 32), (20, 16), (13, 32), (16, 16), (8, 8), (32, 48)])
def test_the_same_in_groups(depth, features):
    x, w = numbers(2, 28, 27, 3 * depth), numbers(3, 3, depth, 3 * features)
    agrees(filter_gradient, x, w, numbers(2, 28, 27, 3 * features))


def test_the_same_with_strides_and_dilations():
    x, w = numbers(2, 57, 58, 16), numbers(3, 3, 16, 32)
    agrees(lambda *args: filter_gradient(*args, strides=2), x, w, numbers(2, 29, 29, 32))
    agrees(lambda *args: filter_gradient(*args, dilations=3), x, w, numbers(2, 57, 58, 32))


def test_the_same_in_three_dimensions():
    def gradient(x, w, g):
        with tf.GradientTape() as tape:
            tape.watch(w)
            y = tf.nn.conv3d(x, w, [1, 1, 1, 1, 1], "SAME")
        return tape.gradient(y, w, output_gradients=g)

    agrees(gradient, numbers(1, 6, 14, 15, 32), numbers(3, 3, 3, 32, 32), numbers(1, 6, 14, 15, 32))


@pytest.mark.parametrize("features", [16, 32, 100])
def test_panels_that_are_kept_have_no_copies_for_threads(features):
    x, w, g = numbers(1, 64, 70, 16), numbers(3, 3, 16, features), numbers(1, 64, 70, features)
    f = tf.function(lambda x, w: filter_gradient(x, w, g), autograph=False)
    for _ in range(2):
        np.testing.assert_array_equal(f(x, w).numpy(), filter_gradient(x, w, g).numpy())


# Rows of seven places are too short for tiles of their own.
@pytest.mark.parametrize("width", [7, 8, 11, 12, 13, 30])
@pytest.mark.parametrize("features", [3, 16, 20, 32])
def test_tiles_that_end_with_rows_of_the_image(width, features):
    x, w, bias = numbers(2, 9, width, 6), numbers(3, 3, 6, features), numbers(features)
    agrees(lambda x, w, bias: tf.nn.relu(tf.nn.conv2d(x, w, 1, "SAME") + bias), x, w, bias)
    agrees(lambda x, w: tf.nn.conv2d(x, w, 2, "VALID"), x, w)


@pytest.mark.parametrize("known", [(None, 9, 30, 6), (2, None, 30, 6), (2, 9, None, 6)], ids=str)
def test_the_same_with_sizes_that_the_run_tells(known):
    w = numbers(3, 3, 6, 32)
    f = tf.function(lambda x: tf.nn.conv2d(x, w, 1, "SAME"), input_signature=[tf.TensorSpec(known)], autograph=False)
    for shape in [(2, 9, 30, 6), (1, 5, 17, 6)]:
        x = numbers(*(size or actual for size, actual in zip(known, shape, strict=True)))
        np.testing.assert_array_equal(f(x).numpy(), f.python_function(x).numpy())


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float64])
def test_other_types(dtype):
    x, w, g = (tf.cast(numbers(*shape), dtype) for shape in [(1, 32, 32, 16), (3, 3, 16, 24), (1, 32, 32, 24)])
    for f in (filter_gradient, lambda x, w, g: tf.nn.conv2d(x, w, 1, "SAME")):
        got, want = tf.function(f, autograph=False)(x, w, g), f(x, w, g)
        np.testing.assert_array_equal(tf.cast(got, tf.float64).numpy(), tf.cast(want, tf.float64).numpy())


@pytest.mark.parametrize("depth", [500, 600])
def test_a_deep_left_operand_that_is_copied(depth):
    x = tf.cast(numbers(2, 24, 32, depth), tf.float16)
    agrees(lambda x, w: tf.einsum("bhwc,cf->bhwf", tf.cast(x[:, :, ::2], tf.float32), w), x, numbers(depth, 32))
