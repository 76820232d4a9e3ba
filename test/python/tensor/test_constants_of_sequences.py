"""Python sequences as tensors."""

import sys

import numpy as np
import pytest
import tfc as tf


@pytest.mark.parametrize("values", [list(range(20000)), [0.5] * 20000], ids=["ints", "floats"])
def test_a_long_list_is_looked_at_by_classes_not_by_elements(values):
    calls = 0

    def count(frame, event, arg):
        nonlocal calls
        calls += event in ("call", "c_call")

    tf.constant(values)
    sys.setprofile(count)
    try:
        found = tf.constant(values)
    finally:
        sys.setprofile(None)
    assert calls < 2000
    np.testing.assert_array_equal(found, values)


def test_the_first_class_decides_wherever_the_others_stand():
    assert tf.constant([2, True]).dtype is tf.int32 and tf.constant([1, 2, 0.5]).dtype is tf.float32
    with pytest.raises(ValueError, match="mixed types"):
        tf.constant([True, 1])


def test_unsigned_numbers_of_arrays_beyond_int64_do_not_wrap():
    with pytest.raises(ValueError, match="out-of-range integer"):
        tf.constant([np.array([2**63], np.uint64)])
    assert tf.constant([np.array([2**63 - 1], np.uint64)]).numpy().tolist() == [[2**63 - 1]]


def test_a_list_of_shapes_is_a_matrix_of_sizes():
    found = tf.constant([tf.TensorShape([1, 2]), tf.zeros([3, 4]).shape])
    assert found.dtype is tf.int32 and found.numpy().tolist() == [[1, 2], [3, 4]]
