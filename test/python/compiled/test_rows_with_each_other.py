"""Sums over pairs of rows of one matrix, which is both operands, once for each of two loops."""

import numpy as np
import pytest
import tfc as tf


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "complex64"])
@pytest.mark.parametrize(("rows", "columns"), [(8, 64), (33, 64), (64, 64), (200, 16), (1, 64)])
def test_pairs_of_rows_of_one_matrix_are_different_rows(dtype, rows, columns):
    rng = np.random.default_rng(rows)
    x = (rng.standard_normal((rows, columns)) * 4).astype(dtype)
    if dtype == "complex64":
        x = x + 1j * x[::-1]

    @tf.function
    def f(x):
        return tf.reduce_sum(tf.abs(x[:, None, :] - x[None, :, :]), -1)

    np.testing.assert_allclose(f(x).numpy(), abs(x[:, None] - x[None]).sum(-1), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_the_largest_difference_of_rows_of_each_matrix(dtype):
    x = (np.random.default_rng(0).standard_normal((3, 40, 64)) * 4).astype(dtype)

    @tf.function(input_signature=[tf.TensorSpec([None, None, None], dtype)])
    def unknown(x):
        return tf.reduce_max(x[:, :, None, :] - x[:, None, :, :], -1)

    want = (x[:, :, None] - x[:, None]).max(-1)
    np.testing.assert_array_equal(unknown(x).numpy(), want)
    np.testing.assert_array_equal(tf.function(unknown.python_function)(x).numpy(), want)


def test_rows_times_conjugates_of_others():
    x = np.random.default_rng(0).standard_normal((64, 64, 2)).astype(np.float32).view(np.complex64)[..., 0]

    @tf.function
    def f(x):
        return tf.reduce_sum(x[:, None, :] * tf.math.conj(x)[None, :, :], -1)

    np.testing.assert_allclose(f(x).numpy(), x @ x.conj().T, rtol=1e-4, atol=1e-3)
