"""`tf.dtypes` and `tf.compat` are the namespaces that TensorFlow has."""

import pathlib

import pytest
import tfc as tf


def test_dtypes_has_types_and_conversions():
    assert tf.dtypes.float32 is tf.float32 and tf.dtypes.as_dtype("int8") is tf.int8 and tf.dtypes.bool is tf.bool
    assert tf.dtypes.cast([1.9], tf.int32).numpy().tolist() == [1]
    assert tf.dtypes.saturate_cast([300, -1], tf.uint8).numpy().tolist() == [255, 0]
    assert tf.dtypes.complex(1.0, 2.0).numpy() == 1 + 2j


def test_compat_turns_bytes_into_text_and_back():
    assert tf.compat.as_bytes("ä") == "ä".encode() and tf.compat.as_text(b"a") == tf.compat.as_str("a") == "a"
    assert tf.compat.as_str_any(1) == "1" and tf.compat.path_to_str(pathlib.Path("a")) == "a"
    with pytest.raises(TypeError, match="Expected binary or unicode string"):
        tf.compat.as_bytes(1)


def test_compat_reads_sizes():
    assert tf.compat.dimension_at_index(tf.TensorShape([None, 2]), 1) == 2
    assert tf.compat.dimension_at_index(tf.TensorShape(None), 1) is None
    assert tf.compat.dimension_value(None) is None


def test_compat_says_that_there_is_no_other_version():
    with pytest.raises(AttributeError, match="tf.compat.v1 is not supported"):
        tf.compat.v1  # noqa: B018
