"""What functions and traces keep alive, and what they do not."""

import gc
import resource
import weakref

import numpy as np
import tfc as tf


def test_a_function_can_be_collected():
    def make():
        v = tf.Variable(np.ones(3, np.float32))
        f = tf.function(lambda x: x * v)
        f(tf.constant(1.0))
        f(tf.constant(1.0))
        return weakref.ref(f), weakref.ref(v)

    f, v = make()
    gc.collect()
    assert f() is None and v() is None


def test_arguments_are_not_kept():
    f = tf.function(lambda x: x * 2)
    x = tf.ones([1000])
    reference = weakref.ref(x)
    f(x)
    f(x)
    del x
    gc.collect()
    assert reference() is None


def test_captured_tensors_are_kept_as_long_as_the_trace():
    def make():
        k = tf.ones([1000])
        return tf.function(lambda x: x + k), weakref.ref(k)

    f, k = make()
    assert f(tf.constant(1.0)).numpy().sum() == 2000 and k() is not None
    del f
    gc.collect()
    assert k() is None


def test_values_of_a_trace_are_gone_after_it():
    held = []

    @tf.function
    def f(x):
        y = x * 2
        held.append(weakref.ref(y))
        return y + 1

    f(tf.constant(1.0))
    gc.collect()
    assert held[0]() is None


def test_memory_is_bounded_over_many_signatures():
    f = tf.function(lambda x, k: tf.tanh(x) * k + x)
    x = tf.constant(1.0)
    sizes = []
    for i in range(1200):
        f.get_concrete_function(x, i)
        if i in (600, 1199):
            gc.collect()
            sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert len(f._concretes) == tf.config.knobs.trace_cache_limit and sizes[1] - sizes[0] < 40_000


def test_gradients_leave_nothing():
    f = tf.function(lambda x: tf.reduce_sum(tf.tanh(x) * x))
    x = tf.ones([10])

    def step():
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x)

    step()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(20):
        step()
    gc.collect()
    assert len(gc.get_objects()) - before < 20
