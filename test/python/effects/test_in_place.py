"""Variables are updated where they are, unless somebody holds the old value."""

import gc
import resource

import numpy as np
import pytest
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


def test_a_part_read_after_the_update_is_no_reason_to_copy_the_variable():
    v = tf.Variable(tf.ones([SIZE]))

    @tf.function
    def step():
        v.assign(v * 0.5 + 1.0)
        return v[:3], tf.reshape(v, [-1, 4])[1, 2:]

    first, row = step()
    assert first.numpy().tolist() == [1.5] * 3 and row.numpy().tolist() == [1.5] * 2
    assert step.get_concrete_function().compiled().arena_bytes < SIZE


def test_a_part_of_the_old_value_is_kept_from_the_update():
    v = tf.Variable(tf.ones([SIZE]))

    @tf.function
    def step():
        old = v[:3]
        v.assign(v * 0.5 + 1.0)
        between = v[:3]
        v.assign(v * 2.0)
        return old, between, v[:3]

    assert [part.numpy().tolist() for part in step()] == [[1.0] * 3, [1.5] * 3, [3.0] * 3]


def test_a_value_in_the_memory_of_one_variable_reaches_another_one_before_it_is_overwritten():
    v, u, w = (tf.Variable(tf.range(6, dtype=tf.int32) + i) for i in range(3))

    @tf.function
    def f(x):
        v.assign(tf.cumsum(v + x) * 3)
        u.assign(tf.cumsum(v % 7) % 1009)
        for _ in tf.range(1):
            w.assign(tf.cumsum(v % 7))

    f(tf.constant(1))
    a = np.cumsum(np.arange(6) + 1) * 3
    b = np.cumsum(a % 7)
    np.testing.assert_array_equal([v.numpy(), u.numpy(), w.numpy()], [a, b % 1009, b])


@pytest.mark.parametrize("loop", ["for", "while"])
def test_variables_of_a_loop_are_written_where_they_are(loop):
    w, m, c = tf.Variable(tf.zeros([1000])), tf.Variable(tf.ones([1000])), tf.Variable(tf.ones([1000]))

    @tf.function
    def f(g, n):
        if loop == "for":
            for _ in tf.range(n):
                m.assign(m * 0.5 + g)
                w.assign_sub(m * 0.25)
                c.assign(c * 2.0)
        else:
            while c[0] < 8.0:
                m.assign(m * 0.5 + g)
                w.assign_sub(m * 0.25)
                c.assign(c * 2.0)

    concrete = f.get_concrete_function(tf.TensorSpec([1000]), tf.TensorSpec([], tf.int32))
    assert concrete.compiled().arena_bytes < 4000
    f(tf.ones([1000]), 3)
    assert (m.numpy()[-1], w.numpy()[-1], c.numpy()[-1]) == (2.0 - 0.125, -0.25 * (1.5 + 1.75 + 1.875), 8.0)


def test_variables_that_change_places_in_a_loop_keep_their_values():
    v, w = tf.Variable(tf.zeros([100])), tf.Variable(tf.ones([100]))

    @tf.function
    def f(n):
        for _ in tf.range(n):
            a, b = v.read_value(), w.read_value()
            v.assign(b)
            w.assign(a * 2.0 + 1.0)

    f(tf.constant(4))
    assert (v.numpy()[-1], w.numpy()[-1]) == (3.0, 7.0)
