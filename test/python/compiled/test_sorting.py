"""Sorts, orders and the first of an order are what eager execution gives, bit for bit, whatever way is taken for a size."""

import numpy as np
import pytest
import tfc as tf

FLOATS = ["float16", "bfloat16", "float32", "float64"]
INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
# Places are counted, digits of 8 bits, digits of 11.
SIZES = [1, 2, 15, 16, 17, 100, 128, 129, 500, 4095, 4096, 5000]


def numbers(dtype, shape, seed=0):
    rng = np.random.default_rng(seed)
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        return tf.constant(rng.integers(info.min, info.max, size=shape, dtype=dtype, endpoint=True))
    x = rng.normal(size=shape) * 10.0 ** rng.integers(-3, 3, size=shape)
    flat = x.reshape(-1)
    flat[::7], flat[1::11], flat[2::13], flat[3::17] = 0.0, -0.0, np.inf, -np.inf
    flat[4::19], flat[5::23] = np.nan, -np.nan
    return tf.constant(x, dtype)


def few(dtype, shape, seed=0):
    """Most are equal to others."""
    return tf.constant(np.random.default_rng(seed).integers(0, 4, size=shape), dtype)


def bits(x):
    x = x.numpy()
    return x.view(f"u{x.itemsize}") if x.dtype.kind != "i" else x


def agree(function, *args):
    want = tf.nest.flatten(function(*args))
    got = tf.nest.flatten(tf.function(function, autograph=False)(*args))
    for a, b in zip(want, got, strict=True):
        np.testing.assert_array_equal(bits(b), bits(a))


@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
@pytest.mark.parametrize("make", [numbers, few])
def test_orders_are_stable_and_nan_is_the_greatest(make, dtype, direction):
    for size in (7, 100, 300):
        agree(lambda x: tf.argsort(x, direction=direction, stable=True), make(dtype, (3, size)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "int64"])
def test_sizes(dtype, size):
    x = numbers(dtype, (2, size))
    agree(lambda x: (tf.argsort(x), tf.argsort(x, direction="DESCENDING")), x)


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
@pytest.mark.parametrize("size", [9, 300])
def test_sorted_elements_are_those_of_the_order(dtype, size):
    x = numbers(dtype, (4, size))
    got = tf.function(tf.sort)(x)
    want = tf.gather(x, tf.argsort(x, stable=True), batch_dims=1)
    np.testing.assert_array_equal(bits(got), bits(want))


@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
@pytest.mark.parametrize("size", [24, 63, 200, 600])
def test_many_rows_at_once(size, dtype, direction):
    plain = tf.cast(tf.constant(np.random.default_rng(0).normal(size=(35, size)) * 50), dtype)
    for x in (plain, numbers(dtype, (35, size))):  # rows with NaN or a negative zero are sorted one by one
        got = tf.function(lambda x: tf.sort(x, direction=direction))(x)
        want = tf.gather(x, tf.argsort(x, direction=direction, stable=True), batch_dims=1)
        np.testing.assert_array_equal(bits(got), bits(want))


# Elements without their places: one network up to 32 KiB of keys (of 32 or 64 bits), merges from there on; two groups of
# blocks from 128 KiB on, and one for each 512 KiB.
@pytest.mark.parametrize("size", [255, 4096, 4097, 8192, 8193, 16385, 32767, 32768, 131072, 131073, 300001])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_long_row(dtype, size):
    def f(x):
        return tf.sort(x), tf.sort(x, direction="DESCENDING")

    for make in (numbers, few):
        agree(f, make(dtype, (size,)))


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_one_long_row_of_any_type(dtype):
    agree(lambda x: (tf.sort(x), tf.sort(x, direction="DESCENDING")), numbers(dtype, (9001,)))


@pytest.mark.parametrize("size", [1000, 20000])
@pytest.mark.parametrize("make", [np.arange, lambda n: -np.arange(n), np.zeros, lambda n: np.full(n, np.nan)])
def test_one_long_row_that_is_in_order_or_equal(make, size):
    agree(tf.sort, tf.constant(make(size), tf.float32))


@pytest.mark.parametrize("size", [530, 4096])
def test_many_rows_beyond_the_first_level_cache(size):
    agree(lambda x: (tf.sort(x), tf.sort(x[:17])), tf.constant(np.random.default_rng(0).normal(size=(33, size))))


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_share_a_long_row(threads):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        for _ in range(3):
            agree(tf.sort, numbers("float32", (400003,)))
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)


@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_zeros_of_either_sign_stay_in_their_order(dtype, direction):
    x = tf.constant([[0.0, -0.0, 0.0, 1.0], [-0.0, 0.0, -1.0, -0.0]], dtype)
    for sort in (tf.sort, tf.function(tf.sort)):
        want = tf.gather(x, tf.argsort(x, direction=direction, stable=True), batch_dims=1)
        np.testing.assert_array_equal(bits(sort(x, direction=direction)), bits(want))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("size", [5, 200])
