"""Columns of short rows (points, boxes, quaternions, colours): read and put together in vectors of rows, with numpy's
values."""

import numpy as np
import pytest
import tfc as tf

KINDS = [np.float32, np.float64, np.float16, tf.bfloat16.as_numpy_dtype, np.int32, np.int64, np.int16, np.uint8]
COUNTS = [0, 1, 5, 63, 64, 85, 128, 257, 1000]


def rows(count, width, dtype=np.float32, seed=0):
    numbers = np.random.default_rng(seed + count).integers(-9, 10, (count, width))
    return (np.abs(numbers) if dtype is np.uint8 else numbers).astype(dtype)


def run(function, *args):
    got = tf.function(function, autograph=False)(*map(tf.constant, args))
    return tf.nest.map_structure(lambda x: x.numpy(), got)


def same(got, want):
    assert got.shape == want.shape and got.dtype == want.dtype
    np.testing.assert_array_equal(got.astype(np.complex128), want.astype(np.complex128))


@pytest.mark.parametrize("dtype", KINDS)
def test_two_columns_change_places(dtype):
    for count in COUNTS:
        x = rows(count, 2, dtype)
        same(run(lambda x: tf.stack([x[:, 1], x[:, 0]], -1), x), x[:, ::-1])


@pytest.mark.parametrize("dtype", KINDS)
def test_cross_products_of_small_numbers(dtype):
    for count in [1, 64, 85, 257]:
        x, y = rows(count, 3, dtype), rows(count, 3, dtype, seed=1)
        want = np.cross(x.astype(np.int64), y.astype(np.int64))
        got = run(tf.linalg.cross, x, y)
        np.testing.assert_array_equal(got.astype(np.float64), want.astype(dtype).astype(np.float64))


@pytest.mark.parametrize("width", range(2, 18))
def test_all_columns_in_the_opposite_order(width):
    for count in [64, 77]:
        x = rows(count, width)
        same(run(lambda x: tf.stack([x[:, i] * 2 for i in reversed(range(width))], -1), x), x[:, ::-1] * 2)


@pytest.mark.parametrize("parts", [(2, 2), (3, 1), (1, 3), (2, 1, 2), (1, 4, 3), (4, 4), (5, 6)])
def test_wide_parts_side_by_side(parts):
    for count in [64, 100, 513]:
        xs = [rows(count, width, seed=width) for width in parts]
        same(run(lambda *xs: tf.concat([x + 1 for x in xs], -1), *xs), np.concatenate([x + 1 for x in xs], -1))


def test_one_column_twice():
    x = rows(85, 3)
    same(run(lambda x: tf.stack([x[:, 2], x[:, 2]], -1), x), x[:, [2, 2]])
    same(run(lambda x: tf.stack([x[:, 0], x[:, 2], x[:, 0], x[:, 0]], -1), x), x[:, [0, 2, 0, 0]])


def test_numbers_beside_columns():
    x = rows(100, 2)
    want = np.concatenate([x, np.ones((100, 1), np.float32)], -1)
    same(run(lambda x: tf.concat([x, tf.ones_like(x[:, :1])], -1), x), want)


def test_nan_infinity_and_signed_zeros_stay_in_their_places():
    x = rows(133, 4)
    x[3, 1], x[70, 0], x[71, 3], x[132, 2], x[131, 2] = np.nan, np.inf, -np.inf, -0.0, 0.0
    got = run(lambda x: tf.stack([-x[:, 3], x[:, 2], tf.abs(x[:, 1]), x[:, 0]], -1), x)
    want = np.stack([-x[:, 3], x[:, 2], np.abs(x[:, 1]), x[:, 0]], -1)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(want))


def test_conditions_in_columns():
    x = rows(200, 2)
    got = run(lambda x: tf.stack([x[:, 0] > 0, x[:, 1] > x[:, 0]], -1), x)
    same(got, np.stack([x[:, 0] > 0, x[:, 1] > x[:, 0]], -1))


@pytest.mark.parametrize(
    "shape", [(7, 64, 3), (3, 5, 65, 3), (100, 21, 3), (70, 1, 3), (1, 70, 3), (2, 0, 3), (50, 2, 2, 3), (40, 6, 3)]
)
def test_rows_of_many_dimensions(shape):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    got = run(lambda x: tf.stack([x[..., 2], x[..., 0] + x[..., 1]], -1), x)
    same(got, np.stack([x[..., 2], x[..., 0] + x[..., 1]], -1))


