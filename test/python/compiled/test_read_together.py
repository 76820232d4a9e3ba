"""Products of few rows whose right operands are computed from the same bytes read them once."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(11)


def numbers(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def packed(k, n):
    return RNG.integers(0, 256, (k, n)).astype(np.uint8)


def low(w):
    return tf.cast(tf.bitwise.bitwise_and(w, tf.constant(15, tf.uint8)), tf.float32) - 8.0


def high(w):
    return tf.cast(tf.bitwise.right_shift(w, tf.constant(4, tf.uint8)), tf.float32) - 8.0


def joined(f, *args):
    remarks = f.get_concrete_function(*args).compiled().remarks
    return sum("in the loop of the product before" in remark for remark in remarks)


def alone(unpack, x, w):
    return tf.function(lambda x, w: tf.matmul(x, unpack(w)))(x, w).numpy()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("sizes", [(1, 700, 1024), (2, 1301, 1000), (5, 513, 1155)], ids=str)
def test_both_halves_of_bytes_give_what_each_gives_alone(sizes, threads):
    m, k, n = sizes
    x, y, w = numbers(m, k), numbers(m, k), packed(k, n)
    f = tf.function(lambda x, y, w: (tf.matmul(x, low(w)), tf.matmul(y, high(w))))
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        first, second = f(x, y, w)
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    np.testing.assert_array_equal(first, alone(low, x, w))
    np.testing.assert_array_equal(second, alone(high, y, w))
    np.testing.assert_allclose(first, x.astype(np.float64) @ ((w & 15) - 8.0), rtol=1e-3, atol=1e-2)
    assert joined(f, x, y, w) == 1


def test_sums_of_both_halves_are_those_of_all_weights():
    x, w, scale = numbers(1, 2048), packed(1024, 1024), numbers(1024)

    @tf.function
    def f(x, w, scale):
        return (tf.matmul(x[:, :1024], low(w)) + tf.matmul(x[:, 1024:], high(w))) * scale

    wide = np.concatenate([w & 15, w >> 4]).astype(np.float64) - 8
    np.testing.assert_allclose(f(x, w, scale), x.astype(np.float64) @ wide * scale, rtol=1e-3, atol=1e-2)
    assert joined(f, x, w, scale) == 1


def test_quarters_of_bytes_are_read_once():
    x, w = numbers(4, 600), packed(600, 1024)

    def part(w, number):
        bits = tf.bitwise.right_shift(w, tf.constant(2 * number, tf.uint8))
        return tf.cast(tf.bitwise.bitwise_and(bits, tf.constant(3, tf.uint8)), tf.float32) - 1.5

    f = tf.function(lambda x, w: [tf.matmul(x[i : i + 1], part(w, i)) for i in range(4)])
    for i, got in enumerate(f(x, w)):
        np.testing.assert_array_equal(got, alone(lambda w, i=i: part(w, i), x[i : i + 1], w))
    assert joined(f, x, w) == 3


def test_a_product_of_the_result_of_another_one_comes_after_it():
    x, w = numbers(1, 1024), packed(1024, 1024)
    f = tf.function(lambda x, w: tf.matmul(tf.matmul(x, low(w)), high(w)))
    first = alone(low, x, w)
    np.testing.assert_array_equal(f(x, w), alone(high, first, w))
    assert joined(f, x, w) == 0


def test_an_input_that_is_made_from_the_first_result_comes_after_it():
    x, w = numbers(1, 1024), packed(1024, 1024)

    @tf.function
    def f(x, w):
        first = tf.matmul(x, low(w))
        return first, tf.matmul(tf.reverse(tf.nn.relu(first), [1]), high(w))

    first, second = f(x, w)
    np.testing.assert_array_equal(first, alone(low, x, w))
    np.testing.assert_array_equal(second, alone(high, np.maximum(first.numpy(), 0)[:, ::-1].copy(), w))


def test_other_sizes_and_other_bytes_stay_alone():
    x, w, v = numbers(1, 1024), packed(1024, 1024), packed(1024, 1024)
    f = tf.function(lambda x, w, v: (tf.matmul(x, low(w)), tf.matmul(x, high(v))))
    first, second = f(x, w, v)
    np.testing.assert_array_equal(first, alone(low, x, w))
    np.testing.assert_array_equal(second, alone(high, x, v))
    assert joined(f, x, w, v) == 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_stays_in_its_product_and_row(value):
    x, y, w = numbers(2, 1024), numbers(2, 1024), packed(1024, 1024)
    x[1, 17] = value
    first, second = tf.function(lambda x, y, w: (tf.matmul(x, low(w)), tf.matmul(y, high(w))))(x, y, w)
    assert np.all(np.isfinite(first.numpy()[0])) and np.all(np.isfinite(second.numpy()))
    np.testing.assert_array_equal(first, alone(low, x, w))
    assert not np.any(np.isfinite(first.numpy()[1]))


def test_a_variable_that_is_assigned_between_is_read_as_it_was():
    x, w, v = numbers(1, 1024), tf.Variable(packed(1024, 1024)), packed(1024, 1024)
    before = w.numpy()

    @tf.function
    def f(x, v):
        first = tf.matmul(x, low(w))
        w.assign(v)
        return first, tf.matmul(x, high(w))

    first, second = f(x, v)
    np.testing.assert_array_equal(first, alone(low, x, before))
    np.testing.assert_array_equal(second, alone(high, x, v))
