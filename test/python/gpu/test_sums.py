"""Sums and positions of extremes: shared by threads and blocks, exact to a few roundings, however long they are."""

import numpy as np
import pytest
import tfc as tf

rng = np.random.default_rng(0)
TENTH = np.float32(0.1)
EPSILON = 2.0**-24  # half a unit of the last place of one


def kinds(f, *args):
    concrete = f.get_concrete_function(*args)
    return [k.kind for k in concrete.compile_for("spirv", *(np.asarray(a).shape for a in args)).kernels]


@pytest.mark.parametrize(
    "shape, axis", [((1_000_000,), None), ((3, 100_000), 1), ((20_000, 16), 0), ((4, 5_000, 20), (1, 2))]
)
def test_a_sum_of_equal_numbers_is_near_their_product(on_gpu, shape, axis):
    """Added up one after the other, a million tenths are 1 % too many."""
    f = tf.function(lambda x: tf.reduce_sum(x, axis))
    x = np.full(shape, TENTH)
    got = on_gpu(f, x)
    want = np.float64(TENTH) * (x.size / got.size)
    assert np.max(np.abs(got - want)) / want < 16 * EPSILON


def test_sums_of_products_are_shared_too(on_gpu):
    f = tf.function(lambda x, y: tf.linalg.matvec(x, y))
    x, y = np.full((4, 100_000), TENTH), np.ones(100_000, np.float32)
    np.testing.assert_allclose(on_gpu(f, x, y), np.full(4, np.float64(TENTH) * 1e5), rtol=16 * EPSILON)
    assert "partial-sums" in kinds(f, x, y)


def test_a_thread_adds_up_in_blocks(on_gpu):
    """Columns of which there are many are summed by a thread each."""
    f = tf.function(lambda x: tf.reduce_sum(x, 0))
    x = np.full((1_500, 1_100), TENTH)
    assert kinds(f, x) == ["thread-per-point"]
    np.testing.assert_allclose(on_gpu(f, x), np.full(1_100, np.float64(TENTH) * 1_500), rtol=16 * EPSILON)


@pytest.mark.parametrize("function", [tf.argmax, tf.argmin])
@pytest.mark.parametrize("shape, axis", [((7,), 0), ((5, 70), 1), ((5, 70), 0), ((3, 4, 300), 2), ((2, 0), 0)])
def test_the_first_extreme_wins(on_gpu, function, shape, axis):
    f = tf.function(lambda x: function(x, axis))
    x = rng.integers(-3, 4, shape).astype(np.float32)
    for values in (x, x.astype(np.int32), -np.abs(x) - 1):
        np.testing.assert_array_equal(on_gpu(f, values), f(values).numpy())


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint32", "float16"])
def test_a_long_extreme_takes_two_kernels(on_gpu, dtype):
    f = tf.function(lambda x: (tf.argmax(x), tf.argmin(x)))
    x = rng.integers(0, 1000, 70_000).astype(dtype)
    for g, w in zip(on_gpu(f, x), f(x), strict=True):
        np.testing.assert_array_equal(g, w.numpy())
    assert kinds(f, x).count("partial-sums") == 2


def test_the_first_nan_is_the_extreme(on_gpu):
    f = tf.function(lambda x: (tf.argmax(x, 1), tf.argmin(x, 1)))
    x = rng.standard_normal((4, 300)).astype(np.float32)
    x[1, [250, 40, 41]] = np.nan
    x[2] = np.nan
    x[3] = -np.inf
    for g, w in zip(on_gpu(f, x), f(x), strict=True):
        np.testing.assert_array_equal(g, w.numpy())


def test_rows_of_a_batch_keep_what_all_of_them_use(on_gpu):
    """More rows than there are blocks: each block takes several, and loads scale and offset before the first."""

    @tf.function
    def f(x, g, b):
        m = tf.reduce_mean(x, axis=-1, keepdims=True)
        return (x - m) * g + b

    x, g, b = (
        rng.standard_normal((5_000, 40)).astype(np.float32),
        np.arange(40, dtype=np.float32),
        np.ones(40, np.float32),
    )
    np.testing.assert_allclose(on_gpu(f, x, g, b, kernels=1), f(x, g, b).numpy(), rtol=2e-5, atol=2e-5)


def test_what_takes_a_thread_too_long_is_computed_by_the_host(gpu):
    """The software device ends loops after 65,535 steps; a kernel that needs more would be wrong."""
    if "llvmpipe" not in gpu.name:
        pytest.skip("the device has no such limit")
    f = tf.function(lambda x: tf.reduce_sum(x))
    x = np.ones(70_000, np.complex64)
    with tf.device(f"GPU:{gpu.index}"):
        assert f(x).numpy() == 70_000
        assert "steps of a thread" in str(f.get_concrete_function(x).compiled().device.host[0])


def test_rows_of_unknown_length_are_shared_by_threads(on_gpu):
    f = tf.function(lambda x: (tf.reduce_sum(x, 1), tf.argmax(x, 1)), input_signature=[tf.TensorSpec([None, None])])
    for shape in [(3, 70_001), (5, 7), (70, 1), (2, 0)]:
        if shape[1] == 0:
            g = tf.function(lambda x: tf.reduce_sum(x, 1), input_signature=[tf.TensorSpec([None, None])])
            np.testing.assert_array_equal(on_gpu(g, np.ones(shape, np.float32)), [0, 0])
            continue
        x = rng.integers(-3, 4, shape).astype(np.float32)
        sums, places = on_gpu(f, x)
        np.testing.assert_array_equal(sums, x.sum(1))
        np.testing.assert_array_equal(places, x.argmax(1))


def test_columns_of_unknown_length_are_exact(gpu):
    """On the software device by the host, which has no limit of steps."""
    f = tf.function(lambda x: tf.reduce_sum(x, 0), input_signature=[tf.TensorSpec([None, None])])
    x = np.ones((70_001, 2), np.float32)
    with tf.device(f"GPU:{gpu.index}"):
        np.testing.assert_array_equal(f(x).numpy(), [70_001, 70_001])
