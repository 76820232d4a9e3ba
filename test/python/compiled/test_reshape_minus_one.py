"""A size given to reshape at run time may be -1: it says nothing about the size of the result."""

import pytest
import tfc as tf

SPEC = [tf.TensorSpec([], tf.int32), tf.TensorSpec([None]), tf.TensorSpec([None])]


@tf.function(input_signature=SPEC)
def sums(n, x, y):
    return tf.reshape(x, [n, 2])[:, 0] + tf.reshape(y, [n, 3])[:, 0]


def test_what_is_left_may_differ():
    with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes"):
        sums(-1, tf.range(90.0), tf.range(9.0))


def test_what_is_left_may_be_equal():
    assert sums(-1, tf.range(4.0), tf.range(6.0)).numpy().tolist() == [0, 5]
    assert sums(2, tf.range(4.0), tf.range(6.0)).numpy().tolist() == [0, 5]
