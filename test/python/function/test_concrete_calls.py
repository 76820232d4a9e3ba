"""Calls of concrete functions: native for tensors in order, and the same in every other way of calling them."""

import gc

import numpy as np
import pytest
import tfc as tf

X = tf.constant([1.0, 2.0, 3.0])


def made(function=lambda x: x * 2.0 + 1.0, *specs):
    return tf.function(function).get_concrete_function(*(specs or [tf.TensorSpec([3], tf.float32)]))


def served(concrete, monkeypatch):
    """From now on calls that need Python fail."""
    monkeypatch.setattr(type(concrete), "call_python", None)


def test_the_second_call_needs_no_python(monkeypatch):
    c = made()
    first = c(X).numpy()
    served(c, monkeypatch)
    assert np.array_equal(c(X).numpy(), first)
    with pytest.raises(TypeError):
        c(tf.constant([1.0, 2.0]))


def test_each_shape_of_unknown_sizes_is_served(monkeypatch):
    c = made(lambda x: x * 2.0, tf.TensorSpec([None], tf.float32))
    for n in (1, 2, 5):
        c(tf.ones([n]))
    served(c, monkeypatch)
    for n in (1, 2, 5):
        assert c(tf.ones([n])).numpy().tolist() == [2.0] * n


def test_several_arguments_keep_their_order():
    c = made(lambda a, b: a - b, tf.TensorSpec([], tf.float32), tf.TensorSpec([], tf.float32))
    one, two = tf.constant(1.0), tf.constant(2.0)
    for _ in range(3):
        assert c(one, two).numpy() == -1 and c(two, one).numpy() == 1 and c(b=one, a=two).numpy() == 1


def test_what_it_takes_and_gives_is_packed_as_before():
    c = made(lambda x: {"a": [x, x + 1.0], "b": None})
    for _ in range(3):
        found = c(X)
        assert found["b"] is None and np.array_equal(found["a"][1].numpy(), [2.0, 3.0, 4.0])


def test_variables_are_read_and_written():
    v = tf.Variable(1.0)
    c = made(lambda x: v.assign_add(tf.reduce_sum(x)))
    assert [float(c(X)) for _ in range(3)] == [7.0, 13.0, 19.0] and v.numpy() == 19.0


def test_a_deleted_variable_is_an_error():
    holder = [tf.Variable(1.0)]
    c = made(lambda x: x + holder[0])
    c(X)
    holder.clear()
    gc.collect()
    with pytest.raises(AssertionError, match="deleted"):
        c(X)


def test_a_tape_sees_a_call_that_was_served_before():
    v = tf.Variable([1.0, 1.0, 1.0])
    c = made(lambda x: x * v)
    c(X), c(X)
    with tf.GradientTape() as tape:
        y = c(X)
    assert np.array_equal(tape.gradient(y, v).numpy(), X.numpy())


def test_another_dtype_is_an_error_after_a_call_that_was_served():
    c = made()
    c(X), c(X)
    with pytest.raises(tf.errors.InvalidArgumentError, match="float32 tensor"):
        c(tf.constant([1, 2, 3]))


def test_other_shapes_are_run_op_by_op_each_time():
    c = made()
    for _ in range(3):
        assert c(tf.constant([1.0])).numpy().tolist() == [3.0]
        assert c(X).numpy().tolist() == [3.0, 5.0, 7.0]


def test_arrays_and_lists_are_converted():
    c = made()
    for value in (X, np.float32([1, 2, 3]), [1.0, 2.0, 3.0], X):
        assert c(value).numpy().tolist() == [3.0, 5.0, 7.0]


def test_a_call_inside_a_trace_is_a_call():
    c = made()
    c(X), c(X)
    assert tf.function(lambda x: c(x) + 1.0)(X).numpy().tolist() == [4.0, 6.0, 8.0]


def test_an_error_of_the_program_shows_the_users_frames_only():
    c = made(lambda x: tf.gather(x, tf.cast(x[0], tf.int32)))
    c(X), c(X)
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        c(tf.constant([9.0, 2.0, 3.0]))
    frames = [entry.frame.code.path.name for entry in error.traceback]
    assert "concrete.py" not in frames and "serving.py" not in frames


def test_it_goes_away_with_its_last_reference():
    import weakref

    c = made()
    c(X), c(X)
    gone = weakref.ref(c._calls)
    del c
    gc.collect()
    assert gone() is None
