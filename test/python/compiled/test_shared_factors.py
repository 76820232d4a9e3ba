"""Gradients of systems use the factors of the system, and products with Q do not form it."""

import numpy as np
import pytest
import tfc as tf

DTYPES = ("float32", "float64", "complex64", "complex128")


def numbers(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def matrix(shape, dtype):
    return (numbers(shape, dtype) / np.sqrt(shape[-1]) + 3 * np.eye(shape[-1])).astype(dtype)


def adjoint(x):
    return np.swapaxes(x, -1, -2).conj()


def close(got, want, dtype, factor=1):
    double = np.dtype(dtype).char in "dD"
    scale = np.abs(want).max() if np.size(want) else 1
    np.testing.assert_allclose(got, want, rtol=0, atol=factor * scale * (1e-12 if double else 2e-5))



@tf.function
def solved(a, b, weights):
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        x = tf.linalg.solve(a, b)
        loss = tf.reduce_sum(tf.math.real(tf.math.conj(weights) * x))
    return x, tape.gradient(loss, (a, b))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape,columns", [((97, 97), 1), ((130, 130), 40), ((2, 3, 96, 96), 3), ((40, 40), 2), ((0, 0), 1)]
)
def test_gradients_of_systems_are_those_of_the_book(dtype, shape, columns):
    a, b = matrix(shape, dtype), numbers((*shape[:-1], columns), dtype, 1)
    w = numbers(b.shape, dtype, 2)
    x, (ga, gb) = solved(*(tf.constant(t) for t in (a, b, w)))
    wide = np.complex128 if np.dtype(dtype).kind == "c" else np.float64
    want = np.linalg.solve(a.astype(wide), b.astype(wide))
    want_b = np.linalg.solve(adjoint(a.astype(wide)), w.astype(wide))
    close(x, want, dtype)
    close(gb, want_b, dtype)
    close(ga, -want_b @ adjoint(want), dtype)


@pytest.mark.parametrize("threads", (1, 2))
def test_systems_of_one_matrix_are_those_of_each(threads):
    a = matrix((300, 300), "float32")
    b, c, d = (numbers((300, n), "float32", n) for n in (1, 70, 300))

    @tf.function
    def three(a, b, c, d):
        turned = tf.linalg.solve(a, c, adjoint=True)
        return tf.linalg.solve(a, b), turned, tf.linalg.solve(a, d), tf.linalg.solve(a, tf.eye(300), adjoint=True)

    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        found = three(*(tf.constant(t) for t in (a, b, c, d)))
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)
    a = a.astype(np.float64)
    for got, want in zip(
        found, (np.linalg.solve(a, b), np.linalg.solve(a.T, c), np.linalg.solve(a, d), np.linalg.inv(a.T))
    ):
        close(got, want, "float32")


def test_systems_of_one_matrix_in_branches_are_those_of_each():
    a, b = matrix((96, 96), "float64"), numbers((96, 1), "float64")

    @tf.function
    def function(a, b, flag):
        if flag:
            first = tf.linalg.solve(a, b)
        else:
            first = tf.linalg.solve(a, b + 1)
        for _ in tf.range(2):
            first = tf.linalg.solve(a, first, adjoint=True)
        return first

    for flag in (True, False):
        want = np.linalg.solve(a, b if flag else b + 1)
        want = np.linalg.solve(a.T, np.linalg.solve(a.T, want))
        close(function(tf.constant(a), tf.constant(b), tf.constant(flag)), want, "float64")


def test_singular_systems_that_share_factors_are_an_error():
    a = np.ones((96, 96))
    with pytest.raises(tf.errors.InvalidArgumentError, match="not invertible"):
        solved(*(tf.constant(t) for t in (a, numbers((96, 1), "float64"), numbers((96, 1), "float64"))))


def test_what_is_not_finite_stays_in_its_column_of_shared_systems():
    b = numbers((96, 3), "float64")
    b[5, 1] = np.nan
    x, _ = solved(tf.constant(matrix((96, 96), "float64")), tf.constant(b), tf.constant(b))
    assert np.isnan(x.numpy()).all(0).tolist() == [False, True, False]
    assert np.isfinite(x.numpy()[:, [0, 2]]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (5, 5), (3, 7, 7), (97, 97), (2, 128, 128)])
@pytest.mark.parametrize("name", ("slogdet", "det", "inv"))
@pytest.mark.parametrize("compiled", (False, True))
def test_gradients_of_determinants_and_inverses_are_inverses(dtype, shape, name, compiled):
    a = (matrix(shape, dtype) / 3).astype(dtype)

    def gradient(a, w):
        with tf.GradientTape() as tape:
            tape.watch(a)
            made = getattr(tf.linalg, name)(a)
            made = made[1] if name == "slogdet" else made
            loss = tf.reduce_sum(tf.math.real(tf.math.conj(w) * made))
        return tape.gradient(loss, a)

    w = numbers(shape if name == "inv" else shape[:-2], dtype, 3)
    if name == "slogdet":
        w = w.real.astype(dtype)
    got = (tf.function(gradient) if compiled else gradient)(tf.constant(a), tf.constant(w))
    wide = np.complex128 if np.dtype(dtype).kind == "c" else np.float64
    turned = adjoint(np.linalg.inv(a.astype(wide)))
    if name == "inv":
        want = -turned @ w @ turned
    else:
        factor = np.asarray(w)[..., None, None]
        want = factor * turned
        if name == "det":
            want = want * np.conj(np.linalg.det(a.astype(wide)))[..., None, None]
    close(got, want, dtype, factor=5)


