"""Images of other sizes. `RECORDED` is what TensorFlow 2.21 gives."""

import importlib

import numpy as np
import pytest
import tfc as tf


def image(height, width):
    return (np.arange(height * width).reshape(height, width, 1) * 7 % 11).astype(np.float32)


METHODS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")
# (method, antialias, size before, size after): pixels
RECORDED = {
    ("bilinear", False, (5, 4), (2, 3)): [4.29167, 5.375, 6.45833, 5.54167, 6.625, 5.41667],
    ("bilinear", False, (2, 3), (4, 4)): [
        0,
        4.375,
        5.5,
        3,
        2.5,
        5.15625,
        5.25,
        2.75,
        7.5,
        6.71875,
        4.75,
        2.25,
        10,
        7.5,
        4.5,
        2,
    ],
    ("bilinear", True, (5, 4), (2, 3)): [3.6, 5.5, 5.65, 4.6, 6.5, 4.2],
    ("nearest", False, (5, 4), (2, 3)): [6, 9, 5, 7, 10, 6],
    ("nearest", False, (2, 3), (4, 4)): [0, 7, 7, 3, 0, 7, 7, 3, 10, 6, 6, 2, 10, 6, 6, 2],
    ("bicubic", False, (5, 4), (2, 3)): [4.69216, 5.30773, 6.68729, 5.98224, 6.75, 5.82],
    ("bicubic", False, (2, 3), (4, 4)): [
        -1.29873,
        4.39388,
        6.15446,
        2.87928,
        1.82479,
        5.31124,
        5.63112,
        2.5839,
        8.0185,
        7.1303,
        4.59338,
        1.99819,
        11.142,
        8.04765,
        4.07005,
        1.70281,
    ],
    ("bicubic", True, (5, 4), (2, 3)): [3.34443, 5.50898, 5.78873, 4.48766, 6.79871, 3.79842],
    ("area", False, (5, 4), (2, 3)): [3.25, 5.4, 5.9, 4.45, 6.6, 3.8],
    ("area", False, (2, 3), (4, 4)): [
        0,
        4.66667,
        5.66667,
        3,
        0,
        4.66667,
        5.66667,
        3,
        10,
        7.33333,
        4.66667,
        2,
        10,
        7.33333,
        4.66667,
        2,
    ],
    ("lanczos3", False, (5, 4), (2, 3)): [4.61116, 5.14034, 7.28627, 5.92699, 6.86627, 6.13468],
    ("lanczos3", False, (2, 3), (4, 4)): [
        -2.47954,
        4.02807,
        6.76255,
        2.69004,
        1.92317,
        5.48379,
        5.72695,
        2.38288,
        7.68341,
        7.38837,
        4.37204,
        1.981,
        12.0861,
        8.84409,
        3.33645,
        1.67384,
    ],
    ("lanczos3", True, (5, 4), (2, 3)): [3.27801, 5.53446, 5.86176, 4.40495, 7.01825, 3.6142],
    ("lanczos5", False, (5, 4), (2, 3)): [4.6798, 4.9028, 7.72593, 5.96507, 6.95859, 6.2351],
    ("lanczos5", False, (2, 3), (4, 4)): [
        -2.98387,
        3.81187,
        7.16403,
        2.53873,
        1.98374,
        5.58466,
        5.78096,
        2.30714,
        7.46242,
        7.53984,
        4.2556,
        2.05172,
        12.43,
        9.31263,
        2.87253,
        1.82013,
    ],
    ("lanczos5", True, (5, 4), (2, 3)): [3.25433, 5.53674, 5.88129, 4.33067, 7.11528, 3.52025],
    ("gaussian", False, (5, 4), (2, 3)): [4.10904, 5.38781, 6.36086, 5.33342, 6.61219, 5.32624],
    ("gaussian", False, (2, 3), (4, 4)): [
        0.965692,
        4.47807,
        5.35075,
        3.25601,
        2.99601,
        5.15953,
        5.17419,
        3.03449,
        7.23157,
        6.58115,
        4.80586,
        2.57237,
        9.26188,
        7.2626,
        4.6293,
        2.35086,
    ],
    ("gaussian", True, (5, 4), (2, 3)): [3.70787, 5.42414, 5.61866, 4.60644, 6.16438, 4.29721],
    ("mitchellcubic", False, (5, 4), (2, 3)): [4.32188, 5.35345, 6.6144, 5.59733, 6.72529, 5.5765],
    ("mitchellcubic", False, (2, 3), (4, 4)): [
        -0.26382,
        4.36168,
        5.75353,
        3.05547,
        2.4929,
        5.25157,
        5.37109,
        2.77792,
        7.52554,
        6.87614,
        4.6729,
        2.27124,
        10.2823,
        7.76603,
        4.29045,
        1.99369,
    ],
    ("mitchellcubic", True, (5, 4), (2, 3)): [3.52233, 5.47751, 5.69674, 4.54771, 6.48795, 4.043],
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("case", RECORDED, ids=str)
def test_pixels_are_those_of_tensorflow(case, compiled):
    method, antialias, before, after = case
    resize = lambda x: tf.image.resize(x, after, method, antialias=antialias)
    found = (tf.function(resize) if compiled else resize)(image(*before))
    assert found.dtype == tf.float32 and found.shape == (*after, 1)
    np.testing.assert_allclose(found.numpy().ravel(), RECORDED[case], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", [case for case in RECORDED if case[2:] == ((2, 3), (4, 4))], ids=str)
def test_antialias_changes_nothing_where_an_image_grows(case):
    method, _, before, after = case
    found = tf.image.resize(image(*before), after, method, antialias=True)
    np.testing.assert_allclose(found.numpy().ravel(), RECORDED[case], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_sizes_that_run_time_tells_change_nothing(method, antialias, monkeypatch):
    monkeypatch.setattr(importlib.import_module("tfc.function.flat"), "SPECIALIZATIONS", 0)

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 2]), tf.TensorSpec([2], tf.int32)])
    def resize(x, size):
        return tf.image.resize(x, size, method, antialias=antialias)

    x = np.random.default_rng(0).random((2, 6, 9, 2), np.float32)
    for size in ((4, 13), (6, 9), (1, 1), (17, 2)):
        known = tf.image.resize(x, size, method, antialias=antialias)
        np.testing.assert_allclose(resize(x, size), known, rtol=1e-4, atol=1e-5)


