"""`output_type` of `tf.matmul`."""

import numpy as np
import pytest
import tfc as tf

NARROW = [
    ("int8", "int8", "int32"), ("uint8", "int8", "int32"), ("uint8", "uint8", "int32"), ("int16", "int16", "int64"),
    ("bfloat16", "bfloat16", "float32"), ("float16", "float16", "float32"), ("float32", "float32", "float64"),
    ("complex64", "complex64", "complex128"), ("uint8", "uint8", "uint32"), ("int32", "int32", "int32"),
]  # fmt: skip


@pytest.mark.parametrize("types", NARROW, ids="-".join)
@pytest.mark.parametrize("compiled", [False, True])
def test_elements_are_multiplied_in_the_output_type(types, compiled):
    x = tf.cast(np.arange(100, 112).reshape(3, 4) % 120, types[0])
    y = tf.cast(np.arange(100, 120).reshape(4, 5), types[1])
    call = tf.function(tf.matmul) if compiled else tf.matmul
    got = call(x, y, output_type=tf.as_dtype(types[2]))
    assert got.dtype.name == types[2]
    wide = np.dtype(types[2])
    np.testing.assert_array_equal(got.numpy(), x.numpy().astype(wide) @ y.numpy().astype(wide))


@pytest.mark.parametrize(
    "types",
    [("int32", "int8"), ("float32", "int32"), ("int8", "uint32"), ("float32", "bfloat16"), ("float32", "complex64")],
)
def test_a_type_that_does_not_hold_the_operands_is_refused(types):
    x = tf.ones((2, 2), types[0])
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"expected an output_type that holds {types[0]}"):
        tf.matmul(x, x, output_type=types[1])


def test_gradients_pass_through():
    x, y = (tf.cast(np.random.default_rng(1).standard_normal(s), tf.bfloat16) for s in ((3, 4), (4, 5)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(tf.matmul(x, y, output_type=tf.float32))
    got = tape.gradient(total, x)
    assert got.dtype is tf.bfloat16
    np.testing.assert_allclose(
        got.numpy().astype(float), np.ones((3, 5)) @ y.numpy().astype(float).T, rtol=0.01, atol=0.01
    )
