"""Quicksort on vectors: no order of a row, and no choice of its numbers, leads to a wrong or an endless sort."""

import functools

import numpy as np
import pytest
import tfc as tf

# What lib/Conversion/TFCToLinalg/SortPartition.cpp does, to find the row that is worst for it.
IN_LEAF, SAMPLES, PER_TURN = 128, 9, 8


def sample_places(count, lanes):
    step = (count - lanes) // (SAMPLES - 1)
    return np.arange(SAMPLES)[:, None] * step + np.arange(lanes)


def pivot_of(samples):
    lanes = samples.shape[1]
    x = np.sort(samples, axis=0)[SAMPLES // 2]
    for distance in (lanes // 3, 1):
        x = np.median([np.roll(x, -i * distance) for i in range(3)], axis=0)
    return x[0]


def partitioned(part, is_low, lanes):
    """The elements in their new order."""
    count, per_turn = len(part), PER_TURN * lanes
    in_turns = (count // per_turn - 2) * per_turn
    aside = np.concatenate([part[:per_turn], part[per_turn + in_turns :]])
    result = np.empty_like(part)
    low, room = 0, count

    def put(elements):
        nonlocal low, room
        lows, highs = elements[is_low(elements)], elements[~is_low(elements)]
        result[low : low + len(lows)] = lows
        low, room = low + len(lows), room - len(elements)
        result[low + room : low + room + len(highs)] = highs

    left = per_turn
    for turn in range(0, in_turns, per_turn):
        right = left + in_turns - turn
        is_right = low + room - right < left - low
        begin = right - per_turn if is_right else left
        left += 0 if is_right else per_turn
        for i in range(begin, begin + per_turn, lanes):
            put(part[i : i + lanes])
    for i in range(0, len(aside), lanes):
        put(aside[i : i + lanes])
    return result, low


def worst(size, lanes):
    """A row each of whose samples are its smallest elements (McIlroy, "A killer adversary for quicksort", 1999), and how
    many partitions that leave nearly all of it there are before a part is small enough to be sorted."""
    values = np.full(size, np.inf)
    part, known, depth = np.arange(size), 0, 0
    while len(part) > IN_LEAF * lanes:
        samples = part[sample_places(len(part), lanes)]
        for place in samples.flat:
            if values[place] == np.inf:
                values[place], known = known, known + 1
        pivot = pivot_of(values[samples])
        if pivot == values[part].min():
            pivot += 1
        order, low = partitioned(part, lambda x, pivot=pivot: values[x] < pivot, lanes)
        part, depth = order[low:], depth + 1
    left = values == np.inf
    values[left] = known + np.random.default_rng(0).permutation(left.sum())
    return values, depth


# Rows of a matrix are sorted by one thread each, in the order that is computed here.
@pytest.mark.parametrize("dtype, lanes", [("float32", 16), ("int32", 16), ("float64", 8), ("int64", 8)])
@pytest.mark.parametrize("scale", [1, 1000])
def test_pivots_after_many_partitions_are_halfway_between_bounds(dtype, lanes, scale):
    size = 20000
    row, depth = worst(size, lanes)
    deepest = 2 * int(np.ceil(np.log2(size / (IN_LEAF * lanes)))) + 4
    assert depth > deepest + 10
    x = np.stack([row, row[::-1]]).astype(dtype) * scale
    np.testing.assert_array_equal(tf.function(tf.sort)(tf.constant(x)), np.sort(x))


SHAPES = {
    "sorted": np.arange,
    "reversed": lambda n: np.arange(n)[::-1],
    "organ pipes": lambda n: np.minimum(np.arange(n), np.arange(n)[::-1]),
    "two pipes": lambda n: np.abs(np.arange(n) % (n // 2) - n // 4),
    "equal": np.zeros,
    "two values": lambda n: np.arange(n) * 7919 % 13 > 5,
    "few values": lambda n: np.arange(n) * 7919 % 9,
    "halves of halves": lambda n: np.floor(-np.log2(np.arange(1, n + 1) * 7919 % n / n + 1e-9)),
    "one that differs": lambda n: np.arange(n) == n // 3,
    "saw": lambda n: np.arange(n) % 1000,
    "ends": lambda n: np.where(np.arange(n) % 2, np.inf, -np.inf),
}


def exact(x, dtype):
    if dtype.startswith("float"):
        return x.astype(dtype)
    info = np.iinfo(dtype)
    return np.clip(x.astype("float64"), float(info.min) / 2, float(info.max) / 2).astype(dtype)


@functools.cache
def sorts(dtype):
    del dtype  # one function for each, which is compiled once

    def f(x):
        return tf.sort(x), tf.sort(x, direction="DESCENDING"), tf.sort(tf.stack([x, x]))

    return tf.function(f, autograph=False)


@pytest.mark.parametrize("dtype", ["float32", "uint32", "float64", "int64", "float16"])
@pytest.mark.parametrize("shape", SHAPES)
def test_orders_that_are_hard_for_others(shape, dtype):
    with np.errstate(over="ignore"):
        x = exact(SHAPES[shape](9001), dtype)
    up, down, both = sorts(dtype)(tf.constant(x))
    np.testing.assert_array_equal(up, np.sort(x))
    np.testing.assert_array_equal(down, np.sort(x)[::-1])
    np.testing.assert_array_equal(both, np.stack([np.sort(x)] * 2))


# The smallest row of partitions, a whole number of vectors or not, halves that are as large or not, what turns leave.
@pytest.mark.parametrize(
    "size, dtype",
    [(n, "float32") for n in (8192, 8193, 8194, 8207, 8208, 8209, 12289, 262144, 1000003)]
    + [(n, "int64") for n in (4096, 4097, 4099, 4104, 6001, 300001)],
)
def test_any_size(size, dtype):
    x = (np.random.default_rng(size).normal(size=size) * 1e4).astype(dtype)
    f = tf.function(tf.sort)
    try:
        for threads in (1, 2):
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            np.testing.assert_array_equal(f(tf.constant(x)), np.sort(x))
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)


# A half with nothing but what belongs into the other one, of either side.
@pytest.mark.parametrize("low", [0, 1, 17, 5000, 10000, 10001, 15000, 20000])
def test_halves_exchange_what_is_in_the_wrong_one(low):
    x = np.random.default_rng(0).permutation(20001).astype("float32")
    f = sorts("float32")
    for row in (np.concatenate([np.sort(x)[low:], np.sort(x)[:low]]), np.concatenate([np.sort(x)[:low], x[x >= low]])):
        np.testing.assert_array_equal(f(tf.constant(row))[0], np.sort(row))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("special", [np.nan, -0.0, -np.nan])
@pytest.mark.parametrize("place", [0, 4000, 4600, -1])
def test_one_special_number_anywhere(place, special, dtype):
    x = np.random.default_rng(0).integers(-3, 3, size=9001).astype(dtype)
    x[place] = special
    want = tf.gather(x, tf.argsort(x, stable=True)).numpy()
    one, _, two = sorts(dtype)(tf.constant(x))
    for got in (one.numpy(), *two.numpy()):
        np.testing.assert_array_equal(got.view(f"u{x.itemsize}"), want.view(f"u{x.itemsize}"))


def test_a_row_that_is_replaced_by_its_order():
    x = np.random.default_rng(0).normal(size=20001).astype("float32")
    x[5], x[700] = -0.0, np.nan
    v = tf.Variable(x)
    want = tf.sort(tf.constant(x)).numpy()

    @tf.function
    def f(n):
        v.assign(tf.sort(v))
        y = v * 2.0
        for _ in tf.range(n):
            y = tf.sort(y)
        return y

    got = f(2).numpy()
    np.testing.assert_array_equal(v.numpy().view("u4"), want.view("u4"))
    np.testing.assert_array_equal(got.view("u4"), (want * 2).view("u4"))


def test_a_part_of_a_larger_result():
    x = tf.constant(np.random.default_rng(0).normal(size=(3, 9001)))
    got = tf.function(lambda x: tf.concat([x, tf.sort(x), x[:, :3]], 1))(x)
    np.testing.assert_array_equal(got, tf.concat([x, tf.sort(x), x[:, :3]], 1))
