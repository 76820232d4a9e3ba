"""Rows that are read in steps or backwards, with few channels: vectors pick their lanes; values do not depend on it."""

import numpy as np
import pytest
import tfc as tf

DTYPES = [np.float32, np.uint8, np.float64, np.int16, np.float16, np.complex64, np.bool_]
WIDTHS = [1, 2, 15, 17, 33, 64, 67, 100]


def image(*shape, dtype=np.float32):
    rng = np.random.default_rng(sum(shape))
    x = rng.integers(-99, 100, shape)
    return (x > 0) if dtype == np.bool_ else x.astype(dtype)


def compiled(function, *args):
    return tf.function(function, autograph=False)(*[tf.constant(x) for x in args]).numpy()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 8])
def test_flips(channels, dtype):
    images = [image(2, 3, width, channels, dtype=dtype) for width in WIDTHS]
    axes = [[2], [1, 2], [3], [2, 3], [0, 1, 2, 3]]

    def flips(*images):
        return [tf.reverse(x, of) for x in images for of in axes]

    got = tf.function(flips, autograph=False)(*images)
    for y, want in zip(got, [np.flip(x, of) for x in images for of in axes], strict=True):
        np.testing.assert_array_equal(y.numpy(), want)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("channels", [1, 3])
def test_slices_backwards(channels, dtype):
    images = [image(2, 3, width, channels, dtype=dtype) for width in WIDTHS]
    steps = [np.s_[::-2], np.s_[-2::-3], np.s_[5::-4], np.s_[::-7], np.s_[0:5:-1], np.s_[-2:2:-1]]

    def slices(*images):
        return [x[:, ::-1, step, ::-1] for x in images for step in steps]

    got = tf.function(slices, autograph=False)(*images)
    for y, want in zip(got, [x[:, ::-1, step, ::-1] for x in images for step in steps], strict=True):
        np.testing.assert_array_equal(y.numpy(), want)


def test_nan_infinities_and_signs_of_zeros_are_moved_as_they_are():
    x = image(2, 4, 40, 3)
    x.flat[:8] = [np.nan, np.inf, -np.inf, -0.0, 0.0, np.nan, 1e-40, -1e-40]
    got = compiled(lambda x: tf.reverse(x, [1, 2]), x)
    np.testing.assert_array_equal(got.view(np.int32), np.flip(x, (1, 2)).view(np.int32))


@pytest.mark.parametrize("shape", [(0, 4, 5, 3), (2, 0, 5, 3), (2, 4, 0, 3), (2, 4, 5, 0)])
def test_flips_of_nothing(shape):
    assert compiled(lambda x: tf.reverse(x, [1, 2]), image(*shape)).shape == shape


def test_sizes_that_run_time_knows():
    f = tf.function(lambda x: tf.reverse(x, [1, 2]), input_signature=[tf.TensorSpec([None, None, 40, 3])])
    g = tf.function(lambda x: tf.reverse(x, [2]), input_signature=[tf.TensorSpec([None, 4, 40, 3])])
    x = image(2, 4, 40, 3)
    np.testing.assert_array_equal(f(x), np.flip(x, (1, 2)))
    np.testing.assert_array_equal(g(x), np.flip(x, 2))


@pytest.mark.usefixtures("two_threads")
def test_what_threads_share():
    x = image(4, 190, 193, 3, dtype=np.uint8)

    def prepared(x):
        return (tf.cast(tf.image.flip_left_right(x), tf.float32) - [120.0, 110.0, 100.0]) * 0.5

    want = (np.flip(x, 2).astype(np.float32) - np.float32([120, 110, 100])) * np.float32(0.5)
    np.testing.assert_array_equal(compiled(prepared, x), want)
    np.testing.assert_array_equal(compiled(lambda x: tf.image.rot90(x, 3), x), np.rot90(x, 3, (1, 2)))
    y = image(1, 1, 900000, 1)
    np.testing.assert_array_equal(compiled(lambda y: tf.reverse(y, [2]), y), np.flip(y, 2))


def test_a_variable_is_turned_around():
    x = image(3, 50, 3)
    v = tf.Variable(x)
    tf.function(lambda: v.assign(tf.reverse(v, [1])))()
    np.testing.assert_array_equal(v.numpy(), np.flip(x, 1))


