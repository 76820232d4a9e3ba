"""Random programs of loops with breaks, branches, arrays, lookups, custom gradients: all ways to a derivative agree.

Eager tapes, tapes inside and around a function, `tf.gradients`, forward mode and finite differences.
"""

import random

import numpy as np
import pytest
import tfc as tf

SIZE = 5
START = np.array([0.3, -0.7, 1.1, 0.4, -0.2])


def smooth(draw):
    f = draw.choice([tf.sin, tf.tanh, tf.sigmoid, lambda x: x * x * 0.5, tf.math.softplus, lambda x: tf.exp(-x * x)])
    return lambda x: f(x)


def running(draw):
    f = draw.choice([tf.cumsum, lambda x: tf.math.cumprod(x + 1.5), tf.math.cumulative_logsumexp])
    return lambda x: tf.tanh(f(x))


def product(draw):
    matrix = tf.constant(np.random.default_rng(draw.randrange(99)).uniform(-0.5, 0.5, (SIZE, SIZE)))
    return lambda x: tf.linalg.matvec(matrix, x)


def looked_up(draw):
    at = [draw.randrange(SIZE) for _ in range(SIZE)]
    return lambda x: tf.gather(x, at) + 0.5 * x


def scattered(draw):
    at = [[draw.randrange(SIZE)] for _ in range(3)]
    return lambda x: tf.tensor_scatter_nd_add(x, at, x[:3] * 0.5)


def sums(draw):
    return lambda x: tf.math.unsorted_segment_sum(x, [0, 1, 0, 2, 1], SIZE) * 0.7 + x


def branch(draw):
    inner, other = step(draw, 2), step(draw, 2)
    limit = draw.uniform(-0.5, 0.5)

    def f(x):
        if tf.reduce_sum(x) > limit:
            y = inner(x)
        else:
            y = other(x) * 2.0
        return y

    return f


def loop(draw):
    inner = step(draw, 2)
    times, limit = draw.randrange(1, 5), draw.uniform(1.0, 4.0)

    def f(x):
        for i in tf.range(times):
            x = inner(x) + 0.1
            if tf.reduce_sum(x * x) > limit:
                break
            j = 0
            while tf.reduce_max(x) > 0.9 and j < 3:
                x = x * 0.8
                j += 1
            x += 0.05 * tf.cast(i, tf.float64)
        return x

    return f


def array(draw):
    inner = step(draw, 2)

    def f(x):
        values = tf.TensorArray(tf.float64, SIZE)
        total = x[0]
        for i in tf.range(SIZE):
            total = total * 0.5 + x[i]
            values = values.write(i, tf.sin(total))
        return inner(values.stack())

    return f


def custom(draw):
    factor = draw.uniform(0.5, 2.0)

    @tf.custom_gradient
    def f(x):
        return factor * tf.sin(x), lambda g: g * factor * tf.cos(x)

    return f


def recomputed(draw):
    # As in TensorFlow, autograph does not look into it.
    return tf.recompute_grad(step(draw, 2))


def called(draw):
    inner = step(draw, 2)
    return tf.function(lambda x: inner(x) * 0.9)


LEAVES = [smooth, running, product, looked_up, scattered, sums, custom]
NESTS = [branch, loop, array, recomputed, called]


def step(draw, depth, nests=None):
    kinds = LEAVES if depth >= 2 or draw.random() < 0.4 else nests or NESTS
    return draw.choice(kinds)(draw)


def program(seed, nests=tuple(NESTS)):
    draw = random.Random(seed)
    steps = [draw.choice(nests)(draw), step(draw, 0, nests), step(draw, 0, nests)]

    def f(x):
        for s in steps:
            x = s(x)
        return tf.reduce_sum(x * tf.constant([1.0, -0.5, 0.3, 0.8, 0.6], tf.float64))

    return f


def slope(f):
    def g(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x)

    return g


def numeric(f, x, step=1e-6):
    each = np.eye(SIZE) * step
    return np.array([(float(f(tf.constant(x + e))) - float(f(tf.constant(x - e)))) / (2 * step) for e in each])


@pytest.mark.parametrize("seed", range(24))
def test_all_ways_to_a_derivative_agree(seed):
    f = program(seed)
    x = tf.constant(START)
    want = slope(f)(x).numpy()
    np.testing.assert_allclose(want, numeric(f, START), rtol=1e-5, atol=1e-7)
    whole = tf.function(f)
    ways = {
        "a tape in a function": tf.function(slope(f)),
        "a tape around a function": slope(whole),
        "tf.gradients": tf.function(lambda x: tf.gradients(f(x), x)[0]),
    }
    for name, way in ways.items():
        np.testing.assert_allclose(way(x).numpy(), want, rtol=1e-10, atol=1e-12, err_msg=name)
    direction = tf.constant(np.random.default_rng(seed).normal(size=SIZE))
    with tf.autodiff.ForwardAccumulator(x, direction) as acc:
        y = f(x)
    np.testing.assert_allclose(acc.jvp(y).numpy(), want @ direction.numpy(), rtol=1e-9, atol=1e-11)


TWICE = (branch, loop, array, recomputed, called)


@pytest.mark.parametrize("seed", range(6))
def test_second_derivatives_agree(seed):
    f = program(seed, TWICE)
    x = tf.constant(START)

    def product(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(slope(f)(x) * tf.constant(START + 1))
        return tape.gradient(total, x, unconnected_gradients="zero")

    want = product(x).numpy()
    rows = numeric(lambda x: tf.reduce_sum(slope(f)(x) * tf.constant(START + 1)), START, 1e-5)
    np.testing.assert_allclose(want, rows, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(tf.function(product)(x).numpy(), want, rtol=1e-9, atol=1e-11)
