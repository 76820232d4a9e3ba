"""`tf.gradients`: sources that depend on each other."""

import tfc as tf


def test_a_source_that_depends_on_another_passes_its_gradient_on():
    @tf.function
    def example():
        a = tf.constant(0.0)
        b = 2 * a
        return tf.gradients(a + b, [a, b])

    assert [g.numpy() for g in example()] == [3, 1]


def test_a_source_that_is_a_stop_does_not():
    @tf.function
    def example():
        a = tf.constant(0.0)
        b = 2 * a
        return tf.gradients(a + b, [a, b], stop_gradients=[a, b])

    assert [g.numpy() for g in example()] == [1, 1]


def test_a_source_behind_stop_gradient_has_a_gradient():
    @tf.function
    def example():
        a = tf.stop_gradient(tf.constant(0.0))
        b = tf.stop_gradient(2 * a)
        return tf.gradients(a + b, [a, b])

    assert [g.numpy() for g in example()] == [1, 1]
