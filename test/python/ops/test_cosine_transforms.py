"""Cosine transforms are sums of cosines, by a matrix for short rows and by a Fourier transform for long ones."""

import numpy as np
import pytest
import tfc as tf


def cosines(kind, n):
    """The matrix; what is outside of a turn would cost digits."""
    k, j = np.arange(n)[:, None], np.arange(n)

    def of_turns(part, whole):
        return np.cos(2 * np.pi * (part % whole) / whole)

    if kind == 1:
        return np.where((j == 0) | (j == n - 1), 1, 2) * of_turns(k * j, 2 * n - 2)
    if kind == 2:
        return 2 * of_turns(k * (2 * j + 1), 4 * n)
    if kind == 3:
        return np.where(j == 0, 1, 2) * of_turns((2 * k + 1) * j, 4 * n)
    return 2 * of_turns((2 * k + 1) * (2 * j + 1), 8 * n)


def rows(*shape, dtype=np.float64):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [2, 127, 128, 129, 131, 250])
@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_rows_are_sums_of_cosines(kind, n, dtype):
    x = rows(2, n, dtype=dtype)
    want = x @ cosines(kind, n).T
    for transform in (tf.signal.dct, tf.function(tf.signal.dct)):
        got = transform(x, type=kind).numpy()
        assert got.dtype == dtype
        assert np.abs(got - want).max() < 100 * np.finfo(dtype).eps * np.sqrt(np.mean(want**2))


@pytest.mark.parametrize("n", [127, 128, 129])
@pytest.mark.parametrize("kind", [2, 3, 4])
def test_orthonormal_transforms_keep_the_norm_and_are_undone(kind, n):
    x = rows(2, n)
    y = tf.signal.dct(x, type=kind, norm="ortho")
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), np.linalg.norm(x, axis=1))
    np.testing.assert_allclose(tf.signal.idct(y, type=kind, norm="ortho"), x, atol=1e-12)


@pytest.mark.parametrize("n", [128, 201])
@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_long_rows_are_cut_and_padded(kind, n):
    x = rows(3, 150)
    full = np.zeros((3, n))
    full[:, :150] = x[:, :n]
    np.testing.assert_allclose(tf.signal.dct(x, type=kind, n=n), full @ cosines(kind, n).T, atol=1e-10)


@pytest.mark.parametrize("shape", [(2, 3), (0, 3), (2, 0)])
@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_the_number_of_long_rows_may_be_unknown(kind, shape):
    transform = tf.function(
        lambda x: tf.signal.dct(x, type=kind), input_signature=[tf.TensorSpec([None, None, 128], tf.float64)]
    )
    x = rows(*shape, 128)
    got = transform(x)
    assert got.shape == (*shape, 128)
    np.testing.assert_allclose(got, x @ cosines(kind, 128).T, atol=1e-10)


@pytest.mark.parametrize("n", [128, 131])
@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_the_gradient_of_a_long_row_is_the_transposed_matrix(kind, n):
    x, weights = tf.constant(rows(n)), rows(n)[::-1]
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.signal.dct(x, type=kind) * weights)
    np.testing.assert_allclose(tape.gradient(y, x), cosines(kind, n).T @ weights, atol=1e-10)


def test_a_transform_needs_no_matrix():
    """It would have 64 GB."""
    x = rows(1 << 17, dtype=np.float32)
    y = tf.signal.idct(tf.signal.dct(x, norm="ortho"), norm="ortho")
    np.testing.assert_allclose(y, x, atol=1e-4)
