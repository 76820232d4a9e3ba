"""Least squares of any rank: by factors where the rank is certainly full, else by singular values."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(3)


@tf.function
def traced(a, b):
    return tf.linalg.lstsq(a, b, fast=False)


def solutions(a, b):
    a, b = tf.constant(a), tf.constant(b)
    return [traced(a, b).numpy(), tf.linalg.lstsq(a, b, fast=False).numpy()]


@pytest.mark.parametrize("shape", [(7, 3), (3, 7), (4, 4), (1, 1), (60, 50), (50, 60)])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_matrices_of_full_rank(shape, dtype):
    a = RNG.normal(size=shape).astype(dtype)
    if dtype == "complex128":
        a = a + 1j * RNG.normal(size=shape)
    b = (a[:, :1] + RNG.normal(size=(shape[0], 2))).astype(dtype)
    want = np.linalg.lstsq(a, b, rcond=None)[0]
    for x in solutions(a, b):
        np.testing.assert_allclose(x, want, atol=1e-9 * max(1, np.abs(want).max()))


@pytest.mark.parametrize("shape", [(7, 4), (4, 7), (60, 50)])
def test_the_smallest_of_several_solutions(shape):
    a = RNG.normal(size=(shape[0], 2)) @ RNG.normal(size=(2, shape[1]))
    b = RNG.normal(size=(shape[0], 1))
    want = np.linalg.lstsq(a, b, rcond=1e-12)[0]
    for x in solutions(a, b):
        np.testing.assert_allclose(x, want, atol=1e-9)


def test_one_matrix_without_full_rank_in_a_batch():
    a, b = RNG.normal(size=(3, 5, 3)), RNG.normal(size=(3, 5, 1))
    a[1, :, 2] = a[1, :, 0]
    want = [np.linalg.lstsq(a[i], b[i], rcond=1e-12)[0] for i in range(3)]
    for x in solutions(a, b):
        np.testing.assert_allclose(x, want, atol=1e-9)


@pytest.mark.parametrize("size", [1e30, 1e-30, 1e20])
def test_neither_overflows_nor_vanishes(size):
    a, b = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 1))
    want = np.linalg.lstsq(a, b, rcond=None)[0]
    for x in solutions((a * size).astype("float32"), (b * size).astype("float32")):
        np.testing.assert_allclose(x, want, rtol=1e-4, atol=1e-5)


def test_zeros_and_what_is_not_finite():
    b = np.ones((3, 1))
    for x in solutions(np.zeros((3, 2)), b):
        np.testing.assert_array_equal(x, np.zeros((2, 1)))
    for bad in (np.nan, np.inf):
        a = RNG.normal(size=(3, 2))
        a[1, 1] = bad
        for x in solutions(a, b):
            assert np.isnan(x).all()


def test_gradients_of_equal_singular_values_are_numbers():
    a, b = np.concatenate([np.eye(3), np.zeros((2, 3))]), RNG.normal(size=(5, 1))

    @tf.function
    def gradient(a):
        with tf.GradientTape() as tape:
            tape.watch(a)
            y = tf.reduce_sum(tf.linalg.lstsq(a, tf.constant(b), fast=False))
        return tape.gradient(y, a)

    made, step = gradient(tf.constant(a)).numpy(), 1e-6
    for i, j in np.ndindex(a.shape):
        moved = [
            np.linalg.lstsq(a + s * np.eye(15)[3 * i + j].reshape(5, 3), b, rcond=None)[0].sum() for s in (step, -step)
        ]
        np.testing.assert_allclose(made[i, j], (moved[0] - moved[1]) / (2 * step), atol=1e-6)
