"""Scatters of many rows: rows are fetched ahead, and threads share those of the result; every place gets its updates in
their order, so that sums are what they are one after the other, to the last bit."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
BLOCK = 512  # places that a list is made of
ENOUGH = 4 << 20  # bytes of updates that threads share
pytestmark = pytest.mark.usefixtures("two_threads")


def orders(count, places):
    """Places, by what is special about them."""
    at = np.arange(count)
    return {
        "at random": RNG.integers(0, places, count),
        "in order": np.sort(RNG.integers(0, places, count)),
        "the first one": np.zeros(count, int),
        "the last one": np.full(count, places - 1),
        "one and the last one": np.where(at % 2, places - 1, 1),
        "a block each": at // BLOCK % places,
        "around": at % places,
        "left out, but for one": np.where(at == count - 1, places - 1, -1),
    }


def summed(x, places, count):
    want = np.zeros((count, *x.shape[1:]), x.dtype)
    np.add.at(want, places[places >= 0], x[places >= 0])
    return want


def compiled(f, *args):
    args = [tf.constant(x) for x in args]
    return tf.function(f, autograph=False)(*args).numpy()


def segments(count):
    return lambda x, s: tf.math.unsorted_segment_sum(x, s, count)


@pytest.mark.parametrize("order", orders(1, 64))
@pytest.mark.parametrize("count", [ENOUGH // 128 - 1, ENOUGH // 128, ENOUGH // 128 + BLOCK + 1])
def test_every_place_gets_its_updates_in_their_order(order, count):
    x = RNG.normal(size=(count, 32)).astype(np.float32)
    places = orders(count, 70)[order].astype(np.int32)
    np.testing.assert_array_equal(compiled(segments(70), x, places), summed(x, places, 70))


@pytest.mark.parametrize("places", [1, 2, 63, 64, 65, 66, 67, 1001])
def test_as_many_places_as_are_shared_and_fewer(places):
    count = ENOUGH // 128
    x, at = RNG.normal(size=(count, 32)).astype(np.float32), RNG.integers(0, places, count).astype(np.int64)
    np.testing.assert_array_equal(compiled(segments(places), x, at), summed(x, at, places))


@pytest.mark.parametrize(
    "row", [(15,), (16,), (17,), (31,), (32,), (33,), (64,), (129,), (200,), (3, 11), (4, 8), (2, 5, 7)]
)
def test_rows_of_every_length(row):
    count = (ENOUGH + (1 << 18)) // (4 * int(np.prod(row)))
    x, at = RNG.normal(size=(count, *row)).astype(np.float32), RNG.integers(-1, 100, count).astype(np.int32)
    np.testing.assert_array_equal(compiled(segments(100), x, at), summed(x, at, 100))


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32, np.uint8])
def test_rows_of_every_type(dtype):
    count = ENOUGH // (128 * np.dtype(dtype).itemsize) + 3
    x, at = RNG.integers(0, 3, (count, 128)).astype(dtype), RNG.integers(0, 500, count).astype(np.int32)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(compiled(segments(500), x, at), summed(x, at, 500))


@pytest.mark.parametrize("order", ["at random", "in order", "around"])
def test_the_last_update_stays(order):
    count = ENOUGH // 256
    x, base = (RNG.normal(size=(n, 64)).astype(np.float32) for n in (count, 333))
    at = orders(count, 333)[order]
    got = compiled(lambda b, p, u: tf.tensor_scatter_nd_update(b, p[:, None], u), base, at, x)
    want = base.copy()
    for i, row in zip(at, x, strict=True):
        want[i] = row
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("mode", ["max", "min"])
def test_nan_and_signed_zeros_count(mode):
    """-0 is less than 0, and NaN is beyond all: floats in the order of integers."""
    count, places = ENOUGH // 128, 20000
    x = RNG.choice(
        np.array([np.nan, -0.0, 0.0, 1, -np.inf], np.float32), (count, 32), p=[0.0001, 0.2, 0.2, 0.2999, 0.3]
    )
    at = RNG.integers(0, places, count).astype(np.int32)
    got = compiled(lambda x, s: getattr(tf.math, "unsorted_segment_" + mode)(x, s, places), x, at)

    def keys(x):
        bits = x.view(np.int32)
        beyond = np.iinfo(np.int32).max if mode == "max" else np.iinfo(np.int32).min
        return np.where(np.isnan(x), beyond, np.where(bits < 0, bits ^ 0x7FFFFFFF, bits))

    most = np.finfo(np.float32).max
    want = keys(np.full((places, 32), -most if mode == "max" else most, np.float32))
    (np.maximum if mode == "max" else np.minimum).at(want, at, keys(x))
    np.testing.assert_array_equal(keys(got), want)


@pytest.mark.parametrize("last", [0, 2, 3, 4, 5, 777])
def test_numbers_of_segments_that_only_run_time_knows(last):
    count = ENOUGH // 128 + 5
    x, at = RNG.normal(size=(count, 32)).astype(np.float32), np.sort(RNG.integers(0, last + 1, count)).astype(np.int32)
    at[-1] = last
    np.testing.assert_array_equal(compiled(tf.math.segment_sum, x, at), summed(x, at, last + 1))


@pytest.mark.parametrize("row", [16, 32, 64])
def test_rows_of_nodes_at_the_ends_of_edges(row):
    nodes, edges = 300, (6 << 20) // (4 * row)
    x, weights = RNG.normal(size=(nodes, row)).astype(np.float32), RNG.normal(size=edges).astype(np.float32)
    source, target = (RNG.integers(0, nodes, edges).astype(np.int32) for _ in range(2))

    def f(x, s, t, w):
        return tf.math.unsorted_segment_sum(tf.gather(x, s) * w[:, None], t, nodes)

    # Products are not rounded before they are added.
    want = np.zeros((nodes, row))
    np.add.at(want, target, x[source].astype(np.float64) * weights[:, None])
    np.testing.assert_allclose(compiled(f, x, source, target, weights), want, rtol=1e-3, atol=1e-3)


def test_an_embedding_that_is_trained():
    rows, count = 5000, ENOUGH // 256 + 9
    start = RNG.normal(size=(rows, 64)).astype(np.float32)
    v = tf.Variable(start)
    at = RNG.integers(0, rows, count).astype(np.int32)

    @tf.function
    def step(at):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.gather(v, at) ** 2)
        v.assign_sub(0.1 * tf.convert_to_tensor(tape.gradient(loss, v)))

    step(tf.constant(at))
    times = np.bincount(at, minlength=rows)[:, None]
    np.testing.assert_allclose(v, start - 0.2 * times * start, rtol=1e-3, atol=1e-3)


def test_a_place_beyond_the_end_is_an_error():
    count = ENOUGH // 128
    at = np.zeros(count, np.int32)
    at[-1] = 70
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not index"):
        compiled(segments(70), np.zeros((count, 32), np.float32), at)
