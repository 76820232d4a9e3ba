"""Many updates in no order: pieces have tables of their own, which are put together at the end."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
LONG = 140_001


def with_threads(f, *args):
    """Results do not depend on how many threads there are."""
    before = tf.config.threading.get_intra_op_parallelism_threads()
    results = []
    try:
        for threads in (1, 2, 3):
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            results.append(f(*args).numpy())
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()
    return results[0]


@pytest.mark.parametrize("room", [1, 15, 16, 500])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_are_close_and_do_not_depend_on_threads(room, dtype):
    x, s = RNG.normal(size=LONG).astype(dtype), RNG.integers(-1, room, LONG).astype(np.int32)
    f = tf.function(lambda x, s: tf.math.unsorted_segment_sum(x, s, room))
    want = np.bincount(s + 1, x, room + 1)[1:]
    np.testing.assert_allclose(with_threads(f, x, s), want, atol=2e-2 if dtype == "float32" else 1e-9)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "uint16", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("mode", ["max", "min", "sum"])
def test_extremes_and_sums_of_integers_are_exact(mode, dtype):
    room = 300
    if dtype.startswith("f"):
        if mode == "sum":
            pytest.skip("rounded")
        x = RNG.choice(np.array([1.5, -2.0, np.inf, -np.inf, 3e38, 5e-324], dtype), LONG)
        x[::5000] = np.nan
    else:
        x = RNG.integers(-100 if dtype[0] == "i" else 0, 100, LONG).astype(dtype)
    s = RNG.integers(-1, room, LONG)
    f = tf.function(lambda x, s: getattr(tf.math, "unsorted_segment_" + mode)(x, s, room))
    info = (np.finfo if dtype.startswith("f") else np.iinfo)(dtype)
    want = np.full(room, {"max": info.min, "min": info.max, "sum": 0}[mode], dtype)
    {"max": np.maximum, "min": np.minimum, "sum": np.add}[mode].at(want, s[s >= 0], x[s >= 0])
    np.testing.assert_array_equal(with_threads(f, x, s), want)


@pytest.mark.parametrize("n", [LONG, 32 * 4160, 32 * 4160 + 1])
def test_counts(n):
    x = RNG.integers(0, 700, n).astype(np.int32)
    for minlength in (0, 700, 1000, 100_000):
        f = tf.function(lambda x, minlength=minlength: tf.math.bincount(x, minlength=minlength))
        np.testing.assert_array_equal(with_threads(f, x), np.bincount(x, minlength=minlength))


def test_histograms():
    x = RNG.normal(size=LONG).astype(np.float32)
    f = tf.function(lambda x: tf.histogram_fixed_width(x, [-2.0, 2.0], nbins=64))
    bins = np.floor(np.float32(64) * ((x + np.float32(2)) / np.float32(4))).clip(0, 63)
    np.testing.assert_array_equal(with_threads(f, x), np.bincount(bins.astype(int), minlength=64))


def test_what_gets_no_update_keeps_its_sign():
    base = np.array([-0.0, 0.0, -0.0, 1.0], np.float32)
    places = RNG.integers(2, 4, LONG)
    updates = np.full(LONG, -0.0, np.float32)
    f = tf.function(lambda b, p, u: tf.tensor_scatter_nd_add(b, p[:, tf.newaxis], u))
    got = with_threads(f, base, places, updates)
    np.testing.assert_array_equal(got, base)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(base))


def test_a_place_beyond_the_end_is_an_error():
    places = RNG.integers(0, 50, LONG)
    places[77_777] = 50
    f = tf.function(lambda p: tf.tensor_scatter_nd_add(tf.zeros(50), p[:, tf.newaxis], tf.ones(LONG)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not index into shape"):
        f(places)
