"""Columns that are put side by side are read and written in vectors."""

import numpy as np
import pytest
import tfc as tf


@pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "float32", "float64", "complex64"])
@pytest.mark.parametrize("count", [2, 3, 4, 5])
@pytest.mark.parametrize("rows", [255, 256, 1000, 1024, 1040, 5001])
def test_every_element_is_in_its_place(rows, count, dtype):
    columns = [tf.cast(tf.range(rows) * (i + 1) % 100, dtype) for i in range(count)]
    got = tf.function(lambda *columns: tf.stack(columns, axis=-1))(*columns)
    assert np.array_equal(got.numpy(), np.stack([c.numpy() for c in columns], -1))


def test_computed_columns_of_several_dimensions_and_parts_of_memory():
    x = tf.constant(np.random.default_rng(0).normal(size=(40, 60, 2)).astype(np.float32))

    def f(x):
        a, b = x[..., 0], x[..., 1:]
        return tf.concat([tf.expand_dims(a * 2, -1), b, b[::1] + 1, x[:, :, :1]], axis=-1)

    assert np.array_equal(tf.function(f)(x).numpy(), f(x).numpy())


def test_gradients():
    def f(a, b):
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            y = tf.reduce_sum(tf.stack([a * b, a], axis=1) ** 2)
        return tape.gradient(y, [a, b])

    a, b = (tf.constant(np.random.default_rng(i).normal(size=2000).astype(np.float32)) for i in range(2))
    for got, want in zip(tf.function(f)(a, b), f(a, b), strict=True):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-5)
