"""Compiled factorizations and transforms: what defines their results holds, for all sizes, as for numpy's."""

import importlib

import numpy as np
import pytest
import tfc as tf
from tfc.ops import primitives as p
from tfc.ops.table import OPS

flat = importlib.import_module("tfc.function.flat")

MATRIX_ROWS = ("tfc.ops.rows.matrix", "tfc.ops.rows.spectral")
DTYPES = [np.float32, np.float64, np.complex64, np.complex128]
SQUARE = [(0, 0), (1, 1), (2, 2), (7, 7), (2, 5, 5), (20, 20), (0, 4, 4)]
ANY = [(0, 3), (3, 0), (1, 4), (5, 3), (3, 5), (2, 4, 2), (12, 20)]


def numbers(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    return (x + 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def adjoint(x):
    return np.swapaxes(x.conj(), -1, -2)


def close(got, want, dtype, scale=1.0):
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(got, want, rtol=0, atol=eps * scale * 200)


def run(function, *arrays, unknown=False):
    signature = [tf.TensorSpec([None] * a.ndim, a.dtype) for a in arrays] if unknown else None
    compiled = tf.function(function, autograph=False, input_signature=signature)
    out = compiled(*arrays)
    return [o.numpy() for o in (out if isinstance(out, (tuple, list)) else [out])]


def check_cholesky(shape, dtype, unknown):
    x = numbers(shape, dtype)
    x = x @ adjoint(x) + np.eye(shape[-1], dtype=dtype)
    (factor,) = run(p.cholesky, x, unknown=unknown)
    assert factor.dtype == dtype
    np.testing.assert_array_equal(np.triu(factor, 1), 0)
    close(factor @ adjoint(factor), x, dtype, 1 + np.abs(x).max(initial=0))


def check_lu(shape, dtype, unknown):
    x = numbers(shape, dtype)
    factors, order = run(p.lu, x, unknown=unknown)
    want = p.lu(tf.constant(x))
    np.testing.assert_array_equal(order, want[1].numpy())
    close(factors, want[0].numpy(), dtype, 20)


def check_solve(shape, dtype, unknown):
    x = numbers(shape, dtype) + 4 * np.eye(shape[-1], dtype=dtype)
    b = numbers((*shape[:-1], 3), dtype, 1)
    (got,) = run(p.solve, x, b, unknown=unknown)
    close(x @ got, b, dtype, 10)


def check_triangular_solve(shape, dtype, unknown):
    x = numbers(shape, dtype) / max(shape[-1], 1) + 2 * np.eye(shape[-1], dtype=dtype)
    b = numbers((*shape[:-1], 2), dtype, 1)
    for lower in (True, False):
        for unit in (True, False):
            (got,) = run(
                lambda a, b, o=(lower, unit): p.triangular_solve(a, b, lower=o[0], unit=o[1]), x, b, unknown=unknown
            )
            triangle = np.tril(x) if lower else np.triu(x)
            if unit:
                triangle = triangle * (1 - np.eye(shape[-1])) + np.eye(shape[-1])
            close(triangle @ got, b, dtype, 10)


def check_qr(shape, dtype, unknown):
    x = numbers(shape, dtype)
    for full in (False, True):
        q, r = run(lambda x, full=full: p.qr(x, full=full), x, unknown=unknown)
        want = p.qr(tf.constant(x), full=full)
        assert (q.shape, r.shape) == tuple(tuple(w.shape_tuple) for w in want)
        close(q @ r, x, dtype, 10)
        close(adjoint(q) @ q, np.broadcast_to(np.eye(q.shape[-1]), (*q.shape[:-2], *[q.shape[-1]] * 2)), dtype, 5)
        np.testing.assert_array_equal(np.tril(r, -1), 0)
        close(r, want[1].numpy(), dtype, 50)


def check_eigh(shape, dtype, unknown):
    x = numbers(shape, dtype)
    x = x + adjoint(x)
    # Only the lower triangle counts.
    w, v = run(p.eigh, np.tril(x) + np.triu(np.full_like(x, 5), 1), unknown=unknown)
    scale = 1 + np.abs(w).max(initial=0)
    close(w, np.linalg.eigvalsh(x), dtype, scale)
    close(x @ v, v * w[..., None, :], dtype, scale)
    close(adjoint(v) @ v, np.broadcast_to(np.eye(shape[-1]), shape), dtype, 5)


def check_svd(shape, dtype, unknown):
    x = numbers(shape, dtype)
    count = min(shape[-2:])
    for full in (False, True):
        s, u, v = run(lambda x, full=full: p.svd(x, full=full), x, unknown=unknown)
        want = p.svd(tf.constant(x), full=full)
        assert [t.shape for t in (s, u, v)] == [tuple(t.shape_tuple) for t in want]
        close(s, want[0].numpy(), dtype, 10)
        close(u[..., :count] * s[..., None, :] @ adjoint(v[..., :count]), x, dtype, 20)
        for t in (u, v):
            close(adjoint(t) @ t, np.broadcast_to(np.eye(t.shape[-1]), (*t.shape[:-2], *[t.shape[-1]] * 2)), dtype, 10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
@pytest.mark.parametrize("shape", [(3, 2), (4, 2), (15, 8), (16, 8), (17, 8), (3, 60, 7), (7, 60), (100, 40)])
def test_svd_of_tall_and_wide_matrices(shape, dtype):
    check_svd(shape, dtype, False)


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_svd_of_tall_matrices_of_low_rank(rank):
    x = (numbers((40, rank), np.float64) @ numbers((rank, 6), np.float64, 1)).astype(np.float32)
    s, u, v = run(lambda x: p.svd(x, full=False), x)
    np.testing.assert_allclose((u * s) @ v.T, x, atol=1e-4)
    np.testing.assert_allclose(u.T @ u, np.eye(6), atol=1e-5)
    assert (s[rank:] < 1e-4).all()


def test_svd_of_a_tall_matrix_that_is_not_finite():
    x = numbers((40, 6), np.float32)
    x[30, 2] = np.inf
    assert all(np.isnan(t).all() for t in run(lambda x: p.svd(x, full=False), x))


def check_fft(shape, dtype, unknown):
    x = numbers(shape, dtype)
    for inverse in (False, True):
        (got,) = run(lambda x, inverse=inverse: p.fft(x, inverse=inverse), x, unknown=unknown)
        want = (np.fft.ifft if inverse else np.fft.fft)(x.astype(np.complex128)) if x.size else x
        assert got.dtype == dtype
        close(got, want, dtype, 1 + np.sqrt(shape[-1]))


def check_eig(shape, dtype, unknown):
    x = numbers(shape, dtype)
    values, vectors = run(p.eig, x, unknown=unknown)
    want = [w.numpy() for w in p.eig(tf.constant(x))]
    scale = 1 + np.abs(values).max(initial=0)
    close(x @ vectors, vectors * values[..., None, :], dtype, scale)
    close(values, want[0], dtype, 5 * scale)
    close(vectors, want[1], dtype, 10)


def check_sqrtm(shape, dtype, unknown):
    x = numbers(shape, dtype)
    (root,) = run(p.sqrtm, x, unknown=unknown)
    close(root @ root, x, dtype, 5)
    close(root, p.sqrtm(tf.constant(x)).numpy(), dtype, 5)


def check_logm(shape, dtype, unknown):
    x = numbers(shape, dtype)
    (log,) = run(p.logm, x, unknown=unknown)
    close(log, p.logm(tf.constant(x)).numpy(), dtype, 10)
    close(tf.linalg.expm(log).numpy(), x, dtype, 20)


def check_tridiagonal_solve(shape, dtype, unknown):
    n = shape[-1]
    diagonals = numbers((*shape[:-2], 3, n), dtype) + np.array([[0], [3], [0]], dtype)
    b = numbers((*shape[:-2], n, 3), dtype, 1)
    full = np.zeros((*shape[:-2], n, n), dtype)
    for i in range(n):
        for row, j in ((0, i + 1), (1, i), (2, i - 1)):
            if 0 <= j < n:
                full[..., i, j] = diagonals[..., row, i]
    for pivoting in (False, True):
        (x,) = run(lambda a, b, o=pivoting: p.tridiagonal_solve(a, b, pivoting=o), diagonals, b, unknown=unknown)
        close(full @ x, b, dtype, 20 * (1 + np.abs(x).max(initial=0)))
        close(x, p.tridiagonal_solve(tf.constant(diagonals), tf.constant(b), pivoting=pivoting).numpy(), dtype, 50)


ROWS = {
    "cholesky": (check_cholesky, SQUARE, DTYPES),
    "lu": (check_lu, SQUARE, DTYPES),
    "solve": (check_solve, SQUARE, DTYPES),
    "triangular_solve": (check_triangular_solve, SQUARE[1:], DTYPES),
    "qr": (check_qr, ANY, DTYPES),
    "eigh": (check_eigh, SQUARE, DTYPES),
    "eig": (check_eig, SQUARE, DTYPES),
    "sqrtm": (check_sqrtm, SQUARE, DTYPES[2:]),
    "logm": (check_logm, SQUARE, DTYPES[2:]),
    "tridiagonal_solve": (check_tridiagonal_solve, SQUARE, DTYPES),
    "svd": (check_svd, ANY, DTYPES),
    "fft": (check_fft, [(1,), (0,), (2,), (12,), (35,), (2, 64), (97,), (0, 4)], DTYPES[2:]),
}


def test_every_row_of_matrices_is_checked():
    assert set(ROWS) == {prim.name for prim, op in OPS.items() if op.numpy.__module__ in MATRIX_ROWS}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ROWS)
def test_compiled_row_keeps_what_defines_it(name, dtype):
    check, shapes, dtypes = ROWS[name]
    # All sizes for one real and one complex type: loops depend on sizes, arithmetic on types.
    few = dtype in (np.float32, np.complex128)
    for shape in (shapes[3:5] if few else shapes) if dtype in dtypes else ():
        check(shape, dtype, False)


@pytest.mark.parametrize("name", ROWS)
def test_code_for_unknown_sizes_keeps_what_defines_the_row(name, monkeypatch):
    monkeypatch.setattr(flat, "SPECIALIZATIONS", 0)
    check, shapes, dtypes = ROWS[name]
    for shape in (shapes[3], shapes[-2]):
        check(shape, dtypes[0], True)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_reflections_of_extreme_matrices_neither_overflow_nor_vanish(scale):
    x = (numbers((6, 4), np.float32) * np.float32(scale)).astype(np.float32)
    q, r = run(lambda x: p.qr(x, full=False), x)
    np.testing.assert_allclose(q @ (r / np.float32(scale)), x / np.float32(scale), atol=1e-5)
    s, u, v = run(lambda x: p.svd(x, full=False), x)
    np.testing.assert_allclose((u * (s / np.float32(scale))) @ v.T, x / np.float32(scale), atol=1e-5)


def test_singular_values_of_rank_deficient_matrices():
    x = np.outer(np.arange(1.0, 7), np.arange(1.0, 5))
    for matrix in (x, x.T, np.zeros((4, 4)), np.ones((5, 5)), np.diag([3.0, 0, 2, 0])):
        s, u, v = run(lambda x: p.svd(x, full=True), matrix)
        np.testing.assert_allclose(s, np.linalg.svd(matrix, compute_uv=False), atol=1e-13)
        np.testing.assert_allclose(u.T @ u, np.eye(len(u)), atol=1e-13)
        np.testing.assert_allclose(v.T @ v, np.eye(len(v)), atol=1e-13)
        count = len(s)
        np.testing.assert_allclose((u[:, :count] * s) @ v[:, :count].T, matrix, atol=1e-12)


@pytest.mark.parametrize(
    "matrix",
    [np.zeros((4, 4)), np.eye(4), np.roll(np.eye(5), 1, 0), np.diag(np.ones(4), 1), np.ones((4, 4)), np.eye(2) * 1e200],
)
def test_eigenvalues_of_special_matrices(matrix):
    values, vectors = run(p.eig, matrix)
    size = 1 + np.abs(matrix).max()
    np.testing.assert_allclose(matrix @ vectors / size, vectors * values / size, atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=0), 1)
    np.testing.assert_allclose(values / size, p.eig(tf.constant(matrix))[0].numpy() / size, atol=1e-14)


def test_functions_of_matrices_with_one_vector_for_two_eigenvalues():
    jordan = np.array([[4, 1, 0], [0, 4, 1], [0, 0, 4]], np.complex128)
    (root,) = run(p.sqrtm, jordan)
    np.testing.assert_allclose(root, [[2, 1 / 4, -1 / 64], [0, 2, 1 / 4], [0, 0, 2]], atol=1e-15)
    (log,) = run(p.logm, jordan)
    np.testing.assert_allclose(log, [[np.log(4), 1 / 4, -1 / 32], [0, np.log(4), 1 / 4], [0, 0, np.log(4)]], atol=1e-14)


def test_matrices_of_nan_end():
    x = np.full((5, 5), np.nan)
    for function in (p.cholesky, p.eigh, lambda x: p.svd(x, full=False), lambda x: p.qr(x, full=False), p.lu, p.eig):
        assert np.isnan(run(function, x)[0]).any()


def test_a_factorization_in_a_loop_keeps_the_stack():
    @tf.function(autograph=False)
    def repeated(x):
        return tf.while_loop(lambda i, y: i < 20000, lambda i, y: (i + 1, p.eigh(y)[1] * p.eigh(x)[0][0]), (0, x))[1]

    assert np.isfinite(repeated(tf.constant(np.eye(2))).numpy()).all()


def test_singular_matrices_are_errors_where_they_are_solved():
    x = np.zeros((2, 2))
    for function in (tf.linalg.inv, lambda x: tf.linalg.solve(x, x + 1)):
        for called in (function, tf.function(function, autograph=False)):
            with pytest.raises(tf.errors.InvalidArgumentError, match="not invertible"):
                called(tf.constant(x))


def test_sizes_that_do_not_fit_are_errors_at_run_time():
    spec = tf.TensorSpec([None, None], tf.float32)
    solve = tf.function(tf.linalg.solve, autograph=False, input_signature=[spec, spec])
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be square"):
        solve(np.ones((2, 3), np.float32), np.ones((2, 1), np.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="incompatible"):
        solve(np.eye(2, dtype=np.float32), np.ones((3, 1), np.float32))
