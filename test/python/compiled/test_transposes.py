"""Copies in another order are done in small squares: whatever the sizes, nothing is left out or done twice."""

import numpy as np
import pytest
import tfc as tf


def compiled(function, *args):
    return tf.function(function, autograph=False)(*args).numpy()


@pytest.mark.parametrize("rows", [0, 1, 31, 32, 33, 47, 100])
@pytest.mark.parametrize("columns", [1, 16, 32, 45, 64])
def test_every_size_of_a_matrix(rows, columns):
    x = np.arange(rows * columns, dtype=np.float32).reshape(rows, columns)
    assert np.array_equal(compiled(tf.transpose, tf.constant(x)), x.T)


@pytest.mark.parametrize("dtype", [np.float64, np.int8, np.int64, np.bool_, np.complex64, tf.bfloat16.as_numpy_dtype])
def test_every_kind_of_element(dtype):
    x = (np.arange(50 * 70).reshape(50, 70) % 7).astype(dtype)
    assert np.array_equal(compiled(tf.transpose, tf.constant(x)), x.T)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128], ids=lambda t: t.__name__)
@pytest.mark.parametrize("shape", [(1, 70), (33, 64), (50, 71), (300, 600), (3, 40, 9), (35, 3, 40)], ids=str)
def test_complex_numbers_change_sides_as_wholes_and_may_be_computed_with(dtype, shape):
    r = np.random.default_rng(1)
    x = (r.normal(size=shape) + 1j * r.normal(size=shape)).astype(dtype)
    z = tf.constant(x)
    turned = np.swapaxes(x, -1, -2)
    perm = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
    assert np.array_equal(compiled(lambda x: tf.transpose(x, perm), z), turned)
    assert np.array_equal(compiled(lambda x: tf.transpose(x, perm, conjugate=True) * 2, z), turned.conj() * 2)
    assert np.array_equal(compiled(lambda x: tf.math.real(tf.transpose(x, perm)), z), turned.real)
    assert np.array_equal(compiled(lambda x: tf.transpose(x) + tf.transpose(x[::-1]), z), x.T + x[::-1].T)


@pytest.mark.parametrize("perm", [(0, 2, 1), (2, 1, 0), (1, 2, 0), (2, 0, 1), (1, 0, 2)])
def test_every_order_of_three_dimensions(perm):
    x = np.random.default_rng(0).normal(size=(35, 40, 50)).astype(np.float32)
    assert np.array_equal(compiled(lambda x: tf.transpose(x, perm), tf.constant(x)), x.transpose(perm))


@pytest.mark.parametrize("threads", [1, 2])
def test_arithmetic_with_a_matrix_and_its_transpose(threads):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        x = np.random.default_rng(0).normal(size=(301, 301)).astype(np.float32)
        x[3, 5], x[7, 1] = np.nan, -0.0
        got = compiled(lambda x: x * 2.0 - tf.transpose(x), tf.constant(x))
        np.testing.assert_allclose(got, x * 2 - x.T, rtol=1e-6, atol=1e-6)
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)


def test_a_variable_that_is_transposed_in_place():
    v = tf.Variable(np.arange(48 * 48, dtype=np.float32).reshape(48, 48))

    @tf.function
    def step():
        v.assign(tf.transpose(v) + 1.0)

    before = v.numpy()
    step()
    assert np.array_equal(v.numpy(), before.T + 1)


def test_unknown_sizes():
    f = tf.function(lambda x: tf.transpose(x), input_signature=[tf.TensorSpec([None, None])])
    for shape in ((0, 3), (40, 33), (64, 64), (1, 100)):
        x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        assert np.array_equal(f(tf.constant(x)).numpy(), x.T)


SIDES = [3, 4, 7, 8, 15, 16, 20, 33]
PERMS = [(3, 1, 2, 0), (3, 2, 1, 0), (1, 3, 2, 0), (2, 3, 0, 1)]


def every_order(x):
    return [tf.transpose(x, perm) for perm in PERMS]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
@pytest.mark.parametrize("last", SIDES)
@pytest.mark.parametrize("first", SIDES)
def test_short_sides_around_other_dimensions(first, last, dtype):
    x = np.arange(first * 3 * 5 * last).reshape(first, 3, 5, last).astype(dtype)
    for perm, got in zip(PERMS, tf.function(every_order, autograph=False)(tf.constant(x)), strict=True):
        assert np.array_equal(got.numpy(), x.transpose(perm))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "shape", [(8, 40, 41, 40), (40, 9, 41, 100), (100, 40, 41, 7), (20, 40, 41, 21), (260, 3, 9, 270)]
)
def test_lines_of_many_squares(shape, threads):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        for perm, got in zip(PERMS, tf.function(every_order, autograph=False)(tf.constant(x)), strict=True):
            assert np.array_equal(got.numpy(), x.transpose(perm))
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)


def test_short_sides_with_arithmetic_in_both_orders():
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=shape).astype(np.float32) for shape in ((9, 6, 7, 12), (12, 6, 7, 9)))
    x[0, 0, 0, 0], x[1, 2, 3, 4], y[0, 0, 0, 1] = np.nan, -0.0, np.inf
    got = compiled(lambda x, y: tf.transpose(x, (3, 1, 2, 0)) * 2.0 - y, tf.constant(x), tf.constant(y))
    np.testing.assert_array_equal(got, x.transpose(3, 1, 2, 0) * 2 - y)
