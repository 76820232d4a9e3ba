"""Distinct values: numpy finds them eagerly, sorts and scatters in functions."""

import numpy as np
import pytest
import tfc as tf

VALUES = {
    "none": np.array([], np.float32),
    "integers": np.array([3, 1, 3, 2, 1], np.int32),
    "zeros and NaN": np.array([np.nan, 0.0, -0.0, np.nan, 1, -0.0]),
    "bytes": np.array([1, 1], np.uint8),
    "many": np.random.default_rng(0).integers(0, 5, 50),
    "half": np.array([2, 1, 2], np.float16),
}


@pytest.mark.parametrize("places", ["int32", "int64"])
@pytest.mark.parametrize("name", VALUES)
def test_distinct_values_are_the_same_eagerly_and_in_a_function(name, places):
    x = tf.constant(VALUES[name])
    eager = tf.unique(x, tf.as_dtype(places))
    values, index = tf.function(lambda x: tf.unique(x, tf.as_dtype(places)))(x)
    assert eager.idx.dtype == index.dtype == tf.as_dtype(places)
    assert eager.y.numpy().tobytes() == values.numpy().tobytes()
    np.testing.assert_array_equal(eager.idx, index)


def test_gradients_go_to_the_first_of_equal_values():
    x = tf.constant([2.0, 1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.unique(x).y * tf.constant([3.0, 5.0]))
    np.testing.assert_array_equal(tape.gradient(y, x), [3, 5, 0])


RNG = np.random.default_rng(0)
INTEGERS = {
    "close together": RNG.integers(0, 90, 600),
    "far from zero": RNG.integers(0, 90, 600) + 2**62,
    "negative": RNG.integers(-90, 5, 600),
    "far apart": RNG.integers(-(2**62), 2**62, 600) // 2**55 * 2**55,
    "at both ends": np.where(np.arange(600) % 3, 2**63 - 1, -(2**63)),
    "as close as tables are for": np.array([0, 8 * 600 + 1023] * 300),
    "one more": np.array([0, 8 * 600 + 1024] * 300),
    "one value": np.full(600, 7),
}


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "int64", "uint64"])
def test_integers_are_looked_up_in_a_table_or_sorted(dtype):
    known = tf.function(tf.unique_with_counts, autograph=False)
    spec = [tf.TensorSpec([None], dtype)]
    unknown = tf.function(lambda x: tf.unique_with_counts(x), autograph=False, input_signature=spec)
    for name, numbers in INTEGERS.items():
        x = tf.constant(numbers.astype(dtype))
        want = tf.unique_with_counts(x)
        for got in (known(x), unknown(x)):
            for part, of in zip(got, want, strict=True):
                assert part.dtype == of.dtype
                np.testing.assert_array_equal(part, of, err_msg=name)
    assert [len(part) for part in unknown(tf.constant(np.zeros(0, dtype)))] == [0, 0, 0]


def many_values():
    rng = np.random.default_rng(5)
    n = 20_000
    few = rng.integers(-25, 25, n)
    yield "few integers far apart", few * 10**16
    yield "more than a table has places for", rng.integers(0, 60_000, n) * 10**12
    yield "collisions of one hash", rng.integers(0, 900, n) * 10**14 + 3
    yield "many behind few", np.concatenate([few, rng.integers(-(2**62), 2**62, n)])
    yield "floats, zeros of both signs", few * np.where(rng.uniform(size=n) < 0.5, -0.1, 0.1)
    yield "float32, infinite ones", np.where(few == 3, np.inf, few).astype(np.float32)
    yield "NaN", np.where(rng.uniform(size=n) < 0.01, np.nan, few / 8)
    yield "halves", (few / 8).astype(np.float16)
    yield "unsigned", few.astype(np.uint64) * np.uint64(10**15)
    yield "all the same", np.full(n, 10**15)


@pytest.mark.parametrize(("name", "x"), list(many_values()), ids=lambda v: v if isinstance(v, str) else "")
def test_distinct_values_of_many_elements_that_no_table_has_all_of(name, x):
    _, first, place = np.unique(x, return_index=True, return_inverse=True, equal_nan=False)
    order = np.argsort(first)
    rank = np.empty(len(first), int)
    rank[order] = np.arange(len(first))
    y, idx = tf.function(lambda x: tf.unique(x))(tf.constant(x))
    np.testing.assert_array_equal(y, x[first[order]])
    np.testing.assert_array_equal(idx, rank[place])
