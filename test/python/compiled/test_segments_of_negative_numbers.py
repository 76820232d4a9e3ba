"""Updates of single elements whose places are negative are left out, in loops that others do not slow down."""

import numpy as np
import pytest
import tfc as tf

# One block of updates that are looked at together, some and a rest; and fewer than one, which go another way.
SIZES = [4159, 4160, 4161, 13000]
SUMS = {
    "sum": tf.math.unsorted_segment_sum,
    "prod": tf.math.unsorted_segment_prod,
    "max": tf.math.unsorted_segment_max,
    "min": tf.math.unsorted_segment_min,
    "mean": tf.math.unsorted_segment_mean,
    "sqrt_n": tf.math.unsorted_segment_sqrt_n,
}


def data(dtype, size):
    rng = np.random.default_rng(0)
    if dtype.startswith("u"):
        return rng.integers(0, 5, size).astype(dtype)
    x = rng.integers(-4, 5, size).astype(dtype)
    if dtype.startswith("float"):
        x[5], x[77], x[100] = -0.0, np.nan, np.inf
    return x


def agree(f, *args):
    want, got = f(*args).numpy(), tf.function(f, autograph=False)(*args).numpy()
    np.testing.assert_array_equal(got.view(f"u{got.itemsize}"), want.view(f"u{want.itemsize}"))


@pytest.mark.parametrize(
    "name, dtype",
    [(name, dtype) for name in SUMS for dtype in ("float32", "float64")]
    + [(name, "int32") for name in ("sum", "prod", "max", "min")],
)
@pytest.mark.parametrize("ids", ["int32", "int64"])
def test_segments_of_any_order(name, dtype, ids):
    x, rng = data(dtype, SIZES[-1]), np.random.default_rng(1)
    places = rng.integers(-2, 50, x.size).astype(ids)
    agree(lambda x, s: SUMS[name](x, s, 51), tf.constant(x), tf.constant(places))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "make",
    [
        lambda n: np.arange(n) // 90 - 3,  # in order, negative ones first
        lambda n: np.arange(n) // 90,
        lambda n: np.full(n, -1),
        lambda n: np.where(np.arange(n) % 4160 < 4159, 3, -1),
        lambda n: np.where(np.arange(n) == 4160, -(2**31), np.arange(n) // 90),
    ],
)
def test_blocks_in_order(make, size):
    x, places = data("float32", size), make(size).astype(np.int32)
    agree(lambda x, s: tf.math.unsorted_segment_sum(x, s, 200), tf.constant(x), tf.constant(places))


def test_a_number_that_is_not_neutral_is_added_at_the_first_place():
    def f(x, s):
        absent = s < 0
        updates = tf.where(absent, 5.0, x)
        return tf.tensor_scatter_nd_add(tf.fill([9], 5.0), tf.where(absent, 0, s)[:, None], updates)

    rng = np.random.default_rng(0)
    agree(f, tf.constant(data("float32", 5000)), tf.constant(rng.integers(-3, 9, 5000).astype(np.int32)))


def test_places_that_are_too_large_are_errors():
    f = tf.function(lambda x, s: tf.math.unsorted_segment_sum(x, s, 9))
    places = np.zeros(5000, np.int32)
    places[4900] = 9
    with pytest.raises(tf.errors.InvalidArgumentError, match="9"):
        f(tf.constant(data("float32", 5000)), tf.constant(places))


def test_gradients():
    def f(x, s):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.math.unsorted_segment_sum(x, s, 20) ** 2)
        return tape.gradient(y, x)

    rng = np.random.default_rng(0)
    x = rng.integers(-4, 5, 9000).astype(np.float32)
    agree(f, tf.constant(x), tf.constant(rng.integers(-3, 20, 9000).astype(np.int32)))
