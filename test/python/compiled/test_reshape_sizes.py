"""Sizes of reshaped tensors that run time computes."""

import pytest
import tfc as tf


@pytest.mark.parametrize("order", [lambda n, size: [n, size], lambda n, size: [size, n]])
@pytest.mark.parametrize("count", [0, 2])
def test_a_size_beside_zero_is_the_one_that_was_asked_for(count, order):
    @tf.function(autograph=False)
    def f(x, size):
        n = tf.shape(x)[0]
        return tf.reshape(tf.zeros([n * size]), order(n, size))

    assert f(tf.zeros([count, 3]), tf.constant(4)).shape == tuple(order(count, 4))
