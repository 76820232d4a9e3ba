"""Quicksort on vectors: no order of a row, and no choice of its numbers, leads to a wrong or an endless sort."""

import functools

import numpy as np
import pytest
import tfc as tf
from tfc.ir import compiler

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


def has(feature):
    return f"+{feature}" in compiler.host()[2].split(",")


# A CPU with AVX2 picks lanes by a table, one with AVX-512 in one instruction.
CPUS = ["native", *(["x86-64-v3"] if has("avx512f") and has("avx2") else [])]


@functools.cache
def sorts(dtype, cpu="native"):
    del dtype  # one function for each, which is compiled once

    def f(x):
        return tf.sort(x), tf.sort(x, direction="DESCENDING"), tf.sort(tf.stack([x, x]))

    return tf.function(f, autograph=False, experimental_attributes={"compile_options": {"cpu": cpu}})


@pytest.mark.parametrize("dtype", ["float32", "uint32", "float64", "int64", "float16"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cpu", CPUS)
def test_orders_that_are_hard_for_others(cpu, shape, dtype):
    with np.errstate(over="ignore"):
        x = exact(SHAPES[shape](9001), dtype)
    up, down, both = sorts(dtype, cpu)(tf.constant(x))
    np.testing.assert_array_equal(up, np.sort(x))
    np.testing.assert_array_equal(down, np.sort(x)[::-1])
    np.testing.assert_array_equal(both, np.stack([np.sort(x)] * 2))


# The smallest row of partitions, a whole number of vectors or not, halves that are as large or not, what turns leave.
@pytest.mark.parametrize(
    "size, dtype",
    [(n, "float32") for n in (8192, 8193, 8194, 8207, 8208, 8209, 12289, 262144, 1000003)]
    + [(n, "int64") for n in (4096, 4097, 4099, 4104, 6001, 300001)],
)
@pytest.mark.parametrize("cpu", CPUS)
def test_any_size(cpu, size, dtype):
    x = (np.random.default_rng(size).normal(size=size) * 1e4).astype(dtype)
    f = tf.function(tf.sort, experimental_attributes={"compile_options": {"cpu": cpu}})
    try:
        for threads in (1, 2):
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            np.testing.assert_array_equal(f(tf.constant(x)), np.sort(x))
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)


# A half with nothing but what belongs into the other one, of either side.
@pytest.mark.parametrize("low", [0, 1, 17, 5000, 10000, 10001, 15000, 20000])
@pytest.mark.parametrize("cpu", CPUS)
def test_halves_exchange_what_is_in_the_wrong_one(cpu, low):
    x = np.random.default_rng(0).permutation(20001).astype("float32")
    f = sorts("float32", cpu)
    for row in (np.concatenate([np.sort(x)[low:], np.sort(x)[:low]]), np.concatenate([np.sort(x)[:low], x[x >= low]])):
        np.testing.assert_array_equal(f(tf.constant(row))[0], np.sort(row))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("special", [np.nan, -0.0, -np.nan])
@pytest.mark.parametrize("place", [0, 4000, 4600, -1])
@pytest.mark.parametrize("cpu", CPUS)
def test_one_special_number_anywhere(cpu, place, special, dtype):
    x = np.random.default_rng(0).integers(-3, 3, size=9001).astype(dtype)
    x[place] = special
    want = tf.gather(x, tf.argsort(x, stable=True)).numpy()
    one, _, two = sorts(dtype, cpu)(tf.constant(x))
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
