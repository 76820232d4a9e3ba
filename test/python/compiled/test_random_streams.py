"""Random numbers that vectors make are those of the stream, of any number of them."""

import numpy as np
import pytest
import tfc as tf


@pytest.mark.parametrize("dtype", [tf.uint32, tf.uint64, tf.int32, tf.int64])
@pytest.mark.parametrize(
    "shape", [[1], [7], [255], [256], [257], [1023], [1024], [1025], [3, 5, 100], [2048], [3, 1000]]
)
def test_bits_of_every_number_of_them(dtype, shape):
    def bits(seed):
        return tf.random.stateless_uniform(shape, seed, None, None, dtype)

    seed = tf.constant([3, 4])
    assert np.array_equal(tf.function(bits)(seed).numpy(), bits(seed).numpy())


def test_a_longer_stream_begins_as_a_shorter_one():
    def bits(count):
        return tf.function(lambda seed: tf.random.stateless_uniform([count], seed, None, None, tf.uint32))(
            [1, 2]
        ).numpy()

    assert np.array_equal(bits(5000)[:100], bits(100))


def test_the_counter_carries_into_its_upper_half():
    def bits(generator):
        generator.reset(np.array([2**64 - 2, 5, 9], np.uint64).view(np.int64))
        return generator.uniform_full_int([1000], tf.uint32)

    eager, compiled = (tf.random.Generator.from_seed(1, alg="philox") for _ in range(2))
    want = bits(eager).numpy()

    @tf.function
    def draw():
        return compiled.uniform_full_int([1000], tf.uint32)

    compiled.reset(np.array([2**64 - 2, 5, 9], np.uint64).view(np.int64))
    assert np.array_equal(draw().numpy(), want)


@pytest.mark.parametrize("name", ["stateless_uniform", "stateless_normal", "stateless_truncated_normal"])
@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32, tf.float64])
def test_floats_are_those_of_eager_execution(name, dtype):
    def draw(seed):
        return getattr(tf.random, name)([3, 700], seed, dtype=dtype)

    seed = tf.constant([1, 2])
    want, got = (f(seed).numpy().astype(np.float64) for f in (draw, tf.function(draw)))
    np.testing.assert_allclose(got, want, rtol=1e-5 if dtype != tf.float64 else 1e-14, atol=1e-6)


# Few groups are one vector, more are rows of 512.
@pytest.mark.parametrize("count", [1, 5, 4092, 4096, 4097, 20_001])
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_truncated_numbers_of_every_number_of_them(count, dtype):
    def draw(seed):
        return tf.random.stateless_truncated_normal([count], seed, dtype=dtype)

    got, want = tf.function(draw)([5, 6]).numpy(), draw([5, 6]).numpy()
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    assert np.abs(got).max() <= 2
