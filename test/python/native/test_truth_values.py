"""Booleans are 0 or 1 in tensors, whatever bytes they came in: any other byte is true."""

import numpy as np
import pytest
import tfc as tf
from tfc import _native

BYTES = np.array([0, 2, 255, 1, 0, 128], np.uint8)
BOOLS = BYTES.view(bool)
SOURCES = {
    "borrowed": lambda: tf.convert_to_tensor(BOOLS),
    "copied": lambda: tf.constant(BOOLS),
    "a variable": lambda: tf.Variable(BOOLS).read_value(),
    "DLPack": lambda: _native.from_dlpack(BOOLS),
    "argument": lambda: tf.function(lambda x: x)(BOOLS),
}


@pytest.mark.parametrize("source", SOURCES)
def test_any_byte_but_zero_is_true(source):
    np.testing.assert_array_equal(SOURCES[source]().numpy().view(np.uint8), BYTES != 0)


def test_strided_bytes_are_looked_at_too():
    np.testing.assert_array_equal(tf.constant(BOOLS[::2]).numpy().view(np.uint8), BYTES[::2] != 0)


def test_the_last_byte_of_many_is_looked_at():
    many = np.zeros(10000, np.uint8)
    many[-1] = 2
    assert int(tf.function(lambda x: tf.reduce_sum(tf.cast(x, tf.int32)))(many.view(bool))) == 1


def test_the_array_stays_as_it_is():
    own = BYTES.copy()
    tf.convert_to_tensor(own.view(bool))
    np.testing.assert_array_equal(own, BYTES)


def test_valid_bytes_are_not_copied():
    own = np.array([True, False])
    assert np.shares_memory(_native.EagerTensor.from_numpy(own, copy=False)._view(), own)


def test_dlpack_without_a_copy_is_refused():
    with pytest.raises(BufferError, match="neither 0 nor 1"):
        _native.from_dlpack(BOOLS, copy=False)
