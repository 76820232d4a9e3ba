"""`tf.experimental.Optional`, and iterators that give one."""

import pytest
import tfc as tf


def test_an_optional_has_a_value_or_not():
    full = tf.experimental.Optional.from_value((1.0, [2, 3]))
    empty = tf.experimental.Optional.empty(tf.TensorSpec([], tf.int32))
    assert full.has_value() and not empty.has_value()
    assert full.get_value()[1].numpy().tolist() == [2, 3] and empty.element_spec == tf.TensorSpec([], tf.int32)


def test_the_value_of_an_empty_optional_is_an_error():
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.experimental.Optional.empty(tf.TensorSpec([], tf.int32)).get_value()


def test_an_iterator_gives_optionals_until_one_is_empty():
    iterator = iter(tf.data.Dataset.range(1))
    assert iterator.get_next_as_optional().get_value().numpy() == 0
    assert not iterator.get_next_as_optional().has_value()


def test_a_loop_runs_while_there_is_a_value():
    @tf.function
    def total(iterator):
        found = tf.constant(0, tf.int64)
        element = iterator.get_next_as_optional()
        while element.has_value():
            found += element.get_value()
            element = iterator.get_next_as_optional()
        return found

    assert total(iter(tf.data.Dataset.range(5))).numpy() == 10


def test_a_function_takes_and_returns_optionals():
    @tf.function
    def following(given):
        if given.has_value():
            number = given.get_value()
        else:
            number = -1
        return tf.experimental.Optional.from_value(number + 1)

    assert following(tf.experimental.Optional.from_value(3)).get_value().numpy() == 4
    assert following(tf.experimental.Optional.empty(tf.TensorSpec([], tf.int32))).get_value().numpy() == 0
    assert following.experimental_get_tracing_count() == 1


def test_a_function_without_a_branch_fails_when_it_runs():
    value = tf.function(lambda given: given.get_value())
    with pytest.raises(tf.errors.InvalidArgumentError):
        value(tf.experimental.Optional.empty(tf.TensorSpec([], tf.int32)))
