"""Frames of a signal, matrices of diagonals, cross and Kronecker products: what is made of pieces of its operands."""

import numpy as np
import pytest
import tfc as tf


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("size", "length", "step", "pad_end"),
    [
        (20, 6, 2, False),
        (20, 5, 2, False),
        (20, 5, 2, True),
        (21, 3, 7, False),
        (21, 3, 8, True),
        (4, 5, 2, False),
        (4, 5, 2, True),
        (40, 33, 1, False),
        (9, 0, 2, False),
        (0, 3, 2, True),
        (1, 1, 1, False),
    ],
)
def test_frames_are_slices(size, length, step, pad_end, compiled):
    for shape, axis in (((size,), -1), ((3, size), -1), ((2, size, 3), 1), ((size, 2), 0)):
        x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) + 1
        f = lambda x: tf.signal.frame(x, length, step, pad_end, 0.5, axis)
        got = (tf.function(f) if compiled else f)(tf.constant(x)).numpy()
        where = axis % len(shape)
        count = max(0, -(-size // step) if pad_end else 1 + (size - length) // step)
        longer = np.concatenate(
            [x, np.full([length + step if i == where else n for i, n in enumerate(shape)], 0.5)], where
        )
        frames = [np.take(longer, np.arange(i * step, i * step + length), where) for i in range(count)]
        want = np.stack(frames, where) if frames else np.zeros((*shape[:where], 0, length, *shape[where + 1 :]))
        np.testing.assert_array_equal(got, want)
        assert got.dtype == np.float32


def test_gradient_of_frames_counts_how_often_an_element_is_in_one():
    x = tf.constant(np.arange(12.0))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.signal.frame(x, 5, 2) * tf.constant(np.arange(1.0, 6)))
    want = np.zeros(12)
    for i in range(4):
        want[2 * i : 2 * i + 5] += np.arange(1.0, 6)
    np.testing.assert_array_equal(tape.gradient(y, x), want)


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3), (0, 3), (40, 3)])
def test_cross_products_of_any_rank(shape):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, *shape))
    for f in (tf.linalg.cross, tf.function(tf.linalg.cross)):
        np.testing.assert_allclose(f(a, b), np.cross(a, b), atol=1e-14)
    i, j = rng.integers(-9, 9, (2, *shape)).astype(np.int32)
    np.testing.assert_array_equal(tf.linalg.cross(i, j), np.cross(i, j))


def test_kronecker_products_are_dense_products_of_all_pairs():
    rng = np.random.default_rng(1)
    a, b, c = rng.normal(size=(2, 3)), rng.normal(size=(4, 1)), rng.normal(size=(3, 2))
    full = tf.linalg.LinearOperatorFullMatrix

    def dense(*matrices):
        return tf.linalg.LinearOperatorKronecker([full(m) for m in matrices]).to_dense()

    np.testing.assert_allclose(dense(a, b), np.kron(a, b), rtol=1e-15)
    np.testing.assert_allclose(tf.function(dense)(a, b, c), np.kron(np.kron(a, b), c), rtol=1e-14)
    batch = rng.normal(size=(5, 2, 2))
    np.testing.assert_allclose(dense(batch, a), np.stack([np.kron(m, a) for m in batch]), rtol=1e-15)
    unknown = tf.function(
        dense, input_signature=[tf.TensorSpec([None, 3], tf.float64), tf.TensorSpec([4, 1], tf.float64)]
    )
    np.testing.assert_allclose(unknown(a, b), np.kron(a, b), rtol=1e-15)


@pytest.mark.parametrize("k", [-2, -1, 0, 1, 3])
@pytest.mark.parametrize("length", [0, 1, 4])
def test_matrices_of_one_diagonal_of_any_length(length, k):
    x = np.arange(1.0, length + 1)
    for f in (tf.linalg.diag, tf.function(tf.linalg.diag)):
        np.testing.assert_array_equal(f(tf.constant(x), k=k), np.diag(x, k))
        rows = np.broadcast_to(x, (3, length))
        got = f(tf.constant(rows), k=k, padding_value=7)
        want = np.where(np.diag(np.ones(length), k) > 0, np.diag(x, k), 7.0)
        np.testing.assert_array_equal(got, np.broadcast_to(want, (3, *want.shape)))