def test_any_axis(axis, size):
    shape = [3, 2, 4]
    shape[axis] = size
    agree(lambda x: (tf.sort(x, axis), tf.argsort(x, axis)), numbers("int32", shape))


@pytest.mark.parametrize("size", [0, 1, 40, 128, 129, 1000, 6000])
def test_sizes_that_are_not_known(size):
    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32)], autograph=False)
    def order(x):
        return tf.argsort(x), tf.sort(x, direction="DESCENDING")

    x = few("float32", (3, size))
    for got, want in zip(order(x), (tf.argsort(x), tf.sort(x, direction="DESCENDING")), strict=True):
        np.testing.assert_array_equal(got.numpy(), want.numpy())


def test_nothing_to_sort():
    agree(lambda x: (tf.sort(x), tf.argsort(x)), numbers("float32", (0, 5)))
    agree(lambda x: (tf.sort(x), tf.argsort(x)), numbers("float32", (5, 0)))


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
@pytest.mark.parametrize("make", [numbers, few])
def test_the_first_of_an_order_in_one_pass(make, dtype):
    for shape, k in [((5,), 2), ((3, 64), 1), ((2, 3, 200), 5), ((4, 1000), 64), ((2, 67), 3)]:
        agree(lambda x, k=k: tuple(tf.math.top_k(x, k)), make(dtype, shape))


@pytest.mark.parametrize("k", [0, 1, 4, 64, 65, 1000])
def test_any_number_of_first_elements(k):
    agree(lambda x: tuple(tf.math.top_k(x, k)), numbers("float32", (3, 1000)))


# From 65 first elements on, what may be among them is collected behind them; from an eighth of the row on, all is sorted.
@pytest.mark.parametrize(
    "size, k", [(519, 65), (520, 65), (583, 65), (601, 75), (3001, 300), (9000, 1125), (9000, 1126)]
)
@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_many_first_elements(dtype, size, k):
    def f(x):
        return (*tf.math.top_k(x, k), tf.argsort(x)[:, :k])

    for make in (numbers, few):
        agree(f, make(dtype, (3, size)))


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64", "uint8"])
@pytest.mark.parametrize("end", ["min", "max"])
def test_many_first_elements_where_all_are_the_last_one_of_their_type(dtype, end):
    x = tf.fill([2, 1003], getattr(tf.as_dtype(dtype), end))
    agree(lambda x: (*tf.math.top_k(x, 70), tf.argsort(x)[:, :70]), tf.cast(x, dtype))


@pytest.mark.parametrize("k", [9, 70])
@pytest.mark.parametrize("x", [np.arange(3000.0), -np.arange(3000.0), np.zeros(3000), np.full(3000, np.nan)])
def test_rows_that_are_in_order_or_equal(x, k):
    def f(x):
        first = tf.argsort(x, stable=True)[:, :k]
        return (*tf.math.top_k(x, k), first, tf.argsort(x), tf.argsort(x, direction="DESCENDING"))

    for dtype in ("float32", "float64"):
        agree(f, tf.constant(np.stack([x, x]), dtype))
        agree(lambda x: (*tf.math.top_k(x, k), tf.argsort(-x)[:, :k]), tf.constant(np.stack([x, x]), dtype))


def test_an_order_that_is_needed_whole_beside_its_first_elements():
    def f(x):
        order = tf.argsort(x, direction="DESCENDING")
        return order[:, :3], order[:, 2:7], tf.reduce_sum(order)

    agree(f, numbers("float32", (3, 150)))


def test_several_first_parts_of_an_order():
    def f(x):
        order = tf.argsort(x)
        return order[:, :3], order[:, :7], order[1:, :5]

    agree(f, numbers("float32", (3, 150)))


def test_rows_that_are_apart_in_memory():
    x = numbers("float32", (20, 900))
    agree(lambda x: (*tf.math.top_k(x[::2, 1::3], 4), tf.argsort(x[:, ::2]), tf.sort(x[3:5, 100:400])), x)


def test_results_that_are_part_of_a_larger_one():
    x = numbers("int32", (6, 300))
    agree(lambda x: tf.concat([tf.sort(x), x, tf.argsort(x)], axis=1), x)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_share_rows(threads):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        x = numbers("float32", (700, 300))
        agree(lambda x: (tf.argsort(x), tf.sort(x, 0), *tf.math.top_k(x, 5)), x)
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)


@pytest.mark.parametrize("size", [20, 400])
def test_gradients_go_where_elements_came_from(size):
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            weights = tf.range(1.0, 1.0 + size)
            y = tf.reduce_sum(tf.sort(x) * weights) + tf.reduce_sum(tf.math.top_k(x, 3).values)
        return tape.gradient(y, x)

    agree(f, tf.constant(np.random.default_rng(0).normal(size=(3, size)).astype(np.float32)))
