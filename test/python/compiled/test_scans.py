"""Running sums and products of large tensors, block by block with what is before and behind them, agree with numpy."""

import contextlib

import numpy as np
import pytest
import tfc as tf

SHAPES = ((20_480,), (20_011,), (17_000, 1), (1, 40_000), (3, 20_011), (40, 700), (2, 3, 5_000))
RNG = np.random.default_rng(0)


@contextlib.contextmanager
def without(*passes):
    tf.config.optimizer.set_experimental_options({"disable": passes})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable": ()})


def numbers(shape, dtype=np.int32):
    return RNG.integers(-9, 10, size=shape).astype(dtype)


def scan(x, axis, reverse=False, exclusive=False, ufunc=np.add):
    """The definition, for numbers that are exact in any order."""
    x = np.flip(x, axis) if reverse else x
    y = ufunc.accumulate(x, axis=axis, dtype=x.dtype)
    if exclusive and x.shape[axis]:
        y = np.roll(y, 1, axis)
        y[(slice(None),) * (axis % x.ndim) + (0,)] = ufunc.identity
    return np.flip(y, axis) if reverse else y


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("exclusive", [False, True])
def test_a_scan_between_elementwise_ops_is_that_of_numpy(shape, reverse, exclusive):
    x = numbers(shape)

    @tf.function
    def f(x):
        y = tf.cumsum(x * 3 - 1, axis=-1, reverse=reverse, exclusive=exclusive)
        return tf.cumsum(y + x, axis=-1, reverse=reverse) * 2

    y = scan(x * 3 - 1, -1, reverse, exclusive)
    np.testing.assert_array_equal(f(x).numpy(), scan(y + x, -1, reverse) * 2)


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.float32, np.float64, np.complex64])
def test_a_scan_carries_its_sum_in_its_type(dtype):
    x = np.abs(numbers(20_011)).astype(dtype)
    f = tf.function(lambda x: tf.cumsum(x + x) - x)
    np.testing.assert_array_equal(f(x).numpy(), scan(x + x, 0) - x)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_halves_are_summed_up_in_single_precision_across_blocks(dtype):
    # Of 1/4 in halves, 0.25 * 2048 = 512 is where adding one more time would lose it in bfloat16.
    x = tf.cast(tf.fill([20_480], 1.0 / 64), dtype)
    got = tf.cast(tf.function(lambda x: tf.cumsum(x * 2) * 0.5)(x), tf.float32).numpy()
    np.testing.assert_allclose(got[-1], 20_480 / 64, rtol=0.01)


def test_a_product_carries_its_product():
    x = np.where(RNG.integers(0, 2, 20_011) == 0, 1, -1).astype(np.int32)
    f = tf.function(lambda x: tf.math.cumprod(x * 3) + 1)
    np.testing.assert_array_equal(f(x).numpy(), scan(x * 3, 0, ufunc=np.multiply) + 1)


def test_two_directions_are_two_loops():
    x = numbers(20_011)
    f = tf.function(lambda x: tf.cumsum(tf.cumsum(x + 1) * 2, reverse=True) - 1)
    np.testing.assert_array_equal(f(x).numpy(), scan(scan(x + 1, 0) * 2, 0, reverse=True) - 1)


def test_what_a_scan_reads_is_kept_where_it_is_needed_again():
    x = numbers(20_011)

    @tf.function
    def f(x):
        y = x * 3
        z = tf.cumsum(y)
        return z, tf.cumsum(z), y, tf.reverse(y, [0]) + z

    y, z = x * 3, scan(x * 3, 0)
    for got, want in zip(f(x), (z, scan(z, 0), y, y[::-1] + z), strict=True):
        np.testing.assert_array_equal(got.numpy(), want)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_variable_is_scanned_where_it_is(axis, exclusive, reverse):
    x = numbers((37, 53))
    v = tf.Variable(x)

    @tf.function
    def f():
        v.assign(tf.cumsum(v * 2, axis=axis, exclusive=exclusive, reverse=reverse))

    f()
    np.testing.assert_array_equal(v.numpy(), scan(x * 2, axis, reverse, exclusive))


def test_scans_take_a_block_of_memory():
    def temporary_bytes():
        f = tf.function(lambda x: tf.cumsum(x * 2.0) * tf.cumsum(x + 1.0))
        return f.get_concrete_function(tf.TensorSpec([1 << 20])).compiled().arena_bytes

    with without("tfc-fuse-scans"):
        whole = temporary_bytes()
    assert temporary_bytes() <= 64 * 1024 < whole
