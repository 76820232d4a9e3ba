"""Variables are updated where they are, unless somebody holds the old value."""

import gc
import resource

import numpy as np
import tfc as tf

SIZE = 8 << 20  # elements of 4 bytes


def address(variable):
    """Where the value lies now; holds nothing."""
    return np.from_dlpack(variable.read_value()).__array_interface__["data"][0]


def momentum_step():
    w, m = tf.Variable(tf.zeros([SIZE])), tf.Variable(tf.zeros([SIZE]))

    @tf.function
    def step(g):
        m.assign(m * 0.5 + g)
        w.assign_sub(m * 0.25)

    return w, m, step


def test_a_training_step_writes_its_variables_where_they_are():
    w, m, step = momentum_step()
    g = tf.ones([SIZE])
    step(g)
    before = address(w), address(m)
    gc.collect()
    step(g)
    assert (address(w), address(m)) == before
    assert w.numpy()[-1] == -0.625 and m.numpy()[-1] == 1.5


def test_a_training_step_takes_no_memory_of_a_variable_s_size():
    _, _, step = momentum_step()
    g = tf.ones([SIZE])
    step(tf.ones([SIZE]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        step(g)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < SIZE * 4 // 1024 // 4


def test_who_holds_the_old_value_keeps_it():
    w, _, step = momentum_step()
    old = w.read_value()
    step(tf.ones([SIZE]))
    assert old.numpy()[0] == 0.0 and w.numpy()[0] == -0.25
