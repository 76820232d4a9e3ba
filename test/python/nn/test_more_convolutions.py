"""`tf.conv`, gradients of convolutions as functions, patches of volumes, and what is dilated by hand."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(2)
HOW = pytest.mark.parametrize("whole", [lambda f: f, tf.function], ids=["eager", "function"])


def random(*shape):
    return tf.constant(RNG.normal(size=shape).astype(np.float32))


def test_conv_is_a_convolution_after_its_batch_dimensions():
    x, w = random(2, 3, 9, 8, 4), random(3, 3, 2, 6)
    got = tf.conv(x, w, [1, 2, 1, 1], "SAME", batch_dims=2, groups=2)
    want = tf.nn.conv2d(tf.reshape(x, (6, 9, 8, 4)), w, [1, 2, 1, 1], "SAME")
    np.testing.assert_allclose(got.numpy().reshape(want.shape), want.numpy(), rtol=1e-5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="4 channels in 1 groups"):
        tf.conv(x, w, [1, 1, 1, 1], "SAME", batch_dims=2)


def test_conv_takes_explicit_paddings_and_channels_first():
    x, w = random(2, 3, 9, 8), random(3, 3, 3, 5)
    got = tf.conv(x, w, [1, 1, 1, 1], "EXPLICIT", [0, 0, 0, 0, 1, 2, 0, 1], "CHANNELS_FIRST")
    want = tf.nn.conv2d(x, w, 1, [[0, 0], [0, 0], [1, 2], [0, 1]], "NCHW")
    np.testing.assert_array_equal(got.numpy(), want.numpy())


@HOW
@pytest.mark.parametrize(
    ("stride", "padding", "more"),
    [(1, "SAME", {}), (2, "VALID", {}), (2, "EXPLICIT", {"explicit_paddings": [0, 0, 1, 1, 0, 1, 0, 0]})],
)
def test_the_gradients_of_a_convolution_are_those_of_a_tape(stride, padding, more, whole):
    x, w = random(2, 9, 8, 4), random(3, 2, 2, 6)
    pairs = [[0, 0], [1, 1], [0, 1], [0, 0]] if more else padding
    with tf.GradientTape() as tape:
        tape.watch([x, w])
        y = tf.nn.conv2d(x, w, stride, pairs)
    g = random(*y.shape)
    want = tape.gradient(y, [x, w], g)
    for f, expected in zip((tf.conv2d_backprop_input_v2, tf.conv2d_backprop_filter_v2), want, strict=True):
        got = whole(lambda x, w, g, f=f: f(x, w, g, [1, stride, stride, 1], padding, **more))(x, w, g)
        np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=1e-5, atol=1e-5)


@HOW
def test_patches_of_volumes_are_what_windows_see(whole):
    x = random(2, 5, 7, 6, 3)
    got = whole(lambda x: tf.extract_volume_patches(x, [1, 2, 3, 2, 1], [1, 1, 2, 2, 1], "VALID"))(x).numpy()
    assert got.shape == (2, 4, 3, 3, 36)
    for place in np.ndindex(4, 3, 3):
        d, h, w = place[0], 2 * place[1], 2 * place[2]
        want = x.numpy()[:, d : d + 2, h : h + 3, w : w + 2].reshape(2, 36)
        np.testing.assert_array_equal(got[(slice(None), *place)], want)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_pixels_apart_are_what_a_dilated_window_sees(padding):
    x, w = random(2, 11, 13, 2), random(3, 3, 2, 4)
    got = tf.nn.with_space_to_batch(x, [2, 3], padding, lambda x, n, p: tf.nn.conv2d(x, w, 1, p), filter_shape=[3, 3])
    np.testing.assert_allclose(
        got.numpy(), tf.nn.conv2d(x, w, 1, padding, dilations=[2, 3]).numpy(), rtol=1e-4, atol=1e-5
    )


def test_the_largest_are_found_exactly():
    x = random(4, 50)
    values, at = tf.approx_top_k(x, 3)
    np.testing.assert_array_equal(values.numpy(), -np.sort(-x.numpy(), axis=1)[:, :3])
    np.testing.assert_array_equal(np.take_along_axis(x.numpy(), at.numpy(), 1), values.numpy())
    smallest, _ = tf.approx_top_k(x, 2, is_max_k=False, reduction_dimension=0)
    np.testing.assert_array_equal(smallest.numpy(), np.sort(x.numpy(), axis=0)[:2])