def means(before, after):
    """What each of `after` pixels covers of `before`, as a matrix."""
    edges = np.arange(after + 1) * (before / after)
    low = np.maximum(np.arange(before), edges[:-1, None])
    high = np.minimum(np.arange(1, before + 1), edges[1:, None])
    return np.maximum(high - low, 0) * after / before


@pytest.mark.parametrize("before", [10, 60, 70, 200])
def test_few_and_many_taps_are_the_same_sums(before):
    """Above sixteen taps they are a product with a matrix: here from 16 * 4 pixels on."""
    x = np.random.default_rng(0).random((2, before, before + 3, 3), np.float32)
    wanted = np.einsum("ih,bhwc,jw->bijc", means(before, 4), x.astype(np.float64), means(before + 3, 4))
    for f in (tf.image.resize, tf.function(tf.image.resize)):
        np.testing.assert_allclose(f(x, (4, 4), "area"), wanted, rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sizes", [((4, 5), (7, 3)), ((70, 2), (4, 2))], ids=str)
def test_the_gradient_is_the_transpose(method, sizes):
    before, after = sizes
    rng = np.random.default_rng(0)
    x, weights = (tf.constant(rng.random((1, *s, 2), np.float32)) for s in (before, after))
    other = tf.constant(rng.random((1, *before, 2), np.float32))

    @tf.function
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(weights * tf.image.resize(x, after, method))
        return tape.gradient(y, x)

    through = tf.reduce_sum(weights * tf.image.resize(other, after, method))
    np.testing.assert_allclose(tf.reduce_sum(gradient(x) * other), through, rtol=1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "float64"])
def test_other_dtypes_become_float32_but_for_the_nearest(dtype):
    x = tf.constant(image(5, 4).astype(dtype))
    assert tf.image.resize(x, (2, 3)).dtype == tf.float32
    assert tf.image.resize(x, (2, 3), tf.image.ResizeMethod.NEAREST_NEIGHBOR).dtype == x.dtype


