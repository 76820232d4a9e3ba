"""Scatters of many single elements: every place gets its updates in their order, in runs of one place and without them.

Where many are in no order, pieces have tables of their own (test_tables_of_updates.py), but not of sums that keep their order."""

import ml_dtypes
import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
UFUNCS = {"add": np.add, "sub": np.subtract, "min": np.minimum, "max": np.maximum}
SCATTERS = {
    "add": tf.tensor_scatter_nd_add,
    "sub": tf.tensor_scatter_nd_sub,
    "min": tf.tensor_scatter_nd_min,
    "max": tf.tensor_scatter_nd_max,
}
ROOM = 900


def in_order(n):
    return np.sort(RNG.integers(0, ROOM, n))


def kinds(n):
    """Places, by what is special about them. Blocks are of 4160, four parts each."""
    some = in_order(n)
    first_unordered = some.copy()
    first_unordered[[5, 6]] = [ROOM - 1, 0]
    last_unordered = some.copy()
    last_unordered[-1] = 0
    between = some.copy()
    between[4160 - 1 : 4160] = ROOM - 1  # the last of a block, in order within it
    return {
        "in order": some,
        "at random": RNG.permutation(some),
        "one": np.full(n, 3),
        "the last one": np.full(n, ROOM - 1),
        "runs of a part": np.minimum(np.arange(n) // 1040, ROOM - 1),
        "runs beyond a part": np.minimum(np.arange(n) // 1500, ROOM - 1),
        "runs beyond a block": np.minimum(np.arange(n) // 5000, ROOM - 1),
        "a fall at the start": first_unordered,
        "a fall at the end": last_unordered,
        "a fall between blocks": between,
        "each another": np.minimum(np.arange(n), ROOM - 1),
    }


def expected(base, places, updates, mode):
    want = base.copy()
    UFUNCS[mode].at(want, places, updates)
    return want


def scattered(mode, base, places, updates, **options):
    f = tf.function(
        lambda b, p, u: SCATTERS[mode](b, p[:, tf.newaxis], u),
        experimental_attributes={"compile_options": options},
    )
    return f(*map(tf.constant, (base, places, updates))).numpy()


@pytest.mark.parametrize("kind", kinds(5000))
@pytest.mark.parametrize("n", [4159, 4160, 9001])
def test_sums_are_added_in_order(kind, n):
    places = kinds(n)[kind].astype(np.int32)
    base, updates = RNG.normal(size=ROOM).astype(np.float32), RNG.normal(size=n).astype(np.float32)
    np.testing.assert_array_equal(scattered("add", base, places, updates), expected(base, places, updates, "add"))


@pytest.mark.parametrize("mode", UFUNCS)
@pytest.mark.parametrize("kind", ["in order", "at random", "runs beyond a part"])
@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16, np.int8, np.uint8, np.int64])
def test_every_type_and_mode(mode, kind, dtype):
    places = kinds(4500)[kind]
    if dtype in (np.int8, np.uint8, np.int64):
        base, updates = RNG.integers(0, 99, ROOM).astype(dtype), RNG.integers(0, 99, places.size).astype(dtype)
    else:
        base, updates = RNG.normal(size=ROOM).astype(dtype), RNG.normal(size=places.size).astype(dtype)
    np.testing.assert_array_equal(scattered(mode, base, places, updates), expected(base, places, updates, mode))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint16, np.int64])
def test_places_of_every_type(dtype):
    places = np.sort(RNG.integers(0, 127 if dtype is np.int8 else 250, 4160)).astype(dtype)
    updates = RNG.normal(size=places.size).astype(np.float32)
    got = tf.function(lambda u, p: tf.math.segment_sum(u, p))(tf.constant(updates), tf.constant(places)).numpy()
    np.testing.assert_array_equal(got, expected(np.zeros(int(places[-1]) + 1, np.float32), places, updates, "add"))


def test_nan_and_signed_zeros_stay_in_their_places():
    places = np.sort(RNG.integers(0, ROOM, 4160)).astype(np.int32)
    updates = RNG.choice(np.array([-0.0, np.nan, np.inf, 1.0], np.float32), 4160)
    base = np.full(ROOM, -0.0, np.float32)
    got, want = scattered("add", base, places, updates), expected(base, places, updates, "add")
    np.testing.assert_array_equal(got, want)
    assert np.array_equal(np.signbit(got[want == 0]), np.signbit(want[want == 0]))


def test_what_is_scattered_into_is_not_changed():
    base, places = np.zeros(ROOM, np.float32), in_order(4160).astype(np.int32)
    updates = np.ones(4160, np.float32)
    f = tf.function(lambda b, p, u: (tf.tensor_scatter_nd_add(b, p[:, tf.newaxis], u), b))
    given = tf.constant(base)
    got, kept = f(given, tf.constant(places), tf.constant(updates))
    np.testing.assert_array_equal(got, np.bincount(places, minlength=ROOM).astype(np.float32))
    np.testing.assert_array_equal(kept, base)


