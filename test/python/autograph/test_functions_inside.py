"""Functions made inside of a function see what control statements on tensors assign."""

import pytest
import tfc as tf


def after_a_loop(n):
    def inner():
        return y + 1

    for i in tf.range(n):
        y = i * 2
    return inner()


def by_a_lambda_after_a_loop(n):
    inner = lambda: y + 1
    i = 0 * n
    while i < n:
        y = i * 2
        i += 1
    return inner()


def through_another_function(n):
    def first():
        return y + 1

    def second():
        return first() * 10

    for i in tf.range(n):
        y = i * 2
    return second()


def functions_that_call_each_other(n):
    def even(k):
        return y if k == 0 else odd(k - 1)

    def odd(k):
        return -y if k == 0 else even(k - 1)

    for i in tf.range(n):
        y = i * 2
    return odd(3)


def after_a_branch(n):
    def inner():
        return y + 1

    if n > 2:
        y = n * 2
    else:
        y = n * 3
    return inner()


def in_the_test_of_a_loop(n):
    def inner():
        return y < 3 * n

    y = n
    while inner():
        y = y + 1
    return y


def as_an_argument(n):
    def inner(x):
        return x + y

    for i in tf.range(n):
        y = i * 2
    return tf.map_fn(inner, tf.range(3))[2]


def written_first_in_each_iteration(n):
    def inner():
        return y + 1

    total = 0 * n
    for i in tf.range(n):
        y = i * 2
        total += inner()
    return total


@pytest.mark.parametrize(
    "program",
    [
        after_a_loop, by_a_lambda_after_a_loop, through_another_function, functions_that_call_each_other,
        after_a_branch, in_the_test_of_a_loop, as_an_argument, written_first_in_each_iteration,
    ],
)  # fmt: skip
@pytest.mark.parametrize("n", [1, 5])
def test_an_inner_function_reads_what_was_assigned(program, n):
    n = tf.constant(n)
    assert int(tf.function(program)(n)) == int(program(n))


def test_a_variable_that_no_iteration_assigned_is_an_error():
    with pytest.raises(tf.errors.InvalidArgumentError, match="initialize y"):
        tf.function(after_a_loop)(tf.constant(0))


def test_what_only_an_inner_function_of_an_iteration_reads_need_not_be_a_tensor():
    @tf.function
    def program(n):
        total = 0 * n
        for i in tf.range(n):
            parts = {"a": i, "names": ["a"]}
            total += (lambda: sum(parts[k] for k in parts["names"]))()
        return total

    assert int(program(tf.constant(4))) == 6
