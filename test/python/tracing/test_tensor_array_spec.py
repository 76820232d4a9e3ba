"""TensorArrays across the boundary of a function, and `tf.TensorArraySpec`."""

import pytest
import tfc as tf


def array(*values, **options):
    made = tf.TensorArray(tf.float32, len(values), **options)
    for i, value in enumerate(values):
        made = made.write(i, value)
    return made


def test_repr_and_equality():
    spec = tf.TensorArraySpec([2], tf.float32, True)
    assert repr(spec) == "TensorArraySpec(TensorShape([2]), tf.float32, True, True)"
    assert spec == tf.TensorArraySpec([2], tf.float32, True) != tf.TensorArraySpec([3], tf.float32, True)


def test_compatible_type():
    a, b = tf.TensorArraySpec([2, 3]), tf.TensorArraySpec([2, 4])
    assert a.most_specific_compatible_type(a) == a
    assert tf.TensorArraySpec([2, None]).is_compatible_with(a)
    with pytest.raises(ValueError, match="not compatible"):
        a.most_specific_compatible_type(b)


def test_from_value():
    assert tf.TensorArraySpec.from_value(array(1.0)) == tf.TensorArraySpec([], tf.float32)


def test_an_array_is_a_result_of_a_function():
    f = tf.function(lambda x: tf.TensorArray(tf.float32, 2).write(0, x).write(1, -x))
    assert f(tf.constant(1.0)).stack().numpy().tolist() == [1, -1]


def test_a_signature_gives_one_trace_for_any_length():
    @tf.function(input_signature=[tf.TensorArraySpec([], tf.float32)])
    def f(ta):
        return ta.stack() * 2

    assert f(array(1.0)).numpy().tolist() == [2]
    assert f(array(1.0, 2.0)).numpy().tolist() == [2, 4]
    assert f.experimental_get_tracing_count() == 1


def test_a_growing_argument_grows_and_comes_back():
    @tf.function(input_signature=[tf.TensorArraySpec([], tf.float32, True)])
    def f(ta):
        return ta.write(ta.size(), 9.0)

    ta = f(f(tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[])))
    assert ta.dynamic_size and ta.write(2, 1.0).stack().numpy().tolist() == [9, 9, 1]


def test_a_spec_without_a_shape_takes_elements_of_any_rank():
    @tf.function(input_signature=[tf.TensorArraySpec(None, tf.float32)])
    def f(ta):
        return ta.stack() + 1

    assert f(array(1.0)).numpy().tolist() == [2]
    assert f(array([1.0])).numpy().tolist() == [[2]]


def test_elements_of_different_shapes_cross():
    @tf.function(input_signature=[tf.TensorArraySpec(None, tf.float32, False, False)])
    def f(ta):
        return ta.read(1), ta

    read, back = f(array([1.0], [2.0, 3.0], infer_shape=False))
    assert read.numpy().tolist() == [2, 3] and back.concat().numpy().tolist() == [1, 2, 3]


def test_another_dtype_is_a_type_error():
    f = tf.function(lambda ta: ta.stack(), input_signature=[tf.TensorArraySpec([], tf.float32)])
    with pytest.raises(TypeError, match="Can not cast TensorArraySpec"):
        f(tf.TensorArray(tf.int32, 1).write(0, 1))


def test_the_gradient_passes_through_the_boundary():
    f = tf.function(lambda ta: ta.stack() * 3)
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(tf.TensorArray(tf.float32, 2).unstack(x))
    assert tape.gradient(y, x).numpy().tolist() == [3, 3]


def test_concrete_function_of_a_spec():
    f = tf.function(lambda ta: ta.stack())
    spec = tf.TensorArraySpec([], tf.float32)
    concrete = f.get_concrete_function(spec)
    assert concrete.structured_input_signature == ((spec,), {})
    assert concrete(array(1.0, 2.0)).numpy().tolist() == [1, 2]


def ragged_rows(x):
    rows = tf.TensorArray(tf.float32, 3, infer_shape=False, clear_after_read=False)
    for i in range(3):
        rows = rows.write(i, x[: i + 1])
    return rows


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
def test_elements_of_one_shape_are_gathered_from_an_array_of_many(traced):
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = ragged_rows(x).gather([1, 1])
        return y, tape.gradient(y, x)

    y, grad = (tf.function(slope) if traced else slope)(tf.constant([1.0, 2.0, 3.0]))
    assert y.numpy().tolist() == [[1, 2], [1, 2]] and grad.numpy().tolist() == [2, 2, 0]
    f = lambda x: ragged_rows(x).gather([0, 1])
    with pytest.raises(tf.errors.InvalidArgumentError):
        (tf.function(f) if traced else f)(tf.constant([1.0, 2.0, 3.0]))
