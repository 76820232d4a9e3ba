"""Zeros of strings are empty strings, as in TensorFlow; ones are an error."""

import pytest
import tfc as tf


def test_zeros_are_empty():
    assert tf.zeros([2], tf.string).numpy().tolist() == [b"", b""]
    assert tf.zeros_like(tf.constant(["a", "b"])).numpy().tolist() == [b"", b""]


def test_ones_are_refused():
    with pytest.raises(TypeError):
        tf.ones([2], tf.string)
