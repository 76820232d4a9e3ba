"""Ops with an order have kernels: running sums, sorts, scatters, positions. Values are those of the CPU, with duplicates and ties in order."""

import numpy as np
import pytest
import tfc as tf

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def same(got, want, tolerance=0.0):
    for g, w in zip(tf.nest.flatten(got), tf.nest.flatten(want), strict=True):
        w = w.numpy()
        assert g.dtype == w.dtype and g.shape == w.shape
        np.testing.assert_allclose(g.astype(np.float64), w.astype(np.float64), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", [(1,), (5, 0), (3, 7), (4, 1000), (2, 3, 65), (1500, 20), (1, 5000)])
def test_running_sums_along_the_last_axis(on_gpu, shape):
    f = tf.function(lambda x: (tf.cumsum(x, axis=-1), tf.cumsum(x, axis=-1, exclusive=True, reverse=True)))
    x = normal(*shape)
    same(on_gpu(f, x), f(x), 2e-4)


@pytest.mark.parametrize("axis", [0, 1])
def test_running_sums_across_memory(on_gpu, axis):
    f = tf.function(lambda x: (tf.cumsum(x, axis=axis), tf.math.cumprod(x, axis=axis, exclusive=True)))
    x = rng.integers(-2, 3, (40, 50, 30)).astype(np.int32)
    same(on_gpu(f, x), f(x))


def test_a_long_row_is_scanned_in_pieces(on_gpu):
    f = tf.function(lambda x: tf.cumsum(x))
    x = rng.integers(-3, 4, 70001).astype(np.float32)
    same(on_gpu(f, x, kernels=3), f(x))
    g = tf.function(lambda x: tf.cumsum(x, axis=1, exclusive=True, reverse=True))
    x = rng.integers(-3, 4, (2, 20000)).astype(np.int32)
    same(on_gpu(g, x, kernels=3), g(x))


@pytest.mark.parametrize("dtype", ["float16", "int64", "float64", "uint8"])
def test_running_sums_of_types(on_gpu, dtype):
    f = tf.function(lambda x: tf.cumsum(x, axis=1))
    x = rng.integers(0, 4, (3, 100)).astype(dtype)
    same(on_gpu(f, x), f(x))


def test_running_sums_of_unknown_size(on_gpu):
    f = tf.function(lambda x: tf.cumsum(x, axis=1), input_signature=[tf.TensorSpec([None, None])])
    for shape in [(3, 5), (2, 2000)]:
        x = rng.integers(-3, 4, shape).astype(np.float32)
        same(on_gpu(f, x), f(x))


@pytest.mark.parametrize("options", [{}, {"exclusive": True}, {"reverse": True}, {"exclusive": True, "reverse": True}])
def test_running_logarithms_of_sums(on_gpu, options):
    f = tf.function(lambda x: tf.math.cumulative_logsumexp(x, axis=1, **options))
    x = np.concatenate([normal(3, 37), np.full((3, 1), -np.inf, np.float32)], 1)
    got, want = on_gpu(f, x), f(x).numpy()
    finite = np.isfinite(want)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    np.testing.assert_allclose(got[finite], want[finite], rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("shape, axis", [((1,), 0), ((2,), 0), ((3, 0), 1), ((5, 33), 1), ((70, 3), 0), ((2, 1000), 1)])
@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
def test_sorting(on_gpu, shape, axis, direction):
    f = tf.function(lambda x: (tf.sort(x, axis, direction), tf.argsort(x, axis, direction, stable=True)))
    x = rng.integers(-9, 10, shape).astype(np.float32)  # with ties: their order is kept
    same(on_gpu(f, x), f(x))


def test_sorting_puts_nan_last(on_gpu):
    f = tf.function(lambda x: (tf.sort(x), tf.argsort(x, stable=True)))
    x = np.array([3, np.nan, -np.inf, 0, np.inf, -0.0, np.nan, 1], np.float32)
    (keys, order), (want_keys, want_order) = on_gpu(f, x), f(x)
    np.testing.assert_array_equal(keys, want_keys.numpy())
    np.testing.assert_array_equal(order, want_order.numpy())


def test_sorting_of_unknown_size(on_gpu):
    f = tf.function(lambda x: tf.sort(x, axis=1), input_signature=[tf.TensorSpec([None, None], tf.int32)])
    for shape in [(3, 7), (2, 300), (4, 1)]:
        x = rng.integers(-50, 50, shape, np.int32)
        same(on_gpu(f, x), f(x))


def test_the_greatest_elements(on_gpu):
    f = tf.function(lambda x: tf.math.top_k(x, 5))
    x = normal(6, 100)
    same(tuple(on_gpu(f, x)), tuple(f(x)))


SCATTERS = ["add", "sub", "update", "min", "max"]


@pytest.mark.parametrize("mode", SCATTERS)
def test_scatters_with_duplicates(on_gpu, mode):
    g = getattr(tf, f"tensor_scatter_nd_{mode}")
    f = tf.function(lambda x, i, u: g(x, i, u))
    x, i, u = normal(20, 6), rng.integers(0, 20, (50, 1), np.int32), normal(50, 6)
    same(on_gpu(f, x, i, u), f(x, i, u))


def test_scatters_of_elements_and_of_nothing(on_gpu):
    f = tf.function(lambda x, i, u: tf.tensor_scatter_nd_add(x, i, u))
    x = normal(4, 5)
    for count in (0, 1, 30):
        i, u = rng.integers(0, 4, (count, 2), np.int64), normal(count)
        same(on_gpu(f, x, i, u), f(x, i, u))


def test_sums_of_segments(on_gpu):
    f = tf.function(lambda x, s: (tf.math.unsorted_segment_sum(x, s, 7), tf.math.unsorted_segment_max(x, s, 7)))
    x, s = normal(40, 3), rng.integers(0, 7, 40, np.int32)
    same(on_gpu(f, x, s), f(x, s))


def test_gradient_of_an_embedding(on_gpu):
    @tf.function
    def f(table, ids, g):
        with tf.GradientTape() as tape:
            tape.watch(table)
            loss = tf.reduce_sum(tf.gather(table, ids) * g)
        return tf.convert_to_tensor(tape.gradient(loss, table))

    args = normal(30, 8), rng.integers(0, 30, 12, np.int32), normal(12, 8)
    same(on_gpu(f, *args), f(*args), 1e-6)


def test_a_scatter_that_is_too_large_stays_on_the_host():
    f = tf.function(lambda x, i, u: tf.tensor_scatter_nd_add(x, i, u))
    specs = [tf.TensorSpec([1 << 22]), tf.TensorSpec([4096, 1], tf.int32), tf.TensorSpec([4096])]
    code = f.get_concrete_function(*specs).compile_for("spirv")
    assert [h.why for h in code.host] == ["elements that are computed one after the other"]


@pytest.mark.parametrize("shape", [(0,), (9,), (3, 0), (1000,), (5, 6, 7)])
def test_positions_of_true_elements(on_gpu, shape):
    f = tf.function(lambda x: tf.where(x > 0.5))
    x = normal(*shape)
    same(on_gpu(f, x), f(x))


def test_selecting_rows_by_a_mask(on_gpu):
    f = tf.function(lambda x, m: tf.boolean_mask(x, m) * 2.0)
    x, m = normal(50, 4), rng.integers(0, 2, 50).astype(bool)
    same(on_gpu(f, x, m), f(x, m))
