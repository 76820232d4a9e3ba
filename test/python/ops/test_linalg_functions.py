"""Public functions of tf.linalg, tf.signal, segments and bins, against numpy or by what defines them."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
A = RNG.normal(size=(3, 4, 4))
S = A @ A.swapaxes(-1, -2) + np.eye(4)
T = RNG.normal(size=(2, 5, 7))


def test_determinants_and_inverses():
    np.testing.assert_allclose(tf.linalg.det(A), np.linalg.det(A))
    np.testing.assert_allclose(tf.linalg.inv(A), np.linalg.inv(A))
    for got, want in zip(tf.linalg.slogdet(A), np.linalg.slogdet(A), strict=True):
        np.testing.assert_allclose(got, want)
    np.testing.assert_allclose(tf.linalg.logdet(S), np.linalg.slogdet(S)[1])
    np.testing.assert_allclose(tf.linalg.pinv(T), np.linalg.pinv(T), atol=1e-12)
    assert tf.linalg.matrix_rank(np.ones((3, 3))).numpy() == 1


def test_determinant_of_a_singular_matrix():
    sign, size = tf.linalg.slogdet(np.zeros((2, 2)))
    assert (sign.numpy(), size.numpy()) == (0.0, -np.inf)
    assert tf.linalg.det(np.ones((2, 2))).numpy() == 0.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_determinants_of_small_matrices(n, dtype):
    x = RNG.normal(size=(2, 5, n, n)).astype(dtype)
    x[1, 2] = 1
    tolerance = {"rtol": 0, "atol": 1e-5 if dtype == np.float32 else 1e-13}
    f = tf.function(tf.linalg.det)
    np.testing.assert_allclose(f(x), np.linalg.det(x), **tolerance)
    np.testing.assert_allclose(f(x[0, 0]), np.linalg.det(x[0, 0]), **tolerance)
    assert f(x[:0]).shape == (0, 5)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_gradient_of_a_small_determinant_is_the_adjugate(n):
    @tf.function
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.linalg.det(x)
        return tape.gradient(y, x)

    x = RNG.normal(size=(4, n, n))
    want = np.linalg.det(x)[:, None, None] * np.linalg.inv(x).swapaxes(-1, -2)
    np.testing.assert_allclose(gradient(tf.constant(x)), want, atol=1e-12)


IN_RANGE = [
    ([[1e110, 1e-220], [1e110, 2e-220]], 1e-110),
    ([[1e200, 1e-180], [2e200, 1e-180]], -1e20),
    ([[1e-150, 0, 0], [0, 1e150, 0], [0, 0, 3]], 3),
]


@pytest.mark.parametrize("x, want", IN_RANGE, ids=range(len(IN_RANGE)))
def test_determinants_whose_products_stay_within_the_range(x, want):
    for det in (tf.linalg.det, tf.function(tf.linalg.det)):
        np.testing.assert_allclose(det(tf.constant(x, tf.float64)), want, rtol=1e-12)
        np.testing.assert_allclose(det(tf.constant(x, tf.complex128)), want, rtol=1e-12)


@pytest.mark.parametrize(
    "x, want",
    [([[0, 0], [3, 4]], [[4, -3], [0, 0]]), ([[1e200, 1e200], [1, 1]], [[1, -1], [-1e200, 1e200]])],
    ids=["a row of zeros", "a large row"],
)
def test_gradient_of_the_determinant_of_a_singular_matrix(x, want):
    x = tf.constant(x, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.linalg.det(x)
    np.testing.assert_allclose(tape.gradient(y, x), want, rtol=1e-12)


def test_factors_solve():
    b = A[..., :2]
    np.testing.assert_allclose(tf.linalg.lu_solve(*tf.linalg.lu(A), b), np.linalg.solve(A, b), atol=1e-12)
    np.testing.assert_allclose(tf.linalg.lu_reconstruct(*tf.linalg.lu(A)), A)
    np.testing.assert_allclose(tf.linalg.cholesky_solve(tf.linalg.cholesky(S), b), np.linalg.solve(S, b), atol=1e-12)
    np.testing.assert_allclose(tf.linalg.solve(A[0], b), np.linalg.solve(np.broadcast_to(A[0], A.shape), b), atol=1e-12)
    want = np.linalg.lstsq(T[0].T, T[0].T[:, :1], rcond=None)[0]
    for fast in (True, False):
        np.testing.assert_allclose(tf.linalg.lstsq(T[0].T, T[0].T[:, :1], fast=fast), want, atol=1e-9)


def test_functions_of_matrices():
    w, v = np.linalg.eigh(S)
    np.testing.assert_allclose(tf.linalg.expm(S / 3), v * np.exp(w / 3)[:, None] @ v.swapaxes(-1, -2), rtol=1e-9)
    root = tf.linalg.sqrtm(S)
    np.testing.assert_allclose(root @ root, S, rtol=1e-9)
    np.testing.assert_allclose(tf.norm(A, 2, axis=(1, 2)), np.linalg.norm(A, 2, axis=(1, 2)))


def test_norms_neither_overflow_nor_vanish():
    for size in (1e30, 1e-30):
        x = tf.constant([3.0 * size, 4.0 * size], tf.float32)
        np.testing.assert_allclose(tf.norm(x), 5 * size, rtol=1e-6)
        np.testing.assert_allclose(tf.math.reduce_euclidean_norm(x), 5 * size, rtol=1e-6)


@pytest.mark.parametrize("align", ["RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"])
def test_diagonals_put_back_what_was_taken(align):
    for k in (0, 2, -1, (-2, 3)):
        part = tf.linalg.diag_part(T, k=k, align=align)
        np.testing.assert_array_equal(tf.linalg.set_diag(T, part, k=k, align=align), T)
        low, high = k if isinstance(k, tuple) else (k, k)
        back = tf.linalg.diag(part, k=k, num_rows=5, num_cols=7, align=align)
        place = np.arange(7) - np.arange(5)[:, None]
        np.testing.assert_array_equal(back, np.where((place >= low) & (place <= high), T, 0))


def test_transforms():
    x, z = T, T + 1j * T[::-1]
    np.testing.assert_allclose(tf.signal.fft2d(z), np.fft.fft2(z))
    np.testing.assert_allclose(tf.signal.rfft(x, [9]), np.fft.rfft(x, 9))
    np.testing.assert_allclose(tf.signal.irfft2d(tf.signal.rfft2d(x), [5, 7]), x)
    np.testing.assert_array_equal(tf.signal.fftshift(x, [1]), np.fft.fftshift(x, [1]))
    np.testing.assert_allclose(tf.signal.idct(tf.signal.dct(x, norm="ortho"), norm="ortho"), x)
    assert tf.signal.frame(x, 3, 2).shape == (2, 5, 3, 3)


def test_segments():
    x, ids = np.arange(1.0, 7), [0, 0, 2, 2, 2, 3]
    np.testing.assert_array_equal(tf.math.segment_sum(x, ids), [3, 0, 12, 6])
    np.testing.assert_array_equal(tf.math.segment_max(x, ids), [2, 0, 5, 6])
    np.testing.assert_array_equal(tf.math.segment_prod(x, ids), [2, 1, 60, 6])
    np.testing.assert_array_equal(tf.math.unsorted_segment_sum(x, [1, -1, 0, 1, 0, -1], 2), [8, 5])
    with pytest.raises(tf.errors.InvalidArgumentError, match="not increasing"):
        tf.math.segment_sum(x, [1, 0, 2, 2, 2, 3])


def test_gradient_of_a_product_over_segments_counts_zeros():
    x = tf.constant([2.0, 0.0, 3.0, 0.0, 0.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.math.unsorted_segment_prod(x, [0, 0, 0, 1, 1], 2)
    np.testing.assert_array_equal(tape.gradient(y, x), [0, 6, 0, 0, 0])


def test_bins():
    np.testing.assert_array_equal(tf.math.bincount([1, 1, 3]), [0, 2, 0, 1])
    np.testing.assert_array_equal(tf.math.bincount([[1, 1], [0, 2]], axis=-1), [[0, 2, 0], [1, 0, 1]])
    np.testing.assert_array_equal(tf.searchsorted([1.0, 2, 2, 3], [0.0, 2, 9], side="right"), [0, 3, 4])
    np.testing.assert_array_equal(tf.dynamic_stitch([[0, 2], [1]], [[1, 2], [5]]), [1, 5, 2])
    assert [v.numpy().tolist() for v in tf.dynamic_partition([1, 2, 3], [0, 1, 0], 2)] == [[1, 3], [2]]


def test_cumulative_logsumexp_of_numbers_far_apart():
    x = np.array([-1000.0, 1.0, 1000.0])
    np.testing.assert_allclose(tf.math.cumulative_logsumexp(x), x)
    np.testing.assert_array_equal(tf.math.cumulative_logsumexp(x, exclusive=True), [-np.inf, -1000.0, 1.0])


def test_public_functions_compiled_are_the_eager_ones():
    functions = [tf.linalg.det, tf.linalg.pinv, tf.linalg.expm, tf.signal.rfft, tf.math.cumulative_logsumexp]
    got = tf.function(lambda x: [f(x) for f in functions], autograph=False)(A)
    for g, function in zip(got, functions, strict=True):
        np.testing.assert_allclose(g, function(A), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("compiled", [False, True])
def test_cholesky_of_an_indefinite_matrix_is_nan(compiled):
    f = tf.function(tf.linalg.cholesky) if compiled else tf.linalg.cholesky
    assert np.isnan(f(tf.constant([[1.0, 2.0], [2.0, 1.0]])).numpy()).all()


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("special", [None, np.nan, np.inf])
def test_one_matrix_is_factored_like_each_of_a_stack(dtype, special):
    rng = np.random.default_rng(0)
    for n in (1, 2, 7, 16):
        for x in (rng.integers(-2, 3, (n, n)), rng.standard_normal((n, n))):
            x = x.astype(dtype)
            if special is not None:
                x[n // 2, 0] = special
            one, both = tf.linalg.lu(x), tf.linalg.lu(np.stack([x, x]))
            for single, stacked in zip(one, both, strict=True):
                np.testing.assert_array_equal(single, stacked[1])


@pytest.mark.parametrize("name", ["qr", "eigh", "svd", "cholesky"])
def test_a_vector_is_refused_with_what_makes_a_matrix_of_it(name):
    function = getattr(tf.linalg, name)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"rank at least 2.*tf.linalg.diag\(x\)"):
        function(tf.ones([3]))
    with pytest.raises(ValueError, match=r"rank at least 2.*x\[:, tf.newaxis\]"):
        tf.function(function)(tf.ones([3]))
    assert function(tf.linalg.diag(tf.ones([3]))) is not None
