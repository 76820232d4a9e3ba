"""A TensorArray to which nothing was written, and whose element shape is not known, is an argument like any other."""

import tfc as tf


@tf.function
def squares(array, n):
    for i in tf.range(n):
        array = array.write(i, tf.cast(i, tf.float32) ** 2)
    return array.stack()


def test_an_unwritten_array_is_an_argument():
    assert squares(tf.TensorArray(tf.float32, 3), tf.constant(3)).numpy().tolist() == [0, 1, 4]


def test_an_unwritten_array_is_an_argument_of_a_called_function():
    outer = tf.function(lambda n: squares(tf.TensorArray(tf.float32, n), n))
    assert outer(tf.constant(3)).numpy().tolist() == [0, 1, 4]


def test_an_unwritten_array_that_grows_is_an_argument():
    grow = tf.function(lambda array: array.write(array.size(), 1.5).stack())
    outer = tf.function(lambda: grow(tf.TensorArray(tf.float32, 0, dynamic_size=True)))
    assert grow(tf.TensorArray(tf.float32, 0, dynamic_size=True)).numpy().tolist() == outer().numpy().tolist() == [1.5]


def test_gradients_go_through_a_call_with_an_unwritten_array():
    v = tf.Variable(2.0)

    @tf.function
    def powers(array, n):
        for i in tf.range(n):
            array = array.write(i, v ** tf.cast(i, tf.float32))
        return tf.reduce_sum(array.stack())

    with tf.GradientTape() as tape:
        total = powers(tf.TensorArray(tf.float32, 4), tf.constant(4))
    assert total.numpy() == 15 and tape.gradient(total, v).numpy() == 17
