"""What loops carry in buffers that take turns is what they carry eagerly: any number of iterations, whatever is read or returned beside it."""

import importlib

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
SMALL, LARGE = 6, 24  # squares of floats below and above the size from which buffers take turns (1 KiB)
COUNTS = [0, 1, 2, 3, 6]


def data(*shape):
    return tf.constant(RNG.normal(size=shape).astype(np.float32))


def neighbours(u):
    inner = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    return tf.pad(inner, [[1, 1], [1, 1]])


def jacobi(n, u, v):
    for _ in tf.range(n):
        u = neighbours(u)
    return u


def jacobi_and_start(n, u, v):
    start = u
    for _ in tf.range(n):
        u = neighbours(u)
    return u, start, u + start


def one_after_the_other(n, u, v):
    for _ in tf.range(n):
        u = neighbours(u)
    for _ in tf.range(n):
        v = neighbours(v) + u
    return u, v


def same_start(n, u, v):
    a = b = u
    for _ in tf.range(n):
        a, b = neighbours(b), neighbours(a) + 1.0
    return a, b


def change_places(n, u, v):
    for _ in tf.range(n):
        u, v = v, u
    return u, v


def change_three_places(n, u, v):
    w = u + v
    for _ in tf.range(n):
        u, v, w = v, w, u
    return u, v, w


def fibonacci(n, u, v):
    for _ in tf.range(n):
        u, v = v, u + v
    return u, v


def wave(n, u, v):
    for _ in tf.range(n):
        u, v = v, 2.0 * v - u + 0.1 * neighbours(v)
    return u, v


def becomes_the_other(n, u, v):
    for _ in tf.range(n):
        u, v = v, neighbours(v)
    return u, v


def both_become_one(n, u, v):
    for _ in tf.range(n):
        u, v = u, u
        u = neighbours(u)
    return u, v


def until_small(n, u, v):
    i = 0
    while i < n and tf.reduce_max(tf.abs(u)) > 1e-6:
        u = neighbours(u)
        i += 1
    return u, i


def residual(n, u, v):
    left = tf.constant(1.0)
    i = 0
    while i < n and left > 0.0:
        new = neighbours(u)
        left = tf.reduce_sum(tf.abs(new - u))
        u = new
        i += 1
    return u, left


def loop_in_loop(n, u, v):
    for _ in tf.range(n):
        for _ in tf.range(n + 1):
            u = neighbours(u)
        v = v + u
    return u, v


def product_beside_inner_loop(n, u, v):
    for _ in tf.range(n):
        v = v @ u
        for _ in tf.range(2):
            u = neighbours(u) + 0.1
    return u, v


def in_branches(n, u, v):
    for i in tf.range(n):
        if i % 2 == 0:
            u = neighbours(u)
        else:
            v = neighbours(u)
    return u, v


def swapped_in_branches(n, u, v):
    for i in tf.range(n):
        if i % 2 == 0:
            u, v = v, neighbours(u)
    return u, v


def transposed(n, u, v):
    for _ in tf.range(n):
        u = tf.transpose(u) * 0.5 + v
    return u


def a_row(n, u, v):
    for _ in tf.range(n):
        u = tf.tanh(u + tf.reverse(u, [0]))
    return u[3]


def kept_in_a_list(n, u, v):
    steps = tf.TensorArray(tf.float32, n, element_shape=u.shape)
    for i in tf.range(n):
        steps = steps.write(i, u)
        u = neighbours(u)
    return steps.stack(), u


def old_value_last(n, u, v):
    for _ in tf.range(n):
        new = neighbours(u)
        v = v + u[::-1]
        u = new
    return u, v


def rows_of_itself(n, u, v):
    for i in tf.range(n):
        u = tf.minimum(u, u[:, i][:, None] + u[i][None])
    return u


def bits(n, u, v):
    alive = tf.cast(u > 0, tf.int32)
    for _ in tf.range(n):
        count = tf.zeros_like(alive)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                if dx or dy:
                    count += tf.roll(alive, [dy, dx], [0, 1])
        alive = tf.cast((count == 3) | ((alive == 1) & (count == 2)), tf.int32)
    return alive


