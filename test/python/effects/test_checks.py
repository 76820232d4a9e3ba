"""Run-time errors of pure ops in compiled functions: the exception, the message, and the state left behind."""

import numpy as np
import pytest
import tfc as tf

X = tf.constant(np.arange(5, dtype=np.float32))


@tf.function
def gather(x, i):
    return tf.gather(x, i)


@tf.function
def divide(x, y):
    return x // y


@tf.function(input_signature=[tf.TensorSpec([None]), tf.TensorSpec([None])])
def add(x, y):
    return x + y


@tf.function
def read(n, i):
    return tf.TensorArray(tf.float32, size=n, element_shape=[]).read(i)


@pytest.mark.parametrize(
    ("function", "arguments", "error", "message"),
    [
        (gather, (X, tf.constant(7)), tf.errors.InvalidArgumentError, r"indices = 7 is not in \[0, 5\)"),
        (gather, (X, tf.constant(-1)), tf.errors.InvalidArgumentError, r"indices = -1 is not in \[0, 5\)"),
        (divide, (tf.constant([4]), tf.constant([0])), tf.errors.InvalidArgumentError, "Integer division by zero"),
        pytest.param(
            add,
            (X, X[:3]),
            tf.errors.InvalidArgumentError,
            r"Incompatible shapes: \[5\] vs. \[3\]",
        ),
        (
            read,
            (tf.constant(2), tf.constant(2)),
            tf.errors.InvalidArgumentError,
            "Tried to read from index 2 but array size is: 2",
        ),
    ],
)
def test_error(function, arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        function(*arguments)
    assert "test_checks.py" in str(caught.value)


def test_writes_before_the_error_have_happened_and_none_behind_it():
    v = tf.Variable(1.0)

    @tf.function
    def f(i):
        v.assign_add(1.0)
        y = tf.gather(X, i)
        v.assign_add(10.0)
        return y

    with pytest.raises(tf.errors.InvalidArgumentError):
        f(tf.constant(9))
    assert v.numpy() == 2.0


def test_a_loop_stops_at_the_failing_iteration():
    v = tf.Variable(0.0)

    @tf.function
    def f(n):
        for i in tf.range(n):
            v.assign_add(tf.gather(X, i))

    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices = 5 is not in \[0, 5\)"):
        f(tf.constant(9))
    assert v.numpy() == 10.0


@pytest.mark.parametrize("division", [tf.math.floordiv, tf.math.floormod, tf.truncatediv])
@pytest.mark.parametrize("shape", [None, [0, 1], [None, 1], [None, None]], ids=str)
def test_where_nothing_is_divided_a_divisor_may_be_zero(division, shape):
    x, y = tf.zeros([0, 1], tf.int64), tf.constant([0, 3], tf.int64)
    f = division
    if shape is not None:
        signature = [tf.TensorSpec(shape, tf.int64), tf.TensorSpec([None], tf.int64)]
        f = tf.function(lambda x, y: division(x, y), input_signature=signature)
    assert f(x, y).shape == (0, 2)
    if shape != [0, 1]:
        with pytest.raises(tf.errors.InvalidArgumentError, match="Integer division by zero"):
            f(tf.ones([2, 1], tf.int64), y)