def test_products_with_matrices_backwards():
    x, y = image(40, 70), image(70, 64)
    for axes in ([0], [1], [0, 1]):
        got = compiled(lambda x, y, axes=axes: x @ tf.reverse(y, axes), x, y)
        np.testing.assert_array_equal(got, x @ np.flip(y, axes))
        got = compiled(lambda x, y, axes=axes: tf.reverse(x, axes) @ y + tf.reverse(y, axes)[:40], x, y)
        np.testing.assert_array_equal(got, np.flip(x, axes) @ y + np.flip(y, axes)[:40])


def windows(x, size, stride, fill):
    """All windows, same, as two more axes; what is outside is `fill`."""
    pads = [max((-(-n // stride) - 1) * stride + size - n, 0) for n in x.shape[1:3]]
    pads = [(0, 0), *[(n // 2, n - n // 2) for n in pads], (0, 0)]
    padded = np.pad(x.astype(np.float64), pads, constant_values=fill)
    return np.lib.stride_tricks.sliding_window_view(padded, (size, size), (1, 2))[:, ::stride, ::stride]


@pytest.mark.parametrize("size, stride", [(2, 2), (3, 2), (3, 3), (5, 2), (3, 4), (2, 5)])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7, 8, 11])
def test_windows_with_strides(channels, size, stride):
    images = [image(2, 19, width, channels) for width in (37, 68, 111)]

    def pools(*images):
        return [pool(x, size, stride, "SAME") for x in images for pool in (tf.nn.max_pool, tf.nn.avg_pool)]

    got = tf.function(pools, autograph=False)(*images)
    for i, x in enumerate(images):
        np.testing.assert_array_equal(got[2 * i].numpy(), windows(x, size, stride, -np.inf).max((-1, -2)))
        want = np.nanmean(windows(x, size, stride, np.nan), (-1, -2))
        np.testing.assert_allclose(got[2 * i + 1].numpy(), want, rtol=1e-5, atol=1e-4)


def test_the_largest_is_nan_or_a_signed_zero():
    x = np.full((1, 9, 67, 3), -0.0, np.float32)
    x[0, 4, 9, 1], x[0, 4, 30, 2], x[0, 1, 50, 0] = np.nan, 0.0, -np.inf
    got = compiled(lambda x: tf.nn.max_pool(x, 3, 2, "VALID"), x)
    want = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))[:, ::2, ::2].max((-1, -2))
    np.testing.assert_array_equal(got, want)
    assert not np.signbit(got[0, 1, 14, 2])
    assert np.signbit(got[0, 3, 3, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int16])
@pytest.mark.parametrize("channels", [2, 3, 4, 5, 7, 8])
def test_some_channels_and_some_pixels(channels, dtype):
    images = [image(3, 5, width, channels, dtype=dtype) for width in WIDTHS]
    parts = [np.s_[..., :-1], np.s_[..., 1:], np.s_[:, ::2, ::2], np.s_[:, 1:, 1::3, :2], np.s_[:, :, ::4, 1:]]
    parts += [np.s_[:, :, ::-1, :-1], np.s_[:, 1:4, 1:-1]]

    def slices(*images):
        return [x[part] for x in images for part in parts] + [x[part] + x[part] for x in images for part in parts]

    got = tf.function(slices, autograph=False)(*images)
    want = [x[part] for x in images for part in parts]
    for y, z in zip(got, want + [x + x for x in want], strict=True):
        np.testing.assert_array_equal(y.numpy(), z)


@pytest.mark.parametrize(
    "cut", [np.s_[::-1, :3], np.s_[:2, ::-1], np.s_[:-1, ::-1], np.s_[1::-1, :1], np.s_[::-2, :3]], ids=str
)
def test_what_lies_behind_a_slice_that_ends_early_is_not_written(cut):
    """Its loop once went over all of what is read, and wrote behind the end of its result."""
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    got = compiled(lambda x: tf.pad(x[cut], [(1, 2), (0, 0)]), x)
    np.testing.assert_array_equal(got, np.pad(x[cut], [(1, 2), (0, 0)]))
