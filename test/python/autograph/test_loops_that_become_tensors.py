"""A `while` whose test, `break` or `return` is Python's for some iterations, and a tensor afterwards."""

import numpy as np
import pytest
import tfc as tf
from tfc.ops import nest


def until_done(n):
    done, k = False, 0
    while not done:
        k += 1
        done = k >= n
    return k


def with_a_break(n):
    go, k, s = True, 0, 0.0
    while go:
        k += 1
        s += tf.cast(k, tf.float32)
        go = k < n
        if s > 8.0:
            break
    return k, s


def left_by_a_break(n):
    k = 0
    while True:
        k += 1
        if k % 2 == 0:
            continue
        if k >= n:
            break
    return k


def counted_in_python(n):
    k, y = 0, 0
    while k < 4:
        k += 1
        if n == k:
            continue
        if k > n + 1:
            break
        y += k
    else:
        y += 100
    return k, y


def left_by_a_return(n):
    k = 0
    while True:
        k += 1
        if k * k > n:
            return k


def bound_in_the_test(n):
    x, k = 3, 0
    while (x := x - 1) > 0 and k < n:
        k += 1
    return x, k


def collected(n):
    done, values, k = False, [], 0
    while not done:
        k += 1
        values.append(k * k)
        done = k >= n
    return tf.stack(values)


def nested(n):
    outer, total = True, 0
    while outer:
        inner, i = True, 0
        while inner:
            i += 1
            inner = i < n
        total += i
        outer = total < 2 * n
    return total


def made_in_the_loop(n):
    go, k = True, 0
    while go:
        y = k * 2
        k += 1
        go = k < n
    return y


def state(n):
    go, d, k = True, {"a": 0}, 0
    while go:
        d["a"] += k
        k += 1
        go = k < n
    return d["a"]


def differentiated(n):
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y, go, k = x, True, 0
        while go:
            y *= x
            k += 1
            go = k < n
    return tape.gradient(y, x)


def left_in_a_loop(n):
    total = 0
    for i in tf.range(n):
        k = 0
        while True:
            k += 1
            if k > i:
                break
        total += k
    return total


PROGRAMS = [
    until_done,
    with_a_break,
    left_by_a_break,
    counted_in_python,
    left_by_a_return,
    bound_in_the_test,
    collected,
    nested,
    made_in_the_loop,
    state,
    differentiated,
    left_in_a_loop,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_the_first_iterations_are_python_s_and_the_others_a_loop_of_the_program(program):
    compiled = tf.function(program)
    for n in (0, 1, 3, 6):
        got, want = nest.flatten(compiled(tf.constant(n))), nest.flatten(program(tf.constant(n)))
        for a, b in zip(got, want, strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_test_of_a_loop_that_becomes_a_tensor_is_evaluated_once_for_each_iteration(capfd):
    @tf.function
    def f(n):
        k, first = 0, True

        def test():
            tf.print("test", k)
            return first or k < n

        while test():
            first = False
            k += n - n + 1
        return k

    assert f(tf.constant(3)).numpy() == 3
    assert capfd.readouterr().err == "test 0\ntest 1\ntest 2\ntest 3\n"


def test_what_a_tape_computes_in_a_loop_inside_needs_no_iteration():
    @tf.function
    def f(n, x):
        for _ in tf.range(2):
            for _ in tf.range(n):
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    loss = x * x
                x -= 0.25 * tape.gradient(loss, x)
        return x

    assert f(tf.constant(0), tf.constant(4.0)).numpy() == 4
    assert f(tf.constant(1), tf.constant(4.0)).numpy() == 1
