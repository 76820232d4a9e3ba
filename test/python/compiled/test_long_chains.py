"""Hundreds of ops that write one buffer after the other are compiled in pieces, and mean the same."""

import numpy as np
import pytest
import tfc as tf

N = 150  # steps: several pieces


def update(x, i):
    return tf.tensor_scatter_nd_update(x, [[i % 8]], x[:1] * 0.5 + float(i))


def add(x, i):
    return tf.tensor_scatter_nd_add(x, [[i % 8], [3]], x[2:4] * 0.25)


def accumulate(x, i):
    return tf.cumsum(x, i % 2, reverse=i % 3 == 0) * 0.25


def roll(x, i):
    return tf.roll(x, 1 + i % 3, i % 2)


def concat(x, i):
    return tf.concat([x[1:], x[:1] + float(i)], 0)


def put(x, i):
    return tf.concat([x[: i % 7], x[i % 7 : i % 7 + 1] * 0.5, x[i % 7 + 1 :]], 0)


def gather(x, i):
    return tf.gather(x, [3, 1, 0, 2, 4, 5, 7, 6]) + float(i)


def reverse(x, i):
    return tf.reverse(x, [i % 2])


def nothing_but_a_loop(x, i):
    return tf.while_loop(lambda j, y: j < 3, lambda j, y: (j + 1, y * 0.5 + tf.reverse(y, [0])), (0, x))[1] * 0.5


def branch(x, i):
    return tf.cond(x[0, 0] > i, lambda: update(x, i), lambda: tf.cumsum(x, 1) * 0.25)


STEPS = [update, add, accumulate, roll, concat, put, gather, reverse, nothing_but_a_loop, branch]


def agree(function, *args):
    got, want = tf.function(function, autograph=False)(*args), function(*args)
    for a, b in zip(tf.nest.flatten(got), tf.nest.flatten(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4)


@pytest.fixture(scope="module")
def x():
    return tf.constant(np.random.default_rng(0).random((8, 8), np.float32))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_gives_the_same(step, x):
    def f(x):
        for i in range(N):
            x = step(x, i)
        return x

    agree(f, x)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_values_on_the_way_stay(step, x):
    """Some are needed far behind, where others have been written in their memory."""

    def f(x):
        kept, first = [], x
        for i in range(N):
            x = step(x, i)
            if i % 29 == 0 or i in (31, 32, 33, 63, 64, 65):
                kept.append(x)
        return x, tf.add_n(kept), kept[3], kept[3][2:5] + first[2:5], x * 2.0

    agree(f, x)


@pytest.mark.parametrize("step", [update, accumulate, roll], ids=lambda step: step.__name__)
def test_sizes_that_are_not_known(step, x):
    def f(x):
        for i in range(N):
            x = step(x, i)
        return x

    compiled = tf.function(f, input_signature=[tf.TensorSpec([None, None])], autograph=False)
    np.testing.assert_allclose(compiled(x), f(x), rtol=1e-4)


def test_variables_are_updated_in_order(x):
    v, w = tf.Variable(x), tf.Variable(x)

    def f(x):
        first = v.read_value()
        for i in range(N):
            v.scatter_nd_update([[i % 8]], x[:1] * float(i))
            w[i % 8].assign(v[(i + 1) % 8] + w[3])
            if i == 70:
                middle = v.read_value()
        return first, middle, v.read_value() + w

    got = tf.function(f, autograph=False)(x)
    values = v.numpy(), w.numpy()
    v.assign(x)
    w.assign(x)
    want = f(x)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    np.testing.assert_allclose(values[0], v, rtol=1e-5)
    np.testing.assert_allclose(values[1], w, rtol=1e-5)


def test_a_failing_assertion_leaves_what_was_written(x):
    v = tf.Variable(tf.zeros([8]))

    @tf.function(autograph=False)
    def f(n):
        for i in range(N):
            tf.debugging.assert_less(i, n)
            v[i % 8].assign(tf.cast(i, tf.float32) + v[0] * 0)

    with pytest.raises(tf.errors.InvalidArgumentError):
        f(tf.constant(100))
    assert v.numpy().tolist() == [96, 97, 98, 99, 92, 93, 94, 95]


@pytest.mark.parametrize("step", [update, lambda x, i: tf.cumsum(x, 0)], ids=["update", "cumsum"])
def test_pieces_need_no_copies(step, x):
    def copies(n):
        def f(x):
            for i in range(n):
                x = step(x, i)
            return x

        text = tf.function(f, autograph=False).get_concrete_function(x).mlir("tfc-bufferization")
        return text.count("memref.copy") / n

    assert copies(N) == copies(10)


def test_each_of_many_steps_may_have_a_branch_of_its_own():
    def steps(x):
        for _ in range(300):
            x = tf.sin(x) + 0.5
        return x

    agree(steps, tf.constant(0.3))
    agree(steps, tf.constant(np.nan, tf.float64))
