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


@pytest.fixture
def each_count():
    """Values with one, two and three threads."""

    def values(run):
        results = []
        for count in (1, 2, 3):
            tf.config.threading.set_intra_op_parallelism_threads(count)
            results.append([y.numpy() for y in run()])
        return results

    yield values
    tf.config.threading.set_intra_op_parallelism_threads(0)


def all_factors(a, x, b):
    return (
        tf.linalg.cholesky(x),
        *tf.linalg.lu(a),
        tf.linalg.solve(a, b),
        tf.linalg.triangular_solve(tf.linalg.cholesky(x), b),
    )


# From 256 on threads meet after each panel (LU: 320); 191, 257 and 330 are no whole panels.
@pytest.mark.parametrize("columns", [1, 64, 130])
@pytest.mark.parametrize("n", [191, 256, 257, 330])
def test_values_do_not_depend_on_how_many_threads_share_columns(n, columns, each_count):
    a, x, b = general(n, n), positive(n, n), general(n, columns)
    function = compiled(all_factors)
    one, *others = each_count(lambda: function(a, x, b))
    for values in others:
        for got, want in zip(values, one, strict=True):
            np.testing.assert_array_equal(got, want)
    cholesky, factors, order, solution, solved = one
    np.testing.assert_allclose(cholesky, np.linalg.cholesky(x), atol=1e-11)
    np.testing.assert_allclose((np.tril(factors, -1) + np.eye(n)) @ np.triu(factors), a[order], atol=1e-11)
    np.testing.assert_allclose(a @ solution, b, atol=1e-8)
    np.testing.assert_allclose(cholesky @ solved, b, atol=1e-10)


@pytest.mark.parametrize("batch, n", [(700, 5), (33, 20), (5, 100), (3, 170), (0, 4)])
def test_threads_share_the_matrices_of_a_batch(batch, n, each_count):
    a, x, b = general(batch, n, n) + 9 * np.eye(n), np.zeros((batch, n, n)), general(batch, n, 2)
    if batch:
        x = positive(batch, n, n)
    function = compiled(all_factors)
    one, *others = each_count(lambda: function(a, x, b))
    for values in others:
        for got, want in zip(values, one, strict=True):
            np.testing.assert_array_equal(got, want)
    np.testing.assert_allclose(one[0], np.linalg.cholesky(x), atol=1e-11)
    np.testing.assert_allclose(one[3], np.linalg.solve(a, b), atol=1e-9)


def test_complex_matrices_of_a_batch(each_count):
    a = general(60, 8, 8) + 1j * general(60, 8, 8) + 9 * np.eye(8)
    x = a @ np.conj(np.swapaxes(a, -1, -2))
    function = compiled(lambda a, x: (tf.linalg.inv(a), tf.linalg.cholesky(x)))
    for inverse, cholesky in each_count(lambda: function(a, x)):
        np.testing.assert_allclose(inverse, np.linalg.inv(a), atol=1e-11)
        np.testing.assert_allclose(cholesky, np.linalg.cholesky(x), atol=1e-10)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_above_the_diagonal_of_a_cholesky_factor_is_not_read(value):
    x = positive(200, 200)
    above = np.where(np.triu(np.ones((200, 200)), 1) > 0, value, x)
    close(compiled(tf.linalg.cholesky)(above), np.linalg.cholesky(x), np.float64)


def test_rows_that_are_zero_and_columns_that_are_equal():
    x = general(120, 120)
    x[:, 40] = 0
    x[:, 100] = x[:, 99]
    factors, order = (y.numpy() for y in compiled(tf.linalg.lu)(x))
    lower, upper = np.tril(factors, -1) + np.eye(120), np.triu(factors)
    np.testing.assert_allclose(lower @ upper, x[order], atol=1e-12)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not invertible"):
        compiled(tf.linalg.solve)(np.zeros((120, 120)), np.ones((120, 1)))


