"""Places of elements that are computed where elements are read, with and without a check of their range."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
SIZES = [0, 1, 3, 63, 64, 65, 1000, 30_001]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_places_whose_range_is_known(n, dtype):
    table, y = RNG.normal(size=97).astype(np.float32), RNG.integers(-500, 500, n).astype(dtype)

    @tf.function
    def f(t, y):
        k = tf.clip_by_value(y, 0, 95)
        return [tf.gather(t, i) for i in (k, k + 1, y % 97, tf.abs(y) // 6, tf.bitwise.bitwise_and(y, 63))]

    k = np.clip(y, 0, 95)
    for got, i in zip(f(table, y), (k, k + 1, y % 97, abs(y) // 6, y & 63), strict=True):
        np.testing.assert_array_equal(got, table[i])


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_elements_at_vectors_and_at_columns_of_numbers(n, depth):
    shape = [7, 5, 3, 4, 2][:depth]
    x = RNG.normal(size=shape).astype(np.float32)
    i = np.stack([RNG.integers(0, size, n) for size in shape], -1).astype(np.int32)
    np.testing.assert_array_equal(tf.function(tf.gather_nd)(x, i), x[tuple(i.T)])
    f = tf.function(lambda x, *columns: tf.gather_nd(x, tf.stack(columns, -1)))
    np.testing.assert_array_equal(f(x, *i.T), x[tuple(i.T)])


def test_rows_at_columns_of_numbers():
    x, i, j = RNG.normal(size=(4, 3, 5)).astype(np.float32), RNG.integers(0, 4, 50), RNG.integers(0, 3, 50)
    f = tf.function(lambda x, i, j: tf.gather_nd(x, tf.stack([i, j], -1)))
    np.testing.assert_array_equal(f(x, i, j), x[i, j])


@pytest.mark.parametrize("bad", [-1, 5, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("n", [1, 65, 5000])
def test_a_place_out_of_range_is_shown(bad, n):
    x = RNG.normal(size=(6, 5)).astype(np.float32)
    i = np.stack([RNG.integers(0, 6, n), RNG.integers(0, 5, n)], -1).astype(np.int32)
    i[-1, 1] = bad
    for f, args in (
        (tf.function(tf.gather_nd), (i,)),
        (tf.function(lambda x, i, j: tf.gather_nd(x, tf.stack([i, j], -1))), (i[:, 0], i[:, 1])),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?s)indices = .* does not index into shape"):
            f(x, *args)
    if n == 1:
        with pytest.raises(tf.errors.InvalidArgumentError, match=str(bad)):
            tf.function(tf.gather_nd)(x, i)


def test_computed_places_out_of_range_are_shown():
    f = tf.function(lambda t, y: tf.gather(t, y * 2 + 1))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices = \[ 1  3 13\] is not in \[0, 10\)"):
        f(np.zeros(10, np.float32), np.array([0, 1, 6], np.int32))


def test_products_that_wrap_around_are_out_of_range_or_right():
    f = tf.function(lambda t, y: tf.gather(t, tf.minimum(tf.maximum(y, 0) * 65_536, 9)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="indices"):
        f(np.zeros(10, np.float32), np.array([32_768], np.int32))


@pytest.mark.parametrize("steps", [3, 60])
def test_a_chain_that_uses_each_step_twice_is_looked_at_once(steps):
    # Twice as long with each step, otherwise: this would not come to an end.
    x, places = np.arange(10.0), np.array([3, 5, 100])

    @tf.function
    def f(x, i):
        for _ in range(steps):
            i = i + i * i
        return tf.gather(x, i % 10), tf.gather(x, i)

    with pytest.raises(tf.errors.InvalidArgumentError, match="is not in \\[0, 10\\)"):
        f(x, places)
    np.testing.assert_array_equal(f(x, np.zeros(3, np.int64)), [[0.0] * 3] * 2)


def test_neighbours_of_points():
    image = RNG.normal(size=(31, 17)).astype(np.float32)
    u, v = RNG.uniform(-1, 31, 500).astype(np.float32), RNG.uniform(-1, 17, 500).astype(np.float32)

    @tf.function
    def f(image, u, v):
        i = tf.clip_by_value(tf.cast(tf.floor(u), tf.int32), 0, 29)
        j = tf.clip_by_value(tf.cast(tf.floor(v), tf.int32), 0, 15)
        flat, at = tf.reshape(image, [-1]), i * 17 + j
        return tf.gather(flat, at) - tf.gather(flat, at + 1) + tf.gather(flat, at + 17) - tf.gather(flat, at + 18)

    i, j = np.clip(np.floor(u).astype(int), 0, 29), np.clip(np.floor(v).astype(int), 0, 15)
    want = image[i, j] - image[i, j + 1] + image[i + 1, j] - image[i + 1, j + 1]
    np.testing.assert_allclose(f(image, u, v), want, rtol=1e-6, atol=1e-6)


def test_the_same_places_in_unknown_sizes():
    f = tf.function(
        lambda t, a, b: tf.gather_nd(t, tf.stack([a, b], 1)),
        input_signature=[
            tf.TensorSpec([None, None], tf.float32), tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.int32)
        ],
    )  # fmt: skip
    t = RNG.normal(size=(9, 4)).astype(np.float32)
    for n in (0, 1, 100):
        a, b = RNG.integers(0, 9, n).astype(np.int32), RNG.integers(0, 4, n).astype(np.int32)
        np.testing.assert_array_equal(f(t, a, b), t[a, b])
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not index"):
        f(t, np.array([9], np.int32), np.array([0], np.int32))


def test_a_variable_that_a_message_would_show_is_read_before_it_changes():
    v = tf.Variable(np.arange(6, dtype=np.int32))

    @tf.function
    def f(t):
        places = v * 2
        got = tf.gather(t, places)
        v.assign(v + 1)
        return got, places

    t = np.arange(12, dtype=np.float32)
    got, places = f(t)
    np.testing.assert_array_equal(got, t[::2])
    np.testing.assert_array_equal(places, np.arange(0, 12, 2))
    with pytest.raises(tf.errors.InvalidArgumentError, match="indices"):
        f(t)
