"""Slices of tensors that are known to have no elements go, also those whose own sizes are not known."""

import importlib

import pytest
import tfc as tf


@pytest.mark.parametrize("known", [[None, 3], [None, None]], ids=str)
def test_parts_of_unknown_sizes_in_a_whole_without_elements(known, monkeypatch):
    monkeypatch.setattr(importlib.import_module("tfc.function.flat"), "SPECIALIZATIONS", 0)

    @tf.function(input_signature=[tf.TensorSpec(known, tf.float32)])
    def f(x):
        array = tf.TensorArray(tf.float32, size=0, dynamic_size=True, element_shape=[0, 3])
        for i in tf.range(2):
            array = array.write(i, x)
        return array.stack(), tf.stack([x, tf.zeros([0, 3]), x], 2)

    written, stacked = f(tf.zeros([0, 3]))
    assert (written.shape, stacked.shape) == ((2, 0, 3), (0, 3, 3))
