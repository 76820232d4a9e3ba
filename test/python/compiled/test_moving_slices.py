"""Slices that move with the counter of a loop, also where bounds are clamped: compiled is what Python's slices give."""

import numpy as np
import pytest
import tfc as tf


def data(rows, columns=3):
    return tf.constant(np.arange(rows * columns, dtype=np.float32).reshape(rows, columns))


def agree(function, *args):
    want = function(*args).numpy()
    got = tf.function(function)(*args).numpy()
    np.testing.assert_allclose(got, want, rtol=1e-6)


def sum_of_batches(size, count, offset=0):
    def f(x):
        total = tf.zeros([3])
        for i in tf.range(count):
            total = total * 1.5 + tf.reduce_sum(x[i * size + offset : (i + 1) * size + offset], 0)
        return total

    return f


@pytest.mark.parametrize("offset", [-5, -1, 0, 1, 2])
@pytest.mark.parametrize(("size", "count"), [(1, 12), (4, 3), (4, 4), (5, 3), (12, 1), (3, 0)])
def test_batches_within_and_beyond_the_rows(size, count, offset):
    agree(sum_of_batches(size, count, offset), data(12))


@pytest.mark.parametrize("count", [7, 8, 9])
def test_a_column_and_a_row_of_each_step(count):
    def f(d):
        for k in tf.range(count):
            d = tf.minimum(d, tf.reduce_sum(d[:, k : k + 1], 1, keepdims=True) + tf.reduce_sum(d[k : k + 1], 0))
        return d

    agree(f, data(8, 8))


@pytest.mark.parametrize("start", [7, 8, 9])
def test_loops_that_count_down(start):
    def f(x):
        total = tf.zeros([3])
        for i in tf.range(start, -1, -1):
            total = total * 1.5 + tf.reduce_sum(x[i : i + 2], 0)
        return total

    agree(f, data(10))


@pytest.mark.parametrize("step", [2, 3, 5])
def test_loops_in_steps(step):
    def f(x):
        total = tf.zeros([3])
        for i in tf.range(0, 10, step):
            total = total * 1.5 + tf.reduce_sum(x[i : i + step], 0)
        return total

    agree(f, data(10))


@pytest.mark.parametrize("divisor", [8, 9, 10, 11])
@pytest.mark.parametrize("number", [-3, 0, 25, 29])
def test_remainders(number, divisor):
    def f(x, n):
        k = n % divisor
        return tf.reduce_sum(x[k : k + 2], 0)

    agree(f, data(10), tf.constant(number))


def test_a_loop_that_is_left_early():
    def f(x):
        total = tf.zeros([3])
        for i in tf.range(6):
            total += tf.reduce_sum(x[2 * i : 2 * i + 2], 0)
            if total[0] > 20.0:
                break
        return total

    agree(f, data(12))


def test_gradients_of_moving_slices():
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.constant(0.0)
            for i in tf.range(4):
                total += tf.reduce_sum(x[3 * i : 3 * i + 3] ** 2) * tf.cast(i + 1, tf.float32)
        return tape.gradient(total, x)

    agree(f, data(12))


def test_numbers_that_wrap_around():
    def f(x):
        total = tf.zeros([3])
        for i in tf.range(3):
            k = (i + 1) * 2000000000
            total += tf.reduce_sum(x[k : k + 2], 0) + 1.0
        return total

    agree(f, data(10))