@pytest.mark.parametrize("bad", [-1, ROOM])
def test_places_beyond_the_end_are_an_error(bad):
    places = in_order(4160).astype(np.int32)
    places[2000] = bad
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not index"):
        scattered("add", np.zeros(ROOM, np.float32), places, np.ones(4160, np.float32))


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("room", [1, 15, 16, 900, 4160, 4161, 6000])
def test_extremes_count_nan_infinities_and_signed_zeros(mode, dtype, room):
    """Up to as many places as updates, floats are integers of the same order meanwhile."""
    special = np.array([-0.0, 0.0, np.inf, -np.inf, 1.0, -1.0, 5e-324, -1e-310, 3e38, -2.5], dtype)
    nan = np.array([np.nan, -np.nan], dtype)
    for places in (RNG.integers(0, room, 4160), np.sort(RNG.integers(0, room, 4160)), np.arange(4160) % room):
        base, updates = RNG.choice(special, room), RNG.choice(special, 4160)
        base[RNG.random(room) < 0.1] = nan[0]
        updates[RNG.random(4160) < 0.05] = nan[1]
        got = scattered(mode, base, places.astype(np.int32), updates)
        want = expected(base, places, updates, mode)
        np.testing.assert_array_equal(got, want)
        # Of signed zeros, the larger one is 0, the smaller one -0: numpy takes the first.
        zero = want == 0
        met = {s: np.zeros(room, bool) for s in (False, True)}
        for at, values in ((np.arange(room), base), (places, updates)):
            for sign in met:
                np.logical_or.at(met[sign], at, (values == 0) & (np.signbit(values) == sign))
        negative = ~met[False] if mode == "max" else met[True]
        np.testing.assert_array_equal(np.signbit(got[zero]), negative[zero])


def test_computed_updates_are_those_of_eager_execution():
    places = RNG.integers(-1, ROOM, 5000).astype(np.int32)
    x = RNG.normal(size=5000).astype(np.float32)

    def f(x, p):
        return tf.math.unsorted_segment_sum(tf.exp(x), p, ROOM), tf.math.unsorted_segment_max(x * 2, p, ROOM)

    for got, want in zip(tf.function(f)(x, places), f(x, places), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int32, np.uint8, np.int64])
@pytest.mark.parametrize("ordered", [False, True])
def test_updates_that_are_one_number(dtype, ordered):
    places = RNG.integers(-1, ROOM, 5000).astype(np.int32)
    places = np.sort(places) if ordered else places
    f = tf.function(lambda p: tf.math.unsorted_segment_sum(tf.ones([5000], dtype), p, ROOM))
    np.testing.assert_array_equal(
        f(tf.constant(places)), np.bincount(places[places >= 0], minlength=ROOM).astype(dtype)
    )


def test_a_block_whose_first_places_alone_are_in_order():
    places = RNG.integers(0, ROOM, 8320).astype(np.int32)
    places[:17] = np.arange(17)
    places[4160 : 4160 + 18] = np.arange(18)
    base, updates = np.zeros(ROOM, np.float32), RNG.normal(size=8320).astype(np.float32)
    np.testing.assert_array_equal(scattered("add", base, places, updates), expected(base, places, updates, "add"))


# Long rows of updates in order are two parts, which threads share, of four that take turns.
LONG = 16 * 4160


def long_kinds(n):
    some = in_order(n)
    falls = some.copy()
    falls[-2:] = 0
    between = some.copy()
    between[4160 * 9 - 1] = ROOM - 1
    return {
        "in order": some,
        "a fall at the end": falls,
        "a fall between blocks": between,
        "one": np.full(n, 3),
        "two, the second one last": np.where(np.arange(n) == n - 1, 5, 3),
        "two, the first one first": np.where(np.arange(n) == 0, 3, 5),
        "half of each": np.arange(n) * 2 // n,
        "five": np.arange(n) * 5 // n,
    }


@pytest.mark.parametrize("kind", long_kinds(LONG))
@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_long_sums_are_added_in_order(kind, dtype):
    for n in (LONG - 1, LONG, 100_001):
        places = long_kinds(n)[kind]
        updates = (RNG.standard_normal(n) * 100).astype(dtype)
        base = RNG.standard_normal(ROOM).astype(dtype)
        got = scattered("add", base, places, updates, reassociate=False)
        np.testing.assert_array_equal(got, expected(base, places, updates, "add"))


@pytest.mark.parametrize("first", [-2, 0])
def test_long_sums_of_negative_places_are_left_out(first):
    n = 100_001
    places = np.sort(RNG.integers(first, 20, n))
    updates = RNG.standard_normal(n).astype(np.float32)
    f = tf.function(
        lambda x, s: tf.math.unsorted_segment_sum(x, s, 20),
        autograph=False,
        experimental_attributes={"compile_options": {"reassociate": False}},
    )
    want = expected(np.zeros(20, np.float32), places[places >= 0], updates[places >= 0], "add")
    np.testing.assert_array_equal(f(tf.constant(updates), tf.constant(places)), want)