@pytest.mark.parametrize("dtype, least, most", [(np.float32, -36, 36), (np.float64, -300, 300)])
def test_diagonals_of_cholesky_factors_of_any_size_have_reciprocals(dtype, least, most):
    sizes = 2.0 ** np.round(np.linspace(least, most, 128) / 2 * np.log2(10))
    x = positive(128, 128)
    scaled = compiled(tf.linalg.cholesky)((sizes[:, None] * x * sizes).astype(dtype)).numpy()
    want = np.linalg.cholesky(x)
    error = np.abs(scaled / sizes[:, None] - want).max() / np.abs(want).max()
    assert error < 100 * np.finfo(dtype).eps


def kinds(x):
    return np.where(np.isfinite(x), 0, np.where(np.isnan(x), 2, np.sign(x)))


@pytest.mark.parametrize("place", [(0, 0), (7, 90), (99, 40), (40, 99), (64, 64), (3, 31)])
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_what_is_infinite_means_nothing_for_columns_before(place, value):
    x = general(100, 100)
    x[place] = value
    want = x.copy()
    with np.errstate(all="ignore"):
        for i in range(100):
            sizes = np.abs(want[i:, i])
            pivot = i if np.isnan(sizes[0]) else i + np.nanargmax(sizes)
            want[[i, pivot]] = want[[pivot, i]]
            want[i + 1 :, i] /= want[i, i]
            want[i + 1 :, i + 1 :] -= want[i + 1 :, i : i + 1] * want[i, i + 1 :]
    factors = compiled(tf.linalg.lu)(x)[0].numpy()
    np.testing.assert_array_equal(kinds(factors), kinds(want))
    finite = np.isfinite(want)
    np.testing.assert_allclose(factors[finite], want[finite], atol=1e-9)


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


def exchanging(n, dtype=np.float64):
    """Of small condition, whose LU factors exchange most rows."""
    return np.roll(general(n, n) / n + np.eye(n), n // 3, axis=0).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [96, 127, 257])
def test_inverses_have_columns_in_the_order_of_the_exchanges(n, dtype, each_count):
    x, inverse = exchanging(n, dtype), compiled(tf.linalg.inv)
    one, *others = each_count(lambda: [inverse(x)])
    np.testing.assert_allclose(one[0], np.linalg.inv(x.astype(np.float64)), atol=1e-4 if dtype == np.float32 else 1e-12)
    for values in others:
        np.testing.assert_array_equal(values[0], one[0])


@pytest.mark.parametrize("b", [-1, 1, 2])
def test_right_sides_that_are_nearly_an_identity(b):
    x, right = exchanging(130), np.eye(130)
    right[77, 77 if b > 1 else 5] = b
    close(compiled(tf.linalg.solve)(x, right), np.linalg.solve(x, right), np.float64)


def test_inverses_of_an_order_that_run_time_knows():
    matrix = tf.TensorSpec([None, None], tf.float64)
    inverse, solve = (
        compiled(f, input_signature=s) for f, s in ((tf.linalg.inv, [matrix]), (tf.linalg.solve, [matrix] * 2))
    )
    for n in (1, 96, 131):
        close(inverse(exchanging(n)), np.linalg.inv(exchanging(n)), np.float64)
        # Of 66 columns two are left behind whole vectors.
        for columns in (2, 66, n):
            b = general(n, columns)
            close(solve(exchanging(n), b), np.linalg.solve(exchanging(n), b), np.float64)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("n", [96, 130, 256])
def test_triangles_and_right_sides_that_begin_with_zeros(n, lower):
    a = triangle(n, lower)
    solve = compiled(lambda a, b: tf.linalg.triangular_solve(a, b, lower=lower))
    for b in (np.eye(n), np.zeros((n, n)), np.tril(general(n, n), -40), np.triu(general(n, n), 40)):
        close(solve(a, b), np.linalg.solve(a, b), np.float64)


def test_a_zero_on_a_diagonal_is_a_quotient_also_of_right_sides_that_are_zero():
    a = triangle(130, True)
    a[3, 3] = 0
    got = compiled(tf.linalg.triangular_solve)(a, np.zeros((130, 32))).numpy()
    assert np.isnan(got[3:]).all() and not got[:3].any()
