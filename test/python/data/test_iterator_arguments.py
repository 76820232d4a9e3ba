"""Iterators as arguments: another one of the same elements does not trace again."""

import pytest
import tfc as tf

R = tf.data.Dataset.range


def test_iterators_of_the_same_elements_share_a_trace():
    @tf.function
    def doubled(iterator):
        return 2 * next(iterator)

    a, b = iter(R(3)), iter(R(5, 9))
    assert [doubled(i).numpy() for i in (a, b, a, b)] == [0, 10, 2, 12]
    assert doubled.experimental_get_tracing_count() == 1 and next(a).numpy() == 2


def test_a_loop_takes_what_is_left():
    @tf.function
    def total(iterator):
        found = tf.constant(0, tf.int64)
        for x in iterator:
            if x > 2:
                break
            found += x
        return found

    iterator = iter(R(6))
    assert next(iterator).numpy() == 0 and total(iterator).numpy() == 3 and next(iterator).numpy() == 4


def test_a_signature_may_name_iterators_and_datasets():
    number = tf.TensorSpec([], tf.int64)
    first = tf.function(lambda i: i.get_next(), input_signature=[tf.data.IteratorSpec(number)])
    count = tf.function(lambda d: d.reduce(0, lambda n, _: n + 1), input_signature=[tf.data.DatasetSpec(number)])
    assert first(iter(R(3, 5))).numpy() == 3 and count(R(7)).numpy() == 7


def test_the_end_is_an_out_of_range_error():
    first = tf.function(lambda i: next(i))
    with pytest.raises(tf.errors.OutOfRangeError):
        first(iter(R(0)))