@pytest.mark.parametrize("known", [True, False])
def test_proportions_are_kept_on_request(known):
    resize = lambda x, size: tf.image.resize(x, size, preserve_aspect_ratio=True)
    if not known:
        resize = tf.function(resize, input_signature=[tf.TensorSpec([None] * 3), tf.TensorSpec([2], tf.int32)])
    assert resize(image(20, 10), [8, 8]).shape == (8, 4, 1)
    assert resize(image(10, 20), [8, 100]).shape == (8, 16, 1)


def test_what_is_left_around_a_resized_image_is_zero():
    wanted = [4.875, 3.0, 8.0, 2.0, 5.0, 7.25, 4.0, 6.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    np.testing.assert_allclose(tf.image.resize_with_pad(image(4, 6), 4, 4).numpy().ravel(), wanted, rtol=1e-5)


@pytest.mark.parametrize("size", [[2], [2, 3, 4], "small", [0, 2], [-1, 2]], ids=str)
def test_a_size_is_two_positive_integers(size):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        tf.image.resize(image(5, 4), size)


@pytest.mark.parametrize("method", ["bilinear", "nearest", "area"])
@pytest.mark.parametrize("size", [[0, 2], [2, 0], [-1, 2]], ids=str)
def test_a_size_that_run_time_tells_is_positive(size, method):
    resize = tf.function(
        lambda x, size: tf.image.resize(x, size, method),
        input_signature=[tf.TensorSpec([None] * 3), tf.TensorSpec([2], tf.int32)],
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="resize: (output dimensions|sizes) must be .*, got"):
        resize(image(5, 4), size)


def test_images_that_run_time_tells_have_pixels():
    resize = tf.function(lambda x: tf.image.resize(x, [2, 2], "area"), input_signature=[tf.TensorSpec([None] * 3)])
    with pytest.raises(tf.errors.InvalidArgumentError, match="images need to have pixels"):
        resize(tf.zeros([0, 4, 1]))


def test_images_have_three_or_four_dimensions_and_pixels():
    for shape in ([4, 4], [1, 1, 4, 4, 1], [0, 4, 1], [1, 4, 0, 3]):
        with pytest.raises(ValueError, match="dimensions|pixels"):
            tf.image.resize(tf.zeros(shape), [2, 2])


def test_an_unknown_method_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="bicubic"):
        tf.image.resize(image(5, 4), [2, 2], "cubic")


def test_no_images_and_no_channels_stay_none():
    assert tf.image.resize(tf.zeros([0, 4, 4, 3]), [2, 2]).shape == (0, 2, 2, 3)
    assert tf.image.resize(tf.zeros([1, 40, 40, 0]), [2, 2], antialias=True).shape == (1, 2, 2, 0)


@pytest.mark.parametrize("method", ["bilinear", "bicubic", "lanczos3"])
@pytest.mark.parametrize("size", [[5, 17], [30, 9], [1, 1]])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_few_channels_are_what_they_are_among_many(channels, size, method):
    images = tf.constant(np.random.default_rng(0).normal(size=(2, 12, 13, 20)).astype(np.float32))
    few = images[..., :channels]
    many = tf.image.resize(images, size, method).numpy()[..., :channels]
    of_any_number = tf.function(
        lambda x: tf.image.resize(x, size, method),
        input_signature=[tf.TensorSpec([None, 12, 13, channels], tf.float32)],
    )
    for got in (tf.image.resize(few, size, method), of_any_number(few)):
        assert got.shape == many.shape
        np.testing.assert_allclose(got.numpy(), many, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("channels", [3, 20])
def test_gradients_add_up_to_the_weights_of_all_pixels(channels):
    x = tf.ones([1, 12, 13, channels])

    @tf.function
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.image.resize(x, [30, 9]))
        return tape.gradient(y, x)

    got = gradient(x).numpy()
    np.testing.assert_allclose(got.sum(), 30 * 9 * channels, rtol=1e-5)
    np.testing.assert_allclose(got, np.broadcast_to(got[..., :1], got.shape), rtol=1e-5)