@pytest.mark.parametrize("shape", [(9, 4, 3), (33, 17, 3), (5, 3, 21, 3), (1, 300, 3), (300, 1, 3), (200, 2, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_few_rows_in_each_of_many(shape, dtype):
    x, y = (np.random.default_rng(i).integers(-9, 10, shape).astype(dtype) for i in (0, 1))
    same(run(lambda x, y: tf.linalg.cross(x, y), x, y), np.cross(x, y))
    same(run(lambda x: x[..., 0] * x[..., 2], x), x[..., 0] * x[..., 2])
    each, all_of = y[..., :1, 1], y[0, ..., 2]
    got = run(lambda x, e, a: tf.stack([x[..., 1] * e, x[..., 0] + a], -1), x, each, all_of)
    same(got, np.stack([x[..., 1] * each, x[..., 0] + all_of], -1))
    got = run(lambda x, y: tf.concat([x[..., :2] - y[..., 1:], y[..., :1]], -1), x, y)
    same(got, np.concatenate([x[..., :2] - y[..., 1:], y[..., :1]], -1))
    got = run(lambda x, y: tf.stack([x[:, :1, ..., 1], y[:, :1, ..., 0]], -1), x, y)
    same(got, np.stack([x[:, :1, ..., 1], y[:, :1, ..., 0]], -1))


@pytest.mark.parametrize("count", [1, 64, 85, 1000])
def test_parts_of_rows_by_other_parts(count):
    x = rows(count, 3) + 20
    same(run(lambda p: p[:, :2] / p[:, 2:], x), x[:, :2] / x[:, 2:])


@pytest.mark.parametrize("shape", [(1,), (64,), (85,), (1000,), (8, 64), (3, 70), (70, 5)])
@pytest.mark.parametrize("scale", [1.0, 8.0])
def test_parts_of_bytes_by_another_byte(shape, scale):
    numbers = np.random.default_rng(0)
    x, y = (numbers.integers(0, 256, (*shape, width)).astype(np.uint8) for width in (4, 3))

    def f(a, b):
        t = tf.cast(a[..., 3:], tf.float32) / scale
        return tf.cast(a[..., :3], tf.float32) * t + tf.cast(b, tf.float32) * (1.0 - t)

    t = x[..., 3:].astype(np.float32) / np.float32(scale)
    same(run(f, x, y), x[..., :3].astype(np.float32) * t + y.astype(np.float32) * (1 - t))


@pytest.mark.parametrize("width", range(2, 11))
def test_one_column_of_rows(width):
    for count in [1, 15, 16, 17, 100, 1000]:
        for dtype in [np.float32, np.float64, np.int16]:
            x = rows(count, width, dtype)
            same(run(lambda x: x[:, -1] * x[:, 0] + x[:, 1], x), x[:, -1] * x[:, 0] + x[:, 1])


def test_sums_and_largest_elements_of_columns():
    for count in [1, 16, 100, 1003, 70001]:
        x = rows(count, 3)
        same(run(lambda x: tf.reduce_sum(x[:, 0] * x[:, 2]), x), np.sum(x[:, 0] * x[:, 2], dtype=np.float32))
        same(run(lambda x: tf.reduce_max(x[:, 1] - x[:, 2]), x), np.max(x[:, 1] - x[:, 2]))


def test_rows_that_are_parts_of_longer_ones():
    x = rows(300, 7)
    got = run(lambda x: tf.stack([x[:, 2] + x[:, 3], x[:, 6]], -1), x)
    same(got, np.stack([x[:, 2] + x[:, 3], x[:, 6]], -1))
    got = run(lambda x: x[1::2, 4] - x[1::2, 6], x)
    same(got, x[1::2, 4] - x[1::2, 6])
    got = run(lambda x: x[10:200, 6] * 2, x)
    same(got, x[10:200, 6] * 2)


def test_every_other_column():
    x = rows(200, 6)
    same(run(lambda x: x[:, ::2] * x[:, 1::2], x), x[:, ::2] * x[:, 1::2])
    same(run(lambda x: x[:, 1::3] + x[:, :1], x), x[:, 1::3] + x[:, :1])


@pytest.mark.parametrize("count", [0, 1, 64, 101])
def test_a_number_of_rows_that_is_not_known(count):
    spec = tf.TensorSpec([None, 3], tf.float32)
    f = tf.function(lambda x, y: tf.linalg.cross(x, y + 1), autograph=False, input_signature=[spec, spec])
    x, y = rows(count, 3), rows(count, 3, seed=1)
    same(f(tf.constant(x), tf.constant(y)).numpy(), np.cross(x, y + 1).reshape(count, 3))


def test_a_variable_whose_columns_change_places():
    v = tf.Variable(rows(200, 2))

    @tf.function
    def swap():
        v.assign(tf.stack([v[:, 1], v[:, 0]], -1))

    swap()
    same(v.numpy(), rows(200, 2)[:, ::-1])


def test_points_that_turn_in_a_loop():
    x = rows(150, 2)

    def f(x):
        for _ in tf.range(5):
            x = tf.stack([x[:, 1] - 1.0, -x[:, 0]], -1)
        return x

    want = x
    for _ in range(5):
        want = np.stack([want[:, 1] - 1, -want[:, 0]], -1)
    same(tf.function(f)(tf.constant(x)).numpy(), want)


@pytest.mark.parametrize("threads", [1, 2])
def test_columns_that_threads_share(threads):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        x, y = rows(100003, 3), rows(100003, 3, seed=1)
        same(run(tf.linalg.cross, x, y), np.cross(x, y))
        same(run(lambda x: tf.sqrt(tf.abs(x[:, 0])) + x[:, 2], x), np.sqrt(np.abs(x[:, 0])) + x[:, 2])
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)


def test_values_that_others_need_too():
    x = rows(300, 3)

    def f(x):
        a, b = x[:, 0] * 2, x[:, 1] + 1
        return tf.stack([a, b], -1), a, tf.stack([b, a, b], -1)

    both, a, three = run(f, x)
    same(a, x[:, 0] * 2)
    same(both, np.stack([x[:, 0] * 2, x[:, 1] + 1], -1))
    same(three, np.stack([x[:, 1] + 1, x[:, 0] * 2, x[:, 1] + 1], -1))


def test_functions_in_columns():
    x = np.random.default_rng(3).uniform(-5, 5, 1003).astype(np.float32)
    got = run(lambda t: tf.stack([tf.cos(t), tf.sin(t), tf.exp(t) * tf.sin(t)], -1), x)
    np.testing.assert_allclose(got, np.stack([np.cos(x), np.sin(x), np.exp(x) * np.sin(x)], -1), rtol=2e-6, atol=1e-6)


def test_gradients_of_columns():
    x, y = rows(100, 3), rows(100, 3, seed=1)

    def f(x, y):
        with tf.GradientTape() as tape:
            tape.watch(x)
            z = tf.reduce_sum(tf.linalg.cross(x, y) ** 2)
        return tape.gradient(z, x)

    same(run(f, x, y), -2 * np.cross(np.cross(x, y), y))
