"""Elements along a dimension that is left out are those along it, also where another dimension has size one."""

import numpy as np
import tfc as tf


def test_gather_in_a_loop_of_one_iteration_keeps_the_order_of_dimensions():
    x = np.arange(6, dtype=np.float32).reshape(1, 2, 3)

    @tf.function
    def f(x):
        total = tf.zeros([1, 2])
        for k in tf.range(1):
            total += tf.gather(x, k, axis=2)
        return total

    np.testing.assert_array_equal(f(x).numpy(), x[:, :, 0])


def test_slice_at_a_computed_index_keeps_the_order_of_dimensions():
    x = np.arange(12, dtype=np.float32).reshape(1, 2, 3, 2)

    @tf.function
    def f(x):
        total = tf.zeros([1, 2])
        for k in tf.range(1):
            total += x[:, :, 2, k] + x[..., k + 1, k]
        return total

    np.testing.assert_array_equal(f(x).numpy(), x[:, :, 2, 0] + x[:, :, 1, 0])
