"""The array API standard over tensors: names, promotion, and clients that use nothing else, eagerly and traced."""

import numpy as np
import pytest
import tfc as tf

xp = tf.array_api


def test_tensors_name_their_namespace():
    x = tf.constant([1.0])
    assert x.__array_namespace__() is xp
    assert xp.__array_api_version__ == "2025.12"
    with pytest.raises(ValueError, match="not supported"):
        x.__array_namespace__(api_version="1999.12")


def test_promotion():
    assert xp.result_type(xp.int8, xp.uint8) == tf.int16
    assert xp.result_type(xp.float32, xp.complex64) == tf.complex64
    assert xp.result_type(tf.constant(1, tf.int8), 3) == tf.int8
    assert xp.add(xp.asarray([1], dtype=xp.int8), xp.asarray([1], dtype=xp.int32)).dtype == tf.int32
    with pytest.raises(TypeError, match="no common type"):
        xp.result_type(xp.int32, xp.float32)


def standardized(x):
    """A client: it knows no more than the standard."""
    space = x.__array_namespace__()
    centred = x - space.mean(x, axis=0, keepdims=True)
    return space.matmul(space.linalg.matrix_transpose(centred), centred) / space.std(x)


def test_a_client_runs_eagerly_and_traced():
    x = np.random.default_rng(0).normal(size=(5, 3))
    centred = x - x.mean(0, keepdims=True)
    want = centred.T @ centred / x.std()
    np.testing.assert_allclose(standardized(tf.constant(x)), want)
    np.testing.assert_allclose(tf.function(standardized, autograph=False)(x), want)


def test_functions_agree_with_numpy():
    x = np.array([[3, 1, 2], [3, 0, 1]])
    t = tf.constant(x)
    np.testing.assert_array_equal(xp.take_along_axis(t, xp.argsort(t, axis=1), axis=1), np.sort(x, 1))
    np.testing.assert_array_equal(xp.cumulative_sum(t, axis=1, include_initial=True)[:, 1:], np.cumsum(x, 1))
    np.testing.assert_array_equal(sorted(xp.unique_values(t).numpy()), [0, 1, 2, 3])
    np.testing.assert_array_equal(xp.diff(t, axis=1), np.diff(x, axis=1))
    np.testing.assert_array_equal(xp.moveaxis(t, 0, 1), x.T)
    np.testing.assert_array_equal(xp.roll(t, 1), np.roll(x, 1))
    np.testing.assert_array_equal(xp.isin(t, xp.asarray([3, 1])), np.isin(x, [3, 1]))
    np.testing.assert_array_equal(xp.nonzero(t), np.nonzero(x))
    assert xp.sum(xp.asarray([200, 100], dtype=xp.uint8)).dtype == tf.uint32


def test_extensions():
    x = np.random.default_rng(0).normal(size=(3, 3))
    u, s, vh = xp.linalg.svd(tf.constant(x))
    np.testing.assert_allclose((u * s) @ vh, x)
    np.testing.assert_allclose(xp.fft.hfft(xp.fft.ihfft(x[0]), n=3), x[0])
    np.testing.assert_allclose(xp.linalg.vector_norm(tf.constant(x), ord=3), np.sum(np.abs(x) ** 3) ** (1 / 3))


def test_a_dtype_is_compared_with_anything():
    assert all(tf.float32 != other for other in ([], property, {1: 2}))


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("name", ["fft", "ifft", "fftn", "ifftn", "rfft", "irfft", "rfftn", "irfftn", "hfft", "ihfft"])
def test_fourier_transforms_are_scaled_as_norm_says(name, norm):
    x = np.random.default_rng(0).standard_normal((2, 5))
    x = x.astype(np.complex128) if name in ("irfft", "irfftn", "hfft") else x
    result = getattr(xp.fft, name)(xp.asarray(x), norm=norm)
    np.testing.assert_allclose(np.asarray(result), getattr(np.fft, name)(x, norm=norm), atol=1e-12)
