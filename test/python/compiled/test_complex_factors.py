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
