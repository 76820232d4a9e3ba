"""Factorizations of complex matrices, whose real and imaginary parts lie apart in memory."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(5)


def numbers(*shape, dtype="complex128"):
    return (RNG.normal(size=shape) + 1j * RNG.normal(size=shape)).astype(dtype)


def close(x, y, dtype="complex128"):
    y = np.asarray(y)
    most = max(1, np.abs(y).max(initial=0)) * max(x.shape[-1], 1)
    np.testing.assert_allclose(x, y, atol=most * (1e-12 if dtype == "complex128" else 1e-5))


FACTORS = {
    "cholesky": tf.function(tf.linalg.cholesky),
    "solve": tf.function(tf.linalg.solve),
    "triangular_solve": tf.function(tf.linalg.triangular_solve),
    "lu": tf.function(tf.linalg.lu),
    "qr": tf.function(lambda x: tf.linalg.qr(x, full_matrices=True)),
    "eigh": tf.function(tf.linalg.eigh),
    "svd": tf.function(tf.linalg.svd),
}


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("n", [0, 1, 2, 5, 16, 35])
def test_systems(n, dtype):
    a, b = numbers(2, n, n, dtype=dtype), numbers(2, n, 3, dtype=dtype)
    h = a @ a.conj().swapaxes(-1, -2) + n * np.eye(n, dtype=dtype)
    close(FACTORS["cholesky"](h), np.linalg.cholesky(h), dtype)
    close(FACTORS["solve"](h, b), np.linalg.solve(h, b), dtype)
    lower = np.tril(h)
    close(FACTORS["triangular_solve"](h, b), np.linalg.solve(lower, b), dtype)
    close(tf.linalg.triangular_solve(h, b, lower=False), np.linalg.solve(np.triu(h), b), dtype)
    lu, order = FACTORS["lu"](a)
    close(tf.linalg.lu_reconstruct(lu, order), a, dtype)


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (9, 4), (4, 9), (35, 35), (40, 11)])
def test_orthogonal_factors(shape):
    x = numbers(2, *shape)
    q, r = FACTORS["qr"](x)
    close(q @ r, x)
    close(tf.linalg.adjoint(q) @ q, np.broadcast_to(np.eye(shape[0]), q.shape))
    np.testing.assert_array_equal(np.tril(r, -1), 0)
    s, u, v = FACTORS["svd"](x)
    close((u.numpy() * s.numpy()[:, None]) @ v.numpy().conj().swapaxes(-1, -2), x)
    close(s, np.linalg.svd(x, compute_uv=False))
    close(tf.linalg.svd(x, compute_uv=False), s)
    h = x @ x.conj().swapaxes(-1, -2)
    e, v = FACTORS["eigh"](h)
    close(e, np.linalg.eigvalsh(h))
    close(h @ v, v.numpy() * e.numpy()[:, None])
    close(tf.linalg.eigvalsh(h), e)


def test_pivots_that_are_zero():
    x = np.zeros((6, 6), complex)
    x[0, 5], x[3, 1], x[2, 2] = 2j, 1, 3
    lu, order = FACTORS["lu"](x)
    close(tf.linalg.lu_reconstruct(lu, order), x)
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.linalg.solve(x, np.ones((6, 1), complex))


@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_neither_overflows_nor_vanishes(size):
    x = numbers(7, 7)
    a = (x * size).astype("complex64")
    close(FACTORS["solve"](a, a @ np.ones((7, 1), "complex64")), np.ones((7, 1)), "complex64")
    q, r = FACTORS["qr"](a)
    close((q @ r) / np.float32(size), x, "complex64")
    close(FACTORS["svd"](a)[0] / np.float32(size), np.linalg.svd(x, compute_uv=False), "complex64")


def test_what_is_no_number_reaches_the_results():
    x = numbers(5, 5)
    x[3, 2] = np.nan
    assert np.isnan(FACTORS["cholesky"](x).numpy()).all()
    for factor in FACTORS["qr"](x)[0], FACTORS["eigh"](x)[0], FACTORS["svd"](x)[0]:
        assert np.isnan(factor.numpy()).all()


def test_sizes_that_are_not_known():
    spec = tf.TensorSpec((None, None), tf.complex128)

    @tf.function(input_signature=[spec, spec])
    def all_of(a, b):
        h = a @ tf.linalg.adjoint(a) + tf.linalg.eye(tf.shape(a)[0], dtype=a.dtype)
        return tf.linalg.cholesky(h), tf.linalg.solve(h, b), tf.linalg.eigvalsh(h), *tf.linalg.qr(a)

    for n in (3, 13):
        a, b = numbers(n, n), numbers(n, 2)
        h = a @ a.conj().T + np.eye(n)
        chol, solution, values, q, r = all_of(a, b)
        close(chol, np.linalg.cholesky(h))
        close(solution, np.linalg.solve(h, b))
        close(values, np.linalg.eigvalsh(h))
        close(q @ r, a)


@tf.function
def functions_of_matrices(a, h, right):
    diagonals = tf.stack(
        [tf.concat([a[:, 0], right[:, :, 0]], -1)[:, : right.shape[1]] + 9.0 * i for i in (0, 1, 0)], 1
    )
    solved = tf.linalg.tridiagonal_solve(diagonals, right, diagonals_format="compact")
    return (
        *tf.linalg.qr(a),
        *tf.linalg.svd(a),
        *tf.linalg.eigh(h),
        *tf.linalg.eig(a),
        tf.linalg.sqrtm(h),
        tf.linalg.logm(h),
        solved,
    )


@pytest.mark.parametrize("batch, n", [(200, 3), (40, 12), (3, 20)])
def test_threads_share_the_matrices_of_a_batch(batch, n):
    a, right = numbers(batch, n, n), numbers(batch, n, 2)
    h = a @ a.conj().swapaxes(-1, -2) + np.eye(n)
    made = []
    try:
        for count in (1, 2):
            tf.config.threading.set_intra_op_parallelism_threads(count)
            made.append([x.numpy() for x in functions_of_matrices(a, h, right)])
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    for one, two in zip(*made, strict=True):
        np.testing.assert_array_equal(one, two)
    q, r, s, u, v, w, z, _, _, root, logarithm, _ = made[0]
    close(q @ r, a)
    close((u * s[:, None]) @ v.conj().swapaxes(-1, -2), a)
    close(h @ z, z * w[:, None])
    close(root @ root, h)
    close(np.exp(np.trace(logarithm, axis1=-2, axis2=-1)) / np.linalg.det(h), np.ones(batch))


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (2, 3, 5)])
def test_gradients_through_both_vectors_of_svd_are_those_of_the_interpreter(shape):
    """A singular value does not differ from itself, whichever way its square is rounded."""
    rng = np.random.default_rng(3)
    x, w = (tf.constant(rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) for _ in range(2))

    def polar(x):
        _, u, v = tf.linalg.svd(x)
        return tf.reduce_sum(tf.math.real(w * (u @ tf.linalg.adjoint(v))))

    found = []
    for f in (polar, tf.function(polar)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        found.append(tape.gradient(y, x).numpy())
    np.testing.assert_allclose(*found, atol=1e-12)
    turn = tf.constant(rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
    ends = [polar(x + sign * 1e-6 * turn).numpy() for sign in (1, -1)]
    np.testing.assert_allclose(np.sum(np.real(found[0].conj() * turn)), (ends[0] - ends[1]) / 2e-6, rtol=1e-5)


# Orders of 128 and more go in blocks, whose updates are products of real matrices; 32 columns of right sides at a time.
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("n, columns", [(127, 40), (128, 32), (150, 33), (161, 1), (192, 192)])
def test_systems_in_blocks(n, columns, dtype):
    a, b = numbers(n, n, dtype=dtype), numbers(n, columns, dtype=dtype)
    h = a @ a.conj().T / n + np.eye(n, dtype=dtype)
    close(tf.function(tf.linalg.cholesky)(np.tril(h)), np.linalg.cholesky(h), dtype)
    factors, order = tf.function(tf.linalg.lu)(a)
    close(tf.linalg.lu_reconstruct(factors, order), a, dtype)
    well = np.roll(a / n + np.eye(n, dtype=dtype), n // 3, axis=0)
    close(tf.function(tf.linalg.solve)(well, b), np.linalg.solve(well, b), dtype)
    for lower in (True, False):
        for adjoint in (True, False):
            of = np.linalg.cholesky(h) if lower else np.linalg.cholesky(h).T
            solve = tf.function(lambda a, b, how=(lower, adjoint): tf.linalg.triangular_solve(a, b, *how))
            close(solve(of, b), np.linalg.solve(of.conj().T if adjoint else of, b), dtype)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_inverses_in_blocks_have_columns_in_the_order_of_the_exchanges(dtype):
    n = 140
    x = np.roll(numbers(n, n, dtype=dtype) / n + np.eye(n, dtype=dtype), n // 3, axis=0)
    close(tf.function(tf.linalg.inv)(x), np.linalg.inv(x), dtype)
    for place, value in (((7, 7), 2), ((7, 7), 1 + 1j), ((5, 9), 1j), ((n - 1, 0), 1)):
        right = np.eye(n, dtype=dtype)
        right[place] = value
        close(tf.function(tf.linalg.solve)(x, right), np.linalg.solve(x, right), dtype)


def test_what_is_no_number_reaches_the_results_of_blocks():
    x, solve = numbers(150, 150), tf.function(tf.linalg.solve)
    for place in ((0, 0), (149, 149), (140, 3), (3, 140)):
        spoiled = x.copy()
        spoiled[place] = np.nan
        assert np.isnan(solve(spoiled, np.eye(150, dtype=x.dtype)).numpy()).any()
        spoiled = np.tril(spoiled @ spoiled.conj().T)
        assert np.isnan(tf.function(tf.linalg.cholesky)(spoiled).numpy()).all()
    x[:, 4] = 0
    with pytest.raises(tf.errors.InvalidArgumentError, match="not invertible"):
        tf.function(tf.linalg.inv)(x)


def test_values_of_blocks_do_not_depend_on_how_many_threads_there_are():
    a, b = numbers(2, 160, 160), numbers(2, 160, 70)
    h = a @ a.conj().swapaxes(-1, -2) / 160 + np.eye(160)

    @tf.function
    def all_factors(a, h, b):
        lower = tf.linalg.cholesky(h)
        return lower, *tf.linalg.lu(a), tf.linalg.solve(a, b), tf.linalg.triangular_solve(lower, b), tf.linalg.inv(a)

    try:
        made = []
        for count in (1, 2, 3, 2):
            tf.config.threading.set_intra_op_parallelism_threads(count)
            made.append([y.numpy() for y in all_factors(a, h, b)])
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    for values in made[1:]:
        for got, want in zip(values, made[0], strict=True):
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", ("complex64", "complex128"))
@pytest.mark.parametrize("order", (128, 143, 161))
@pytest.mark.parametrize("kind", ("any", "without rank", "zero column", "large", "small"))
def test_lu_panels_pivot_by_size_and_do_not_overflow(dtype, order, kind):
    rng = np.random.default_rng(order)
    a = rng.standard_normal((order, order)) + 1j * rng.standard_normal((order, order))
    if kind == "without rank":
        a = a[:, :5] @ a[:5]
    elif kind == "zero column":
        a[:, 7] = 0
    elif kind in ("large", "small"):
        a = a * (1e36 if kind == "large" else 1e-36)
    a = a.astype(dtype)
    factors, places = (t.numpy() for t in tf.function(tf.linalg.lu)(tf.constant(a)))
    lower, upper = np.tril(factors, -1) + np.eye(order), np.triu(factors)
    assert np.abs(lower).max() <= 1 + 1e-6
    assert sorted(places.tolist()) == list(range(order))
    error = np.abs(lower.astype(np.complex128) @ upper - a[places]).max()
    assert error <= np.abs(a).max() * (1e-12 if dtype == "complex128" else 1e-4)


@pytest.mark.parametrize("value", (np.nan, np.inf))
def test_what_is_not_finite_in_lu_panels_does_not_spoil_columns_before(value):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((130, 130)) + 1j * rng.standard_normal((130, 130))
    a[65, 40] = value
    factors, _ = (t.numpy() for t in tf.function(tf.linalg.lu)(tf.constant(a)))
    assert np.isfinite(factors[:, :40]).all()
    assert not np.isfinite(factors[:, 40]).all()


# Threads share chunks of 32 columns; 200 and 255 are no whole ones.
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("shape", [(128, 128), (129, 129), (200, 200), (255, 255), (3, 130, 130)])
def test_cholesky_in_blocks_reads_one_triangle_whichever_threads_there_are(shape, dtype):
    n = shape[-1]
    a, i = numbers(*shape, dtype=dtype), np.arange(n)
    x = a @ a.conj().swapaxes(-1, -2) + n * np.eye(n, dtype=dtype)
    want, spoiled, factor, made = np.linalg.cholesky(x), x.copy(), tf.function(tf.linalg.cholesky), []
    spoiled[..., np.triu(np.ones((n, n), bool), 1)] = np.nan
    spoiled[..., i, i] += 2j
    try:
        for count in (1, 2, 3):
            tf.config.threading.set_intra_op_parallelism_threads(count)
            made.append(factor(spoiled).numpy())
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    np.testing.assert_allclose(made[0], want, atol=n * (1e-14 if dtype == "complex128" else 1e-5))
    np.testing.assert_array_equal(np.triu(made[0], 1), 0)
    np.testing.assert_array_equal(made[0].imag[..., i, i], 0)
    for other in made[1:]:
        np.testing.assert_array_equal(other, made[0])


def test_cholesky_in_blocks_of_what_is_badly_scaled_or_not_positive():
    n, factor = 150, tf.function(tf.linalg.cholesky)
    a, sizes = numbers(n, n), 10.0 ** RNG.integers(-60, 60, n)
    x = a @ a.conj().T + n * np.eye(n)
    scaled = factor(sizes[:, None] * x * sizes).numpy() / sizes[:, None]
    np.testing.assert_allclose(scaled, np.linalg.cholesky(x), atol=1e-11)
    for place, value in (((3, 3), -1), ((149, 149), 0), ((140, 2), np.nan), ((140, 140), np.nan)):
        spoiled = x.copy()
        spoiled[place] = value
        assert np.isnan(factor(spoiled).numpy()).all()


# Reflections of 64 rows and 24 columns and more go in blocks of 32; threads share chunks of columns from 256 rows on.
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("shape", [(64, 24), (65, 65), (130, 40), (70, 150), (257, 140), (2, 66, 33)])
def test_orthogonal_factors_in_blocks(shape, full, dtype):
    x, made, eps = numbers(*shape, dtype=dtype), [], np.finfo(dtype).eps
    factor = tf.function(lambda x: tf.linalg.qr(x, full_matrices=full))
    try:
        for count in (1, 2, 3):
            tf.config.threading.set_intra_op_parallelism_threads(count)
            made.append([y.numpy() for y in factor(x)])
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    q, r = made[0]
    want = np.linalg.qr(x, mode="complete" if full else "reduced")[1]
    np.testing.assert_allclose(r, want, atol=300 * eps * np.abs(want).max())
    np.testing.assert_allclose(q @ r, x, atol=300 * eps)
    np.testing.assert_allclose(
        q.conj().swapaxes(-1, -2) @ q,
        np.broadcast_to(np.eye(q.shape[-1]), r.shape[:-2] + (q.shape[-1],) * 2),
        atol=100 * eps,
    )
    np.testing.assert_array_equal(np.tril(r, -1), 0)
    for others in made[1:]:
        for got, one in zip(others, made[0], strict=True):
            np.testing.assert_array_equal(got, one)


@pytest.mark.parametrize("kind", ["rank 5", "zero", "tiny", "large", "columns of all sizes", "real"])
def test_orthogonal_factors_in_blocks_of_special_matrices(kind):
    x = numbers(97, 70)
    if kind == "rank 5":
        x = numbers(97, 5) @ numbers(5, 70)
    elif kind == "real":
        x = x.real + 0j
    else:
        sizes = {"zero": 0, "tiny": 1e-290, "large": 1e290, "columns of all sizes": 10.0 ** RNG.integers(-200, 200, 70)}
        x = x * sizes[kind]
    q, r = (y.numpy() for y in tf.function(tf.linalg.qr)(x))
    most = np.abs(x).max(axis=0)
    most[most == 0] = 1
    np.testing.assert_allclose(q @ (r / most), x / most, atol=1e-13)
    np.testing.assert_allclose(q.conj().T @ q, np.eye(70), atol=1e-13)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1j * np.nan])
def test_what_is_no_number_reaches_orthogonal_factors_of_blocks(value):
    x = numbers(80, 40)
    x[70, 30] = value
    q, r = (y.numpy() for y in tf.function(tf.linalg.qr)(x))
    assert np.isnan(q).all() and np.isnan(r[np.triu_indices(40)]).all()
