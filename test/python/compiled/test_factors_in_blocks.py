"""Matrices of 96 and more are factorized in blocks, whose updates are products: values are those of small steps."""

import numpy as np
import pytest
import tfc as tf

OPTIONS = [{}, {"disable": ("tfc-lower-contractions",)}, {"reassociate": False}, {"parallel": False}]
# On both sides of where blocks begin, of a panel's edge and of a band's.
ORDERS = [95, 96, 97, 128, 129, 161, 257]


def general(*shape, dtype=np.float64):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


def positive(*shape, dtype=np.float64):
    x = general(*shape)
    return (x @ np.swapaxes(x, -1, -2) / shape[-1] + np.eye(shape[-1])).astype(dtype)


def triangle(n, lower, dtype=np.float64):
    x = general(n, n) / n + np.eye(n)
    return (np.tril(x) if lower else np.triu(x)).astype(dtype)


def compiled(function, options=None, **rest):
    attributes = {"compile_options": options or {}}
    return tf.function(function, autograph=False, experimental_attributes=attributes, **rest)


def close(got, want, dtype):
    np.testing.assert_allclose(got.numpy(), want, rtol=0, atol=(2e-4 if dtype == np.float32 else 1e-11))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", ORDERS)
def test_cholesky(n, dtype):
    x = positive(n, n, dtype=dtype)
    # What is above the diagonal is not read.
    close(compiled(tf.linalg.cholesky)(np.tril(x)), np.linalg.cholesky(x.astype(np.float64)), dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", ORDERS)
def test_lu(n, dtype):
    x = general(n, n, dtype=dtype)
    factors, order = (y.numpy() for y in compiled(tf.linalg.lu)(x))
    assert sorted(order) == list(range(n))
    lower, upper = np.tril(factors, -1) + np.eye(n), np.triu(factors)
    assert np.abs(lower).max() <= 1
    np.testing.assert_allclose(lower @ upper, x[order], atol=1e-4 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
@pytest.mark.parametrize("columns", [0, 1, 3, 64, 65, 200])
@pytest.mark.parametrize("n", [96, 129, 160])
def test_triangles(n, columns, adjoint, lower):
    a, b = triangle(n, lower), general(n, columns)
    got = compiled(lambda a, b: tf.linalg.triangular_solve(a, b, lower=lower, adjoint=adjoint))(a, b)
    close(got, np.linalg.solve(a.T if adjoint else a, b), np.float64)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_solutions_with_each_option(options):
    a, b = general(150, 150) + 20 * np.eye(150), general(150, 70)
    close(compiled(tf.linalg.solve, options)(a, b), np.linalg.solve(a, b), np.float64)
    x = positive(300, 300)
    close(compiled(tf.linalg.cholesky, options)(x), np.linalg.cholesky(x), np.float64)


def test_batches():
    a, b = general(3, 2, 100, 100) + 20 * np.eye(100), general(3, 2, 100, 4)
    close(compiled(tf.linalg.solve)(a, b), np.linalg.solve(a, b), np.float64)
    x = positive(5, 130, 130)
    close(compiled(tf.linalg.cholesky)(x), np.linalg.cholesky(x), np.float64)


def test_orders_that_run_time_knows():
    matrix = tf.TensorSpec([None, None], tf.float64)
    cholesky = compiled(tf.linalg.cholesky, input_signature=[matrix])
    solve = compiled(tf.linalg.solve, input_signature=[matrix, matrix])
    for n in (0, 1, 95, 96, 130):
        x, b = positive(n, n) if n else np.zeros((0, 0)), general(n, 5)
        close(cholesky(x), np.linalg.cholesky(x), np.float64)
        close(solve(x, b), np.linalg.solve(x, b), np.float64)


def test_threads_share_updates_of_large_orders():
    a, b = general(600, 600, dtype=np.float32) + 60 * np.eye(600, dtype=np.float32), general(600, 300, dtype=np.float32)
    tf.config.threading.set_intra_op_parallelism_threads(3)
    try:
        many = compiled(tf.linalg.solve)(a, b).numpy()
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(1)
    one = compiled(tf.linalg.solve)(a, b).numpy()
    tf.config.threading.set_intra_op_parallelism_threads(0)
    np.testing.assert_array_equal(one, many)


def test_rows_that_are_zero_and_columns_that_are_equal():
    x = general(120, 120)
    x[:, 40] = 0
    x[:, 100] = x[:, 99]
    factors, order = (y.numpy() for y in compiled(tf.linalg.lu)(x))
    lower, upper = np.tril(factors, -1) + np.eye(120), np.triu(factors)
    np.testing.assert_allclose(lower @ upper, x[order], atol=1e-12)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not invertible"):
        compiled(tf.linalg.solve)(np.zeros((120, 120)), np.ones((120, 1)))


@pytest.mark.parametrize("place", [(0, 0), (50, 3), (119, 119), (119, 0)])
def test_matrices_that_are_not_positive_are_nan_everywhere(place):
    x = positive(120, 120)
    x[place] = np.nan
    assert np.isnan(compiled(tf.linalg.cholesky)(x).numpy()).all()
    assert np.isnan(compiled(tf.linalg.cholesky)(-positive(120, 120)).numpy()).all()


def test_gradients():
    x = positive(100, 100)

    def logdet(x):
        return 2 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(tf.linalg.cholesky(x))))

    @tf.function
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = logdet(x)
        return tape.gradient(y, x)

    got = gradient(tf.constant(x)).numpy()
    np.testing.assert_allclose(got + got.T, 2 * np.linalg.inv(x), atol=1e-10)
