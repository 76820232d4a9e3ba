"""Products along many rows with few results are sums of pieces, which threads share: as exact, and the same for any
number of threads.
"""

import ml_dtypes
import numpy as np
import pytest
import tfc as tf


def numbers(*shape, dtype="float32", seed=0):
    x = np.random.default_rng(seed).normal(size=shape) * 3
    return tf.constant(x.astype(dtype))


def product(a, b):
    wide = np.float64 if a.dtype.kind == "f" or a.dtype == ml_dtypes.bfloat16 else a.dtype
    return a.astype(wide).T @ b.astype(wide)


# Whole pieces, rows that are left over, columns of one vector and of parts of one, more results than are in a few
# pieces, results that are shared as they are.
SHAPES = [
    (6272, 128, 32),
    (6271, 33, 65),
    (8191, 16, 16),
    (8192, 256, 10),
    (25000, 40, 3),
    (4096, 256, 200),
    (2048, 300, 300),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "int32"])
def test_values(shape, dtype):
    depth, rows, columns = shape
    kind = ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
    a, b = numbers(depth, rows, dtype=kind), numbers(depth, columns, dtype=kind, seed=1)
    got = tf.function(lambda a, b: tf.matmul(a, b, transpose_a=True))(a, b).numpy()
    want = product(a.numpy(), b.numpy())
    if dtype == "int32":
        np.testing.assert_array_equal(got, want)
    else:
        tolerance = {"float32": 2e-6, "float64": 1e-14, "bfloat16": 2e-2}[dtype]
        scale = product(np.abs(a.numpy().astype(np.float64)), np.abs(b.numpy().astype(np.float64)))
        assert np.all(np.abs(got.astype(np.float64) - want) <= tolerance * scale)


def test_nan_and_infinity_stay_where_they_are():
    a, b = numbers(6272, 128).numpy(), numbers(6272, 32, seed=1).numpy()
    a[6271, 3], b[17, 5] = np.nan, np.inf
    got = tf.function(lambda a, b: tf.matmul(a, b, transpose_a=True))(a, b).numpy()
    assert np.array_equal(np.isnan(got), np.isnan(product(a, b)))
    assert np.all(np.isnan(got[3])) and np.all(np.isinf(np.delete(got, 3, 0)[:, 5]))


def test_what_follows_a_product():
    a, b, bias = numbers(6272, 128), numbers(6272, 32, seed=1), numbers(32, seed=2)
    got = tf.function(lambda a, b, bias: tf.nn.relu(tf.matmul(a, b, transpose_a=True) + bias) * 2.0)(a, b, bias)
    want = np.maximum(product(a.numpy(), b.numpy()) + bias.numpy(), 0) * 2
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-4, atol=1e-2)


def test_a_variable_that_a_product_is_taken_from():
    x, g = numbers(6271, 128), numbers(6271, 32, seed=1)
    w = tf.Variable(numbers(128, 32, seed=2))
    before = w.numpy()

    @tf.function
    def step():
        w.assign_sub(0.01 * tf.matmul(x, g, transpose_a=True))
        return tf.reduce_sum(w)

    total = step().numpy()
    want = before - 0.01 * product(x.numpy(), g.numpy())
    np.testing.assert_allclose(w.numpy(), want, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(total, want.sum(), rtol=1e-3, atol=0.5)


def filter_gradient(x, w, g):
    with tf.GradientTape() as tape:
        tape.watch(w)
        y = tf.nn.conv2d(x, w, 1, "SAME")
    return tape.gradient(y, w, output_gradients=g)


IMAGES = [
    (8, 28, 3, 64, 64),
    (7, 20, 3, 24, 40),
    (8, 56, 3, 16, 16),
    (1, 40, 3, 32, 32),
    (16, 14, 1, 32, 128),
    (5, 30, 5, 8, 8),
]


@pytest.mark.parametrize("shape", IMAGES)
def test_gradients_of_filters(shape):
    images, size, window, inputs, outputs = shape
    x, w, g = (
        numbers(images, size, size, inputs),
        numbers(window, window, inputs, outputs),
        numbers(images, size, size, outputs, seed=1),
    )
    got = tf.function(filter_gradient)(x, w, g).numpy()
    around = window // 2
    wide = np.pad(x.numpy().astype(np.float64), ((0, 0), (around, around), (around, around), (0, 0)))
    for i in range(window):
        for j in range(window):
            part = wide[:, i : i + size, j : j + size].reshape(-1, inputs)
            want = part.T @ g.numpy().astype(np.float64).reshape(-1, outputs)
            np.testing.assert_allclose(got[i, j], want, rtol=1e-4, atol=2e-2)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("shape", [(6272, 128, 32), (6271, 33, 65), (4096, 256, 200)])
def test_a_thread_gives_what_two_give(shape):
    depth, rows, columns = shape
    a, b = numbers(depth, rows), numbers(depth, columns, seed=1)
    compiled = tf.function(lambda a, b: tf.matmul(a, b, transpose_a=True))
    two = compiled(a, b).numpy()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    np.testing.assert_array_equal(compiled(a, b).numpy(), two)
