"""Denormal numbers are kept, unless the program says that they are zero in compiled code."""

import platform

import numpy as np
import pytest
import tfc as tf

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64", "aarch64", "arm64"), reason="the processor has no such mode"
)
SMALL = np.float32(1e-40)


@pytest.fixture
def flushed():
    tf.config.set_flush_denormals(True)
    yield
    tf.config.set_flush_denormals(False)


double = tf.function(lambda x: x * 2.0)


def test_they_are_kept():
    assert not tf.config.get_flush_denormals()
    np.testing.assert_array_equal(double(tf.fill([5], SMALL)), np.full(5, SMALL) * np.float32(2))


@pytest.mark.usefixtures("flushed")
@pytest.mark.parametrize("size", [1, 5, 100])
def test_they_are_zero_in_functions_that_are_compiled_already(size):
    assert tf.config.get_flush_denormals()
    np.testing.assert_array_equal(double(tf.fill([size], SMALL)), np.zeros(size, np.float32))


@pytest.mark.usefixtures("flushed")
def test_results_that_would_be_denormal_are_zero():
    got = tf.function(lambda x: x * x)(tf.constant([1e-20, -1e-20, 1e-18], tf.float32))
    np.testing.assert_array_equal(got, np.array([0, 0, np.float32(1e-18) ** 2], np.float32))


@pytest.mark.usefixtures("flushed")
def test_threads_agree():
    tf.config.threading.set_intra_op_parallelism_threads(2)
    try:
        got = double(tf.fill([1_000_000], SMALL))
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    assert not np.any(got.numpy())


@pytest.mark.usefixtures("flushed")
def test_python_keeps_them():
    seen = []

    def record(x):
        seen.append(float(x.numpy()[0] * np.float32(1)))
        return x

    tf.function(lambda x: tf.py_function(record, [x], tf.float32))(tf.constant([SMALL]))
    assert seen == [float(SMALL)]
    assert float(SMALL) * 1.0 == float(SMALL) and np.float32(1e-30) * np.float32(1e-10) > 0


def test_they_are_kept_again():
    tf.config.set_flush_denormals(True)
    tf.config.set_flush_denormals(False)
    np.testing.assert_array_equal(double(tf.fill([5], SMALL)), np.full(5, SMALL) * np.float32(2))


@pytest.mark.parametrize("value", ["off", 1, None])
def test_only_true_and_false_say_what_is_meant(value):
    with pytest.raises(TypeError, match="set_flush_denormals takes True or False, got"):
        tf.config.set_flush_denormals(value)
    assert not tf.config.get_flush_denormals()
