"""Gradients through loops that take elements from the host: elements are kept, calls are not repeated."""

import numpy as np
import pytest
import tfc as tf


def test_a_loop_over_a_dataset_has_gradients_of_all_orders():
    v = tf.Variable(2.0)
    dataset = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0])

    @tf.function
    def total():
        t = tf.constant(0.0)
        for x in dataset:
            t += v**x
        return t

    with tf.GradientTape() as outer:
        with tf.GradientTape() as tape:
            y = total()
        slope = tape.gradient(y, v)
    assert (y.numpy(), slope.numpy(), outer.gradient(slope, v).numpy()) == (14, 17, 14)


def test_a_call_of_the_host_in_a_loop_is_not_repeated_by_the_gradient():
    v, calls = tf.Variable(2.0), []

    def count(x):
        calls.append(x)
        return np.float32(len(calls))

    @tf.function
    def total(n):
        t = tf.constant(0.0)
        for _ in tf.range(n):
            t += v * tf.numpy_function(count, [t], tf.TensorSpec([], tf.float32))
        return t

    with tf.GradientTape() as tape:
        y = total(tf.constant(3))
    assert (y.numpy(), tape.gradient(y, v).numpy(), len(calls)) == (12, 6, 3)


def test_elements_of_unknown_sizes_have_no_gradient_in_a_loop():
    v = tf.Variable(2.0)
    dataset = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0]).batch(2)

    @tf.function
    def total():
        t = tf.constant(0.0)
        for x in dataset:
            t += tf.reduce_sum(v * x)
        return t

    with pytest.raises(LookupError, match="drop_remainder=True"), tf.GradientTape() as tape:
        tape.gradient(total(), v)


def test_relu_of_nan_is_nan():
    x = tf.constant([float("nan"), -1.0, 2.0])
    for f in (tf.nn.relu, tf.function(tf.nn.relu)):
        np.testing.assert_array_equal(f(x), [np.nan, 0, 2])
