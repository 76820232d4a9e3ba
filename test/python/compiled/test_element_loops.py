"""Loops that go on until all elements of a tensor are done: elements that are done keep what they have, or go on."""

import numpy as np
import pytest
import tfc as tf

SIZES = (0, 1, 7, 16, 33, 1001)


def points(n, dtype=np.float64):
    return np.random.default_rng(n).uniform(0.1, 30, n).astype(dtype)


def roots(x, limit):
    y, go, i = x.copy(), np.ones(x.shape, bool), 0
    while i < limit and go.any():
        new = (y + x / y) * x.dtype.type(0.5)
        go_on = np.abs(new - y) > x.dtype.type(1e-3) * new
        y, go, i = np.where(go, new, y), go & go_on, i + 1
    return y, i


def compiled_roots(x, limit):
    def step(i, y, go):
        new = (y + x / y) * 0.5
        return i + 1, tf.where(go, new, y), go & (tf.abs(new - y) > 1e-3 * new)

    start = (0, x, tf.ones_like(x, tf.bool))
    return tf.while_loop(lambda i, y, go: (i < limit) & tf.reduce_any(go), step, start)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_elements_selected_by_a_mask_keep_their_values(dtype):
    one = tf.function(lambda x, limit: compiled_roots(x, limit)[1], reduce_retracing=True)
    for n in SIZES:
        x = points(n, dtype)
        for limit in (0, 3, 100):
            np.testing.assert_allclose(one(x, tf.constant(limit)), roots(x, limit)[0], rtol=1e-5)


def test_number_of_iterations_is_that_of_the_last_element():
    one = tf.function(compiled_roots)
    x = points(50)
    i, y, go = one(x, 100)
    assert (int(i), bool(go.numpy().any())) == (roots(x, 100)[1], False)
    np.testing.assert_allclose(y, roots(x, 100)[0], rtol=1e-12)


def test_elements_that_nothing_keeps_go_on_with_the_others():
    @tf.function
    def doubled(x):
        return tf.while_loop(lambda y: tf.reduce_any(y < 100.0), lambda y: (y + y,), (x,))[0]

    x = points(33)
    factor = 2 ** int(np.ceil(np.log2(100 / x.min())))
    np.testing.assert_array_equal(doubled(x), x * factor)


def test_mask_of_a_comparison_and_values_besides():
    @tf.function
    def steps(x, y):
        def body(a, count):
            small = a < y
            return tf.where(small, a * 1.5, a), tf.where(small, count + 1, count)

        return tf.while_loop(lambda a, count: tf.reduce_any(a < y), body, (x, tf.zeros(x.shape, tf.int32)))

    x = points(64).reshape(4, 16)
    x[1, 3], x[2, 2], x[3, 1] = np.nan, np.inf, 99.0
    got, count = steps(x, 50.0)
    want, n = x.copy(), np.zeros(x.shape, np.int32)
    while (want < 50.0).any():
        n += want < 50.0
        want = np.where(want < 50.0, want * 1.5, want)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(count, n)


def test_mask_that_becomes_true_again_belongs_to_all():
    @tf.function
    def f(x):
        def body(i, a, go):
            return i + 1, tf.where(go, a + 1.0, a), tf.cast(tf.math.floormod(i, 2), tf.bool) ^ go

        go = x > 1.0
        return tf.while_loop(lambda i, a, go: (i < 5) & tf.reduce_any(go), body, (0, x, go))[1]

    x = np.array([0.5, 2.0, 3.0, 0.1])
    i, a, go = 0, x, x > 1.0
    while i < 5 and go.any():
        i, a, go = i + 1, np.where(go, a + 1.0, a), (i % 2 == 1) ^ go
    np.testing.assert_array_equal(f(x), a)


def test_results_used_by_scalars_of_the_loop_are_those_of_all_elements():
    @tf.function
    def f(x):
        def body(total, a):
            small = a < 10.0
            return total + tf.reduce_sum(a), tf.where(small, a * 2.0, a)

        return tf.while_loop(lambda total, a: tf.reduce_any(a < 10.0), body, (0.0, x))

    x = np.array([1.0, 3.0, 20.0, 6.0], np.float32)
    total, a = 0.0, x
    while (a < 10.0).any():
        total, a = total + a.sum(), np.where(a < 10.0, a * 2, a)
    got, values = f(x)
    assert float(got) == total
    np.testing.assert_array_equal(values, a)


@pytest.mark.parametrize("n", SIZES)
def test_elements_go_on_until_all_are_done(n):
    @tf.function
    def f(x):
        def body(done, a, count):
            a, count = tf.where(done, a, a * 0.5), tf.where(tf.logical_not(done), count + 1, count)
            return done | (a < 1.0), a, count

        start = (x < 1.0, x, tf.fill(x.shape, np.int64(0)))
        return tf.while_loop(lambda done, *_: tf.logical_not(tf.reduce_all(done)), body, start)[1:]

    x = points(n, np.float32)
    a, count = f(x)
    want = np.maximum(np.floor(np.log2(x)) + 1, 0)
    np.testing.assert_array_equal(count, want)
    np.testing.assert_array_equal(a, np.ldexp(x, -want.astype(int)))


def test_all_elements_may_begin_with_the_same():
    @tf.function
    def f(n, limit):
        def body(a, count):
            more = a * n < limit
            return tf.where(a < limit, tf.where(more, a * n, limit), a), tf.where(a < limit, count + 1, count)

        start = (tf.ones(n.shape, tf.float64), tf.zeros(n.shape, tf.int32))
        return tf.while_loop(lambda a, count: tf.reduce_any(a < limit), body, start)

    n = 2 + points(40)
    a, count = f(n, 1e6)
    np.testing.assert_array_equal(a, np.full(40, 1e6))
    np.testing.assert_array_equal(count, np.ceil(np.log(1e6) / np.log(n)))


def test_gradient_of_a_loop_over_elements():
    @tf.function
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = compiled_roots(x, 30)[1]
        return tape.gradient(y, x)

    x = points(20)
    np.testing.assert_allclose(slope(x), 0.5 / np.sqrt(x), rtol=1e-4)


def test_threads_share_elements():
    one = tf.function(lambda x: compiled_roots(x, 100)[1])
    x = points(200_001)
    np.testing.assert_allclose(one(x), roots(x, 100)[0], rtol=1e-12)


def test_incomplete_functions_of_many_elements_are_those_of_each():
    rng = np.random.default_rng(3)
    a, b, x = rng.uniform(0.1, 20, 37), rng.uniform(0.1, 20, 37), rng.uniform(0, 1, 37)
    x[:4], a[4:6] = (0.0, 1.0, np.nan, 2.0), (-1.0, np.inf)
    for f, args in (
        (tf.math.igamma, (a, x * 20)),
        (tf.math.igammac, (a, x * 20)),
        (tf.math.betainc, (a, b, x)),
        (tf.math.zeta, (1 + x, a)),
    ):
        want = [float(f(*(v[i] for v in args))) for i in range(37)]
        np.testing.assert_allclose(tf.function(f)(*args), want, rtol=1e-12)
