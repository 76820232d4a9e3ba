"""What begins as an input and becomes a result is copied once, into the result."""

import numpy as np
import pytest
import tfc as tf

X = np.random.default_rng(0).normal(size=(300, 40)).astype(np.float32)
ROWS = np.random.default_rng(1).normal(size=(7, 40)).astype(np.float32)
AT = np.array([3, 299, 0, 3, 17, 298, 3], np.int32)


def compiled(function, *args):
    return tf.function(function, autograph=False).get_concrete_function(*map(tf.constant, args))


def update(x, rows):
    return tf.tensor_scatter_nd_update(x, AT[:, None], rows)


def test_an_update_takes_no_memory():
    assert compiled(update, X, ROWS).compiled().arena_bytes < X.nbytes // 4


def test_the_input_stays_as_it_is():
    x = tf.constant(X)
    got = compiled(update, X, ROWS)(x, tf.constant(ROWS))
    want = X.copy()
    want[AT] = ROWS
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(x, X)


def test_one_input_becomes_two_results_and_is_one_itself():
    got = compiled(lambda x, rows: (update(x, rows), x, update(x, -rows)), X, ROWS)(tf.constant(X), tf.constant(ROWS))
    for result, rows in zip(got, (ROWS, None, -ROWS), strict=True):
        want = X.copy()
        if rows is not None:
            want[AT] = rows
        np.testing.assert_array_equal(result, want)


def test_updates_one_after_the_other():
    got = compiled(lambda x, rows: update(update(x, rows) * 2, rows) + x, X, ROWS)(tf.constant(X), tf.constant(ROWS))
    want = X.copy()
    want[AT] = ROWS
    want *= 2
    want[AT] = ROWS
    np.testing.assert_allclose(got, want + X, rtol=1e-6)


def test_an_update_that_is_read_again_after_another():
    def f(x, rows):
        first = update(x, rows)
        return tf.tensor_scatter_nd_add(first, AT[:, None], rows), first

    second, first = compiled(f, X, ROWS)(tf.constant(X), tf.constant(ROWS))
    want = X.copy()
    want[AT] = ROWS
    np.testing.assert_array_equal(first, want)
    np.add.at(want, AT, ROWS)
    np.testing.assert_allclose(second, want, rtol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_loops_whose_variables_exchange_places(count):
    @tf.function
    def f(x, y, n):
        for _ in tf.range(n):
            x, y = y, tf.tensor_scatter_nd_add(x, [[1]], y[:1])
        return x, y

    a, b = X[:3], X[3:6]
    got = f(tf.constant(a), tf.constant(b), tf.constant(count))
    x, y = a.copy(), b.copy()
    for _ in range(count):
        z = x.copy()
        z[1] += y[0]
        x, y = y, z
    np.testing.assert_allclose(got[0], x, rtol=1e-6)
    np.testing.assert_allclose(got[1], y, rtol=1e-6)


def test_a_variable_is_updated_in_its_place():
    v = tf.Variable(X)

    @tf.function
    def f(rows):
        before = v + 0
        v.scatter_nd_update(AT[:, None], rows)
        return before, update(v, -rows)

    before, after = f(tf.constant(ROWS))
    want = X.copy()
    np.testing.assert_array_equal(before, want)
    want[AT] = ROWS
    np.testing.assert_array_equal(v, want)
    want[AT] = -ROWS
    np.testing.assert_array_equal(after, want)
