"""`tf.register_tensor_conversion_function`: classes of others become tensors wherever a tensor is wanted."""

import numpy as np
import pytest
import tfc as tf


class Kelvin:
    def __init__(self, degrees):
        self.degrees = degrees


class Unwanted(Kelvin):
    pass


class Broken:
    pass


def from_kelvin(value, dtype=None, name=None, as_ref=False):
    return tf.constant(value.degrees, dtype)


tf.register_tensor_conversion_function(Kelvin, from_kelvin)
tf.register_tensor_conversion_function(Unwanted, lambda *_, **__: NotImplemented, priority=50)
tf.register_tensor_conversion_function(Broken, lambda *_, **__: 3)


def test_operations_convert_registered_classes():
    assert tf.convert_to_tensor(Kelvin(1.0)).dtype is tf.float32
    assert tf.convert_to_tensor(Kelvin(1), dtype=tf.float64).dtype is tf.float64
    assert tf.add(Kelvin(1.0), 2.0).numpy() == 3 and (tf.constant(1.0) + Kelvin(2.0)).numpy() == 3
    np.testing.assert_array_equal(tf.stack([Kelvin(1.0), Kelvin(2.0)]), [1, 2])


def test_functions_convert_what_they_capture():
    degrees = Kelvin(2.0)
    assert tf.function(lambda x: x * degrees)(tf.constant(3.0)).numpy() == 6


def test_the_next_function_is_asked_where_one_gives_notimplemented():
    assert tf.convert_to_tensor(Unwanted(4)).numpy() == 4


def test_a_result_that_is_no_tensor_is_an_error():
    with pytest.raises(RuntimeError, match="returned non-Tensor: 3"):
        tf.convert_to_tensor(Broken())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((3, from_kelvin), "must be a type"), ((Kelvin, 3), "must be callable"), ((int, from_kelvin), "Cannot register")],
)
def test_what_cannot_be_registered_is_refused(arguments, message):
    with pytest.raises(TypeError, match=message):
        tf.register_tensor_conversion_function(*arguments)


def test_lists_of_objects_that_know_their_tensor_are_stacked():
    slices = tf.IndexedSlices(tf.constant([1.0]), tf.constant([1]), tf.constant([2]))
    np.testing.assert_array_equal(tf.stack([slices, tf.constant([3.0, 4.0])]), [[0, 1], [3, 4]])


def test_conversions_go_on_while_another_is_registered():
    found = []

    class Priority(int):
        """Compared in the middle of the registration."""

        def __lt__(self, other):
            found.append(tf.convert_to_tensor(Kelvin(1.0)).numpy())
            return int(self) < int(other)

    class Other:
        pass

    tf.register_tensor_conversion_function(Other, from_kelvin, priority=Priority(200))
    assert found and set(found) == {1.0}