PROGRAMS = [
    jacobi, jacobi_and_start, one_after_the_other, same_start, change_places, change_three_places, fibonacci, wave,
    becomes_the_other, both_become_one, until_small, residual, loop_in_loop, product_beside_inner_loop, in_branches,
    swapped_in_branches, transposed, a_row, kept_in_a_list, old_value_last, rows_of_itself, bits,
]  # fmt: skip


def check(program, n, u, v):
    kept = u.numpy().copy(), v.numpy().copy()
    want = tf.nest.flatten(program(n, u, v))
    for count in (n, tf.constant(n)):
        compiled = tf.function(lambda u, v, count=count: program(count, u, v))
        for _ in range(2):
            got = tf.nest.flatten(compiled(u, v))
            for x, y in zip(got, want, strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(u, kept[0])
    np.testing.assert_array_equal(v, kept[1])


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_buffers_that_take_turns(program, count):
    check(program, count, data(LARGE, LARGE), data(LARGE, LARGE))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_small_buffers_are_copied(program):
    check(program, 3, data(SMALL, SMALL), data(SMALL, SMALL))


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_share_what_takes_turns(threads):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        check(wave, 5, data(700, 700), data(700, 700))
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)


@pytest.mark.parametrize("count", COUNTS)
def test_a_variable_goes_on_in_its_loop(count):
    start = data(LARGE, LARGE)
    variable = tf.Variable(start)

    @tf.function
    def step(n):
        u = variable.read_value()
        for _ in tf.range(n):
            u = neighbours(u)
        variable.assign(u)
        return tf.reduce_sum(u)

    expected = jacobi(count, start, None)
    np.testing.assert_allclose(step(tf.constant(count)), tf.reduce_sum(expected), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(variable, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", COUNTS)
def test_what_ends_where_a_variable_was_is_not_overwritten(count):
    start, other = data(LARGE, LARGE), data(LARGE, LARGE)
    variable = tf.Variable(start)

    def step(b):
        a = variable.read_value()
        for _ in tf.range(count):
            a, b = neighbours(a), a
        variable.assign(a)
        return a, b

    got = tf.function(step)(other)
    variable.assign(start)
    for x, y in zip(got, step(other), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", COUNTS)
def test_what_a_variable_was_before_another_assignment(count):
    start, other = data(LARGE, LARGE), data(LARGE, LARGE)
    variable = tf.Variable(start)

    def step(b):
        a = variable.read_value()
        for _ in tf.range(count):
            a = neighbours(a)
        variable.assign(b)
        return a + 1.0, a

    got = tf.function(step)(other)
    variable.assign(start)
    for x, y in zip(got, step(other), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-5)


def test_a_variable_that_is_assigned_in_the_loop():
    start, other = data(LARGE, LARGE), data(LARGE, LARGE)
    variable = tf.Variable(start)

    @tf.function
    def step(u):
        for _ in tf.range(3):
            u = neighbours(u) + variable
            variable.assign(neighbours(variable))
        return u

    got = step(other)
    u, v = other, start
    for _ in range(3):
        u, v = neighbours(u) + v, neighbours(v)
    np.testing.assert_allclose(got, u, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(variable, v, rtol=1e-4, atol=1e-5)


def test_a_variable_keeps_its_value_where_the_loop_fails():
    start = data(LARGE, LARGE)
    variable = tf.Variable(start)

    @tf.function
    def step(limit):
        u = variable.read_value()
        for i in tf.range(4):
            tf.debugging.assert_less(i, limit)
            u = neighbours(u)
        variable.assign(u)

    with pytest.raises(tf.errors.InvalidArgumentError):
        step(tf.constant(2))
    np.testing.assert_array_equal(variable, start)


@pytest.mark.parametrize("program", [jacobi, wave, fibonacci, residual], ids=lambda f: f.__name__)
def test_gradients_of_what_takes_turns(program):
    def gradients(u, v):
        with tf.GradientTape() as tape:
            tape.watch([u, v])
            result = tf.add_n([tf.reduce_sum(x * x) for x in tf.nest.flatten(program(3, u, v))])
        return tape.gradient(result, [u, v], unconnected_gradients="zero")

    u, v = data(LARGE, LARGE), data(LARGE, LARGE)
    for x, y in zip(tf.function(gradients)(u, v), gradients(u, v), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-3, atol=1e-4)


def a_row_replaced(n, a, b):
    for i in tf.range(n):
        a = tf.tensor_scatter_nd_update(b, [[i]], [a[0]])
    return a


def a_row_added(n, a, b):
    for i in tf.range(n):
        a = tf.tensor_scatter_nd_add(b, [[i]], [a[0]])
    return a


def a_row_where_odd(n, a, b):
    for i in tf.range(n):
        if i % 2 == 1:
            a = tf.tensor_scatter_nd_update(b, [[i]], [a[0] + 1.0])
    return a


def rows_of_rows(n, a, b):
    for i in tf.range(n):
        for j in tf.range(2):
            a = tf.tensor_scatter_nd_update(b, [[i], [j + 3]], [a[0], a[1]])
    return a


@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize(
    "program", [a_row_replaced, a_row_added, a_row_where_odd, rows_of_rows], ids=lambda f: f.__name__
)
def test_a_value_from_before_the_loop_stays_when_parts_of_it_are_replaced(program, n, static):
    def f(n, a, b):
        return program(n, tf.sin(a), tf.sin(b))

    for size in (SMALL, LARGE):
        a, b = data(size, size), data(size, size)
        got = tf.function(lambda a, b: f(n, a, b))(a, b) if static else tf.function(f)(tf.constant(n), a, b)
        np.testing.assert_allclose(got, f(n, a, b), rtol=1e-5, atol=1e-6)


def both_are_one_and_one_is_changed(n, a, b):
    for _ in tf.range(n):
        a = b = tf.concat([b[1:], a[:1]], 0)
    return a + 1.0, b


def one_is_the_other_in_another_shape(n, a, b):
    b = tf.reshape(b, [-1])
    for _ in tf.range(n):
        a = tf.concat([tf.reshape(b, a.shape)[1:], a[:1]], 0)
        b = tf.reshape(a, [-1])
    return a + 1.0, b


@pytest.mark.parametrize("n", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "program", [both_are_one_and_one_is_changed, one_is_the_other_in_another_shape], ids=lambda f: f.__name__
)
def test_variables_with_one_value_are_changed_by_themselves(program, n):
    a, b = data(LARGE, LARGE), data(LARGE, LARGE)
    for x, y in zip(tf.function(program)(tf.constant(n), a, b), program(n, a, b), strict=True):
        np.testing.assert_array_equal(x, y)


def test_small_variables_with_one_value_are_changed_by_themselves():
    def program(n, b, c):
        for i in tf.range(n):
            b = c = tf.minimum(c, c[:, i][:, None] + c[i][None])
        b, c = tf.cos(b), tf.sin(c)
        for i in tf.range(2):
            b, c = (tf.maximum(b, c), b) if i % 2 == 0 else (c, b)
        return b, c

    b, c = data(SMALL, SMALL), data(SMALL, SMALL)
    for x, y in zip(tf.function(program)(tf.constant(3), b, c), program(tf.constant(3), b, c), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_list_whose_length_turns_out_to_be_known_goes_through_loops(size):
    def program(a):
        array = tf.TensorArray(tf.float32, size=0, dynamic_size=True, element_shape=a.shape)
        for i in tf.range(1):
            array = array.write(i, a)
        first = before = last = array.stack()
        for _i in tf.range(4):
            x = y = before
            for _ in tf.range(1):
                x, y = y, first
            last, before = y, x
        return last, before

    a = data(size, size)
    for x, y in zip(tf.function(program)(a), program(a), strict=True):
        np.testing.assert_array_equal(x, y)


def test_a_loop_that_reshapes_what_it_carries_computes_it_in_its_own_sizes(monkeypatch):
    """A turn by a number that the loop counts works on `[before, size, after]`, which here has the type of the value."""
    monkeypatch.setattr(importlib.import_module("tfc.function.flat"), "SPECIALIZATIONS", 0)

    @tf.function(input_signature=[tf.TensorSpec([None] * 3, tf.float32), tf.TensorSpec([], tf.int32)])
    def turned(x, n):
        for i in tf.range(n):
            x = tf.roll(x, i, 0)
        return x

    x = np.arange(2 * 9 * 3, dtype=np.float32).reshape(2, 9, 3)
    for n in (1, 2, 3, 4):
        np.testing.assert_array_equal(turned(x, n), np.roll(x, sum(range(n)), 0))
