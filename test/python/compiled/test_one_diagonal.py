"""Matrices with one diagonal: `diag` and `set_diag`, compiled, are what numpy makes, and look nothing up."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)


def place(rows, columns, k):
    i = np.arange(rows)
    i = i[(i + k >= 0) & (i + k < columns)]
    return i, i + k


@pytest.mark.parametrize("lead", [(), (3,), (2, 1)])
@pytest.mark.parametrize(
    "rows, columns, k",
    [(1, 1, 0), (5, 5, 0), (33, 33, 0), (4, 6, 2), (4, 6, 1), (6, 4, -2), (6, 4, -1), (7, 3, 2), (3, 7, -2)],
)
@pytest.mark.parametrize("padding", [0, 9])
def test_diag(lead, rows, columns, k, padding):
    at = place(rows, columns, k)
    d = RNG.normal(size=(*lead, at[0].size)).astype(np.float32)
    want = np.full((*lead, rows, columns), padding, np.float32)
    want[..., at[0], at[1]] = d
    f = tf.function(lambda d: tf.linalg.diag(d, k=k, num_rows=rows, num_cols=columns, padding_value=padding))
    np.testing.assert_array_equal(f(tf.constant(d)), want)


@pytest.mark.parametrize(
    "rows, columns, k", [(1, 1, 0), (5, 5, 0), (33, 33, 0), (4, 6, 2), (4, 6, 1), (6, 4, -2), (6, 4, -1)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.complex64, np.bool_])
def test_set_diag(rows, columns, k, dtype):
    at = place(rows, columns, k)
    x, d = RNG.integers(0, 2, (2, rows, columns)).astype(dtype), RNG.integers(0, 2, (2, at[0].size)).astype(dtype)
    want = x.copy()
    want[:, at[0], at[1]] = d
    np.testing.assert_array_equal(tf.function(lambda x, d: tf.linalg.set_diag(x, d, k=k))(x, d), want)


def test_nan_stays_on_the_diagonal():
    got = tf.function(tf.linalg.diag)(tf.constant([np.nan, -0.0, np.inf])).numpy()
    assert np.isnan(got[0, 0]) and np.signbit(got[1, 1]) and (got[~np.eye(3, dtype=bool)] == 0).all()


@pytest.mark.parametrize("k", [-2, 0, 1])
def test_gradients_are_those_of_the_places(k):
    at = place(5, 5, k)
    w, d = RNG.normal(size=(5, 5)).astype(np.float32), RNG.normal(size=at[0].size).astype(np.float32)
    x = RNG.normal(size=(5, 5)).astype(np.float32)

    @tf.function
    def f(x, d):
        with tf.GradientTape() as tape:
            tape.watch([x, d])
            y = tf.linalg.set_diag(x, d, k=k) * w + tf.linalg.diag(d, k=k, num_rows=5, num_cols=5) * w
        return tape.gradient(y, [x, d])

    dx, dd = f(tf.constant(x), tf.constant(d))
    outside = np.ones((5, 5), bool)
    outside[at] = False
    np.testing.assert_allclose(dx, w * outside, rtol=1e-6)
    np.testing.assert_allclose(dd, 2 * w[at], rtol=1e-6)


def test_nothing_is_looked_up():
    d = tf.constant(np.ones(500, np.float32))
    mlir = tf.function(tf.linalg.diag).get_concrete_function(d).mlir()
    assert "tfc.select" in mlir and "tfc.gather" not in mlir
