"""A count that numbers of a narrow dtype are compared with need not be one of that dtype."""

import numpy as np
import pytest
import tfc as tf

COUNTS = [0, 1, 127, 128, 255, 256, 300]


@pytest.mark.parametrize("dtype", [tf.uint8, tf.int8, tf.int16, tf.uint16, tf.uint32, tf.int32, tf.int64, tf.uint64])
def test_classes_and_lengths_of_a_narrow_dtype(dtype):
    values = np.array([0, 3, 100, 127], dtype.as_numpy_dtype)
    known = [tf.one_hot, lambda x, n: tf.sequence_mask(x, n, tf.float32)]
    functions = [*known, *map(tf.function, known)]
    for n in COUNTS:
        places, numbers = np.arange(n), values.astype(np.int64)[:, None]
        want = [places == numbers, places < numbers]
        for count in (n, tf.constant(n), tf.constant(n, tf.int64)):
            for i, function in enumerate(functions):
                np.testing.assert_array_equal(function(values, count), want[i % 2])


def test_each_byte_has_a_class():
    assert tf.reduce_all(tf.one_hot(np.arange(256, dtype=np.uint8), 256) == tf.eye(256))


def test_a_negative_depth_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.function(tf.one_hot)(tf.constant([1], tf.uint8), tf.constant(-1))
