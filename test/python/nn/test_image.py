"""`tf.image`: numpy and colorsys as oracles, compiled = eager, dtypes, errors."""

import colorsys

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(9)
X = RNG.random((2, 5, 6, 3)).astype(np.float32)
BYTES = (X * 255).astype(np.uint8)

SAME = {
    "flip_left_right": (tf.image.flip_left_right, lambda x: x[:, :, ::-1]),
    "flip_up_down": (tf.image.flip_up_down, lambda x: x[:, ::-1]),
    "transpose": (tf.image.transpose, lambda x: x.transpose(0, 2, 1, 3)),
    "rot90": (lambda x: tf.image.rot90(x, 3), lambda x: np.rot90(x, 3, (1, 2))),
    "crop": (lambda x: tf.image.crop_to_bounding_box(x, 1, 2, 3, 3), lambda x: x[:, 1:4, 2:5]),
    "central_crop": (lambda x: tf.image.central_crop(x, 0.5), lambda x: x[:, 1:4, 1:5]),
    "pad": (
        lambda x: tf.image.pad_to_bounding_box(x, 1, 2, 8, 9), lambda x: np.pad(x, [(0, 0), (1, 2), (2, 1), (0, 0)])),
    "crop or pad": (
        lambda x: tf.image.resize_with_crop_or_pad(x, 3, 8), lambda x: np.pad(x[:, 1:4], [(0, 0), (0, 0), (1, 1), (0, 0)])),
    "image_gradients": (
        lambda x: tf.image.image_gradients(x)[0], lambda x: np.concatenate([np.diff(x, axis=1), 0 * x[:, :1]], 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("x", [X, BYTES], ids=["float32", "uint8"])
def test_elements_go_where_numpy_puts_them(name, x):
    f, want = SAME[name]
    for g in (f, tf.function(f, autograph=False)):
        np.testing.assert_array_equal(g(tf.constant(x)).numpy(), want(x))


def test_hue_saturation_and_value_are_those_of_colorsys():
    want = np.array([colorsys.rgb_to_hsv(*c) for c in X.reshape(-1, 3).tolist()]).reshape(X.shape)
    got = tf.image.rgb_to_hsv(X)
    np.testing.assert_allclose(got.numpy(), want, atol=1e-5)
    np.testing.assert_allclose(tf.image.hsv_to_rgb(got).numpy(), X, atol=1e-5)


@pytest.mark.parametrize("pair", [("rgb_to_yiq", "yiq_to_rgb"), ("rgb_to_yuv", "yuv_to_rgb")], ids=lambda p: p[0])
def test_color_differences_can_be_undone(pair):
    there, back = (getattr(tf.image, name) for name in pair)
    np.testing.assert_allclose(back(there(X)).numpy(), X, atol=1e-4)
    np.testing.assert_allclose(there(X).numpy()[..., 0], X @ [0.299, 0.587, 0.114], atol=1e-6)


ADJUST = {
    "brightness": (lambda x: tf.image.adjust_brightness(x, 0.1), lambda x: x + 0.1),
    "contrast": (
        lambda x: tf.image.adjust_contrast(x, 1.5), lambda x: (x - x.mean((1, 2), keepdims=True)) * 1.5 + x.mean((1, 2), keepdims=True)),
    "gamma": (lambda x: tf.image.adjust_gamma(x, 2.0, 0.5), lambda x: 0.5 * x**2),
    "hue": (lambda x: tf.image.adjust_hue(x, 1 / 3), lambda x: x[..., [2, 0, 1]]),
    "grayscale": (tf.image.rgb_to_grayscale, lambda x: x @ np.array([[0.2989], [0.587], [0.114]], np.float32)),
}  # fmt: skip


@pytest.mark.parametrize("name", ADJUST)
def test_adjustments_of_floats_and_bytes(name):
    f, want = ADJUST[name]
    np.testing.assert_allclose(f(tf.constant(X)).numpy(), want(X), atol=1e-5)
    got, scaled = f(tf.constant(BYTES)).numpy(), np.clip(want(BYTES / np.float32(255)), 0, 1) * 255
    assert got.dtype == np.uint8 and np.abs(got - scaled).max() <= 1


def test_saturation_of_no_factor_is_gray():
    gray = tf.image.adjust_saturation(X, 0.0).numpy()
    np.testing.assert_allclose(gray, np.repeat(X.max(-1, keepdims=True), 3, -1), atol=1e-6)


def test_dtypes_keep_the_range():
    assert tf.image.convert_image_dtype(np.uint8(255), tf.float32).numpy() == 1
    assert tf.image.convert_image_dtype(np.float32(1), tf.uint8, saturate=True).numpy() == 255
    assert tf.image.convert_image_dtype(np.uint8(255), tf.int16).numpy() == 255 * 128
    assert tf.image.convert_image_dtype(np.int16(32767), tf.uint8).numpy() == 255


def test_standardized_images_have_mean_0_and_variance_1():
    out = tf.image.per_image_standardization(X).numpy()
    np.testing.assert_allclose(out.mean((1, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(out.std((1, 2, 3)), 1, rtol=1e-5)
    assert not tf.image.per_image_standardization(np.ones((4, 4, 1))).numpy().any()


def test_similarity_of_an_image_with_itself_is_1():
    x = RNG.random((1, 12, 13, 2)).astype(np.float32)
    np.testing.assert_allclose(tf.image.ssim(x, x, 1.0).numpy(), [1], rtol=1e-5)
    assert tf.image.ssim(x, 1 - x, 1.0).numpy()[0] < 0.5
    np.testing.assert_allclose(tf.image.psnr(x, x + 0.1, 1.0).numpy(), [20], rtol=1e-4)


@pytest.mark.parametrize("how", ["eager", "function"])
def test_the_similarity_over_several_scales_is_tensorflows(how):
    wave = lambda f, step: f(np.arange(2 * 41 * 50 * 3, dtype=np.float32) * step).reshape(2, 41, 50, 3)
    x = wave(np.sin, 0.37) * 0.5 + 0.5
    y = np.clip(x + 0.2 * wave(np.cos, 0.91), 0, 1)
    f = lambda x, y: tf.image.ssim_multiscale(x, y, 1.0, (0.3, 0.3, 0.4), filter_size=3)
    got = (tf.function(f) if how == "function" else f)(tf.constant(x), tf.constant(y))
    np.testing.assert_allclose(got, [0.9603889584541321, 0.959387481212616], rtol=1e-4)


def test_random_changes_are_functions_of_their_seed():
    for f in (
        lambda x, s: tf.image.stateless_random_flip_left_right(x, s),
        lambda x, s: tf.image.stateless_random_brightness(x, 0.3, s),
        lambda x, s: tf.image.stateless_random_hue(x, 0.3, s),
        lambda x, s: tf.image.stateless_random_crop(x, [1, 3, 3, 3], s),
    ):
        x, seed = tf.constant(X), tf.constant([3, 4])
        compiled = tf.function(f, autograph=False)(x, seed)
        np.testing.assert_allclose(compiled.numpy(), f(x, seed).numpy(), atol=1e-5)


@pytest.mark.parametrize("call", [
    lambda: tf.image.flip_up_down(X[0, 0]), lambda: tf.image.crop_to_bounding_box(X, 3, 0, 3, 3),
    lambda: tf.image.central_crop(X, 1.5), lambda: tf.image.rgb_to_hsv(X[..., :2]),
    lambda: tf.image.adjust_hue(X, 2.0), lambda: tf.image.random_contrast(X, 2.0, 1.0),
    lambda: tf.image.ssim(X, X, 1.0), lambda: tf.image.random_crop(X, [9, 9, 9, 9]),
    lambda: tf.image.ssim_multiscale(X, X, 1.0), lambda: tf.image.ssim_multiscale(X, X[:1], 1.0, filter_size=1),
    lambda: tf.image.ssim_multiscale(X, X, 1.0, (), filter_size=1),
], ids=["rank", "box", "fraction", "channels", "delta", "bounds", "small", "crop", "scales", "shapes", "powers"])  # fmt: skip
def test_arguments_that_do_not_fit_are_refused(call):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        call()


@pytest.mark.parametrize("height, width", [(1, 1), (3, 8), (4, 5), (7, 2), (9, 9)])
def test_images_and_targets_of_unknown_sizes_are_padded_and_cut_as_known_ones_are(height, width):
    any_image, size = tf.TensorSpec([None, None, 2]), tf.TensorSpec([], tf.int32)
    x = tf.random.stateless_normal([height, width, 2], [height, width])
    to_4_5 = tf.function(lambda x: tf.image.resize_with_crop_or_pad(x, 4, 5), input_signature=[any_image])
    assert to_4_5.get_concrete_function().output_shapes == [4, 5, 2]
    np.testing.assert_array_equal(to_4_5(x), tf.image.resize_with_crop_or_pad(x, 4, 5), strict=True)
    for f in (
        tf.image.resize_with_crop_or_pad,
        lambda x, a, b: tf.image.resize_with_pad(x, a + 7, b + 7),
        lambda x, a, b: tf.image.pad_to_bounding_box(x, a, b, 12, 13),
    ):
        traced = tf.function(f, autograph=False, input_signature=[any_image, size, size])
        for a, b in ((1, 1), (3, 4), (3, 2)):
            np.testing.assert_allclose(traced(x, a, b), f(x, a, b), rtol=1e-5, atol=1e-5, strict=True)


def test_a_box_beyond_the_target_is_refused_where_sizes_are_known_late():
    traced = tf.function(lambda x: tf.image.pad_to_bounding_box(x, 2, 0, 4, 4))
    late = tf.function(lambda x, n: traced(tf.reshape(x, [n, n, 1])))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Paddings must be non-negative"):
        late(tf.ones([9]), tf.constant(3))
