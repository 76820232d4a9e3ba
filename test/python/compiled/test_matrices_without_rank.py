"""Factors of matrices without full rank, or of elements near the smallest number, are orthogonal and give the matrix, below and above the order where they go in blocks."""

import numpy as np
import pytest
import tfc as tf

TYPES = ["float32", "float64", "complex64", "complex128"]
# In the first of them rounding leaves columns that are smaller with each step, to the smallest number and to zero.
MATRICES = {
    "ones": lambda rows, columns: np.ones((rows, columns)),
    "rank one": lambda rows, columns: np.arange(1.0, rows + 1)[:, None] * np.linspace(0.1, 3, columns),
    "zeros": lambda rows, columns: np.zeros((rows, columns)),
}


def conjugate(x):
    return np.conj(np.swapaxes(x, -1, -2))


def wide(x):
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)


def is_orthogonal(q):
    return np.abs(conjugate(q) @ q - np.eye(q.shape[-1])).max() < 8 * np.finfo(q.dtype).eps * len(q)


def is_close(x, y):
    """To rounding, for the size of `y`."""
    return np.abs(x - y).max() <= 8 * np.finfo(y.dtype).eps * max(y.shape) * np.linalg.norm(wide(y), 2)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(24, 24), (30, 47), (60, 60), (90, 60)])
@pytest.mark.parametrize("kind", MATRICES)
def test_qr(kind, shape, dtype):
    x = MATRICES[kind](*shape).astype(dtype)
    q, r = (t.numpy() for t in tf.function(lambda x: tf.linalg.qr(x))(x))
    assert is_orthogonal(q)
    assert is_close(q @ r, x)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(24, 24), (60, 60), (90, 30)])
@pytest.mark.parametrize("kind", MATRICES)
def test_singular_values(kind, shape, dtype):
    x = MATRICES[kind](*shape).astype(dtype)
    s, u, v = (t.numpy() for t in tf.function(tf.linalg.svd)(x))
    assert is_orthogonal(u)
    assert is_orthogonal(v)
    assert is_close((u * s) @ conjugate(v), x)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("order", [24, 60])
@pytest.mark.parametrize("kind", MATRICES)
def test_eigenvalues(kind, order, dtype):
    x = MATRICES[kind](order, order).astype(dtype)
    x = (x + conjugate(x)) / 2
    e, v = (t.numpy() for t in tf.function(tf.linalg.eigh)(x))
    assert is_orthogonal(v)
    assert is_close((v * e) @ conjugate(v), x)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(24, 24), (60, 60), (90, 30)])
def test_singular_values_near_the_smallest_number(shape, dtype):
    """Their vectors are those of the matrix with elements near one."""
    x = np.random.default_rng(0).normal(size=shape)
    x = (x * 3.0 * float(np.finfo(dtype).tiny)).astype(dtype)
    scale = np.finfo(dtype).tiny
    s, u, v = (wide(t.numpy()) for t in tf.function(tf.linalg.svd)(x))
    eps = np.finfo(dtype).eps
    for vectors in (u, v):
        assert np.abs(conjugate(vectors) @ vectors - np.eye(vectors.shape[-1])).max() < 8 * eps * max(shape)
    found, want = (u * (s / float(scale))) @ conjugate(v), wide(x) / float(scale)
    assert np.abs(found - want).max() < 8 * eps * max(shape) * np.linalg.norm(want, 2)
