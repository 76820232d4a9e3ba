"""Long bodies call one copy of each function: the same values, in vectors, in what is left of a loop, and alone."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
COUNT = 30  # three functions each: more than are expanded in their place


def unrolled(x):
    for i in range(COUNT):
        x = tf.tanh(x * 1.01 + 0.01 * i) - tf.exp(-x * x) * 0.1 + tf.pow(tf.abs(x) + 0.5, 0.3) * 0.2
    return x


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(64,), (61,), (3,), (7, 5), ()])
def test_many_functions_give_what_ops_give(shape, dtype):
    x = tf.constant(RNG.normal(size=shape).astype(dtype))
    tolerance = {"float32": 2e-5, "float64": 1e-12}[dtype]
    np.testing.assert_allclose(tf.function(unrolled)(x), unrolled(x), rtol=tolerance, atol=tolerance)


def test_sizes_that_are_not_known_call_functions_too():
    f = tf.function(unrolled, input_signature=[tf.TensorSpec([None], tf.float32)])
    for size in (1, 16, 37):
        x = tf.constant(RNG.normal(size=size).astype(np.float32))
        np.testing.assert_allclose(f(x), unrolled(x), rtol=2e-5, atol=2e-5)


def test_there_is_one_copy_of_a_function():
    x = tf.constant(RNG.normal(size=64).astype(np.float32))
    ir = tf.function(unrolled).get_concrete_function(x).compiled().llvm_ir
    functions = [line for line in ir.splitlines() if line.startswith("define") and "@tfc.tanh." in line]
    assert len(functions) == 1
    assert ir.count("@tfc.tanh.") > COUNT


def test_functions_of_halves_are_those_of_singles():
    x = tf.constant(RNG.normal(size=48).astype(np.float16))
    f = tf.function(unrolled)
    np.testing.assert_allclose(tf.cast(f(x), "float32"), tf.cast(unrolled(x), "float32"), rtol=0.05, atol=0.05)