@pytest.mark.parametrize("order", (5, 96))
@pytest.mark.parametrize("name", ("slogdet", "inv"))
def test_second_derivatives_of_determinants_and_inverses(order, name):
    a, v = matrix((order, order), "float64"), numbers((order, order), "float64", 4)

    def second(a, v):
        with tf.GradientTape() as outer:
            outer.watch(a)
            with tf.GradientTape() as inner:
                inner.watch(a)
                made = tf.linalg.slogdet(a)[1] if name == "slogdet" else tf.reduce_sum(v * tf.linalg.inv(a))
            found = tf.reduce_sum(inner.gradient(made, a) * v)
        return outer.gradient(found, a)

    i = np.linalg.inv(a).T
    if name == "slogdet":
        want = -i @ v.T @ i
    else:
        g = i @ v @ i
        want = i @ v.T @ g + g @ v.T @ i
    for run in (second, tf.function(second)):
        close(run(tf.constant(a), tf.constant(v)), want, "float64")
    traced = tf.function(
        lambda a: tf.linalg.slogdet(a)[1] if name == "slogdet" else tf.reduce_sum(v * tf.linalg.inv(a))
    )
    with tf.GradientTape() as outer:
        x = tf.constant(a)
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            made = traced(x)
        found = tf.reduce_sum(inner.gradient(made, x) * v)
    close(outer.gradient(found, x), want, "float64")


@tf.function
def projected(a, b):
    q, r = tf.linalg.qr(a)
    return tf.linalg.matmul(q, b, adjoint_a=True), r


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape,columns",
    [((1, 1), 1), ((5, 3), 1), ((33, 2), 1), ((70, 33), 16), ((64, 64), 1), ((200, 100), 50), ((2, 100, 60), 7)],
)
def test_products_with_q_are_those_of_reflections(dtype, shape, columns):
    a, b = numbers(shape, dtype), numbers((*shape[:-1], columns), dtype, 1)
    c, r = (t.numpy() for t in projected(tf.constant(a), tf.constant(b)))
    q, want = np.linalg.qr(a)
    # Rows are determined up to a factor of size 1.
    signs = np.diagonal(want, axis1=-2, axis2=-1) / np.diagonal(r, axis1=-2, axis2=-1)
    close(r * signs[..., None], want, dtype)
    close(c * signs[..., None], adjoint(q) @ b, dtype)
    assert not np.tril(r, -1).any()


def test_columns_beside_q_that_are_not_finite_spoil_nothing_else():
    a, b = numbers((90, 50), "float32"), numbers((90, 3), "float32")
    b[3, 1], b[4, 2] = np.nan, np.inf
    c, r = (t.numpy() for t in projected(tf.constant(a), tf.constant(b)))
    assert np.isfinite(r).all() and np.isfinite(c[:, 0]).all() and not np.isfinite(c[:, 1:]).any()
    a[2, 2] = np.nan
    c, r = (t.numpy() for t in projected(tf.constant(a), tf.constant(numbers((90, 3), "float32"))))
    assert np.isnan(c).all() and np.isnan(r[np.triu_indices(50)]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (40, 20), (20, 40), (100, 60), (60, 100), (2, 70, 50)])
@pytest.mark.parametrize("full", (False, True))
def test_r_alone_is_that_of_both_factors(dtype, shape, full):
    a = tf.constant(numbers(shape, dtype))
    alone = tf.function(lambda a: tf.linalg.qr(a, full_matrices=full).r)(a)
    both = tf.function(lambda a: tf.linalg.qr(a, full_matrices=full))(a)
    assert alone.shape == both.r.shape
    close(alone, both.r.numpy(), dtype)
    spoiled = a.numpy()
    spoiled[..., -1, 0] = np.nan
    assert np.isnan(
        tf.function(lambda a: tf.linalg.qr(a, full_matrices=full).r)(tf.constant(spoiled)).numpy()[..., 0, 0]
    ).all()


@pytest.mark.parametrize("shape", [(120, 40), (64, 64), (40, 20)])
def test_gradients_of_least_squares_in_the_range_of_the_matrix(shape):
    a = numbers(shape, "float64")
    b = a @ numbers((shape[1], 1), "float64", 1)

    @tf.function
    def gradient(a, b):
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            x = tf.linalg.lstsq(a, b, fast=False)
            loss = tf.reduce_sum(x * x)
        return x, tape.gradient(loss, (a, b))

    x, (ga, gb) = gradient(tf.constant(a), tf.constant(b))
    want = np.linalg.lstsq(a, b, rcond=None)[0]
    inverse = np.linalg.pinv(a)
    close(x, want, "float64", 100)
    close(gb, 2 * inverse.T @ want, "float64", 1000)
    close(ga, -2 * inverse.T @ want @ want.T, "float64", 1000)
