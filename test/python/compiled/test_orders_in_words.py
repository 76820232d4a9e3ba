"""Orders of long rows are those of a stable sort, whatever the keys have in common."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)


def special(n):
    x = RNG.standard_normal(n)
    for first, value in enumerate((np.nan, -np.nan, -0.0, 0.0, np.inf, -np.inf, 5e-324)):
        x[first :: 11 + first] = value
    return x


# What keys of 64 bits have in common decides how many of their bits a word has.
MAKE = {
    "numbers": lambda n: RNG.standard_normal(n),
    "special numbers": special,
    "few floats": lambda n: RNG.integers(-5, 5, n).astype(float),
    "all integers": lambda n: RNG.integers(-(2**63), 2**63 - 1, n),
    "unsigned integers": lambda n: RNG.integers(0, 2**64 - 1, n, dtype=np.uint64),
    "small integers": lambda n: RNG.integers(-50, 50, n),
    "last bits far apart": lambda n: (RNG.integers(-4, 4, n) << 60) + RNG.integers(0, 50, n),
    "last bits, falling": lambda n: np.where(np.arange(n) == 7, -(2**62), n - np.arange(n)),
    "one number": lambda n: np.full(n, 3.0),
    "both ends": lambda n: np.where(np.arange(n) % 2, 2**63 - 1, -(2**63)),
    "float32": lambda n: special(n).astype(np.float32),
    "float16": lambda n: special(n).astype(np.float16),
    "uint32": lambda n: RNG.integers(0, 2**32 - 1, n, dtype=np.uint32),
    "int8": lambda n: RNG.integers(-128, 127, n).astype(np.int8),
}


def order_of(x, descending):
    """Zeros are equal, NaN are, and come last, or first if the order falls; what is equal stays in its order."""
    x = x.astype(float) if x.dtype.itemsize < 8 else x
    _, rank = np.unique(x, return_inverse=True)
    return np.argsort(-rank if descending else rank, kind="stable")


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize("size", [129, 1000, 4097, 20_003])
def test_orders_of_one_row(make, size):
    x = make(size)
    f = lambda x: tf.argsort(x, stable=True)
    np.testing.assert_array_equal(tf.function(f, autograph=False)(tf.constant(x)), order_of(x, False))


@pytest.mark.parametrize("name", ["special numbers", "last bits far apart", "unsigned integers", "float32"])
@pytest.mark.parametrize("size", [130, 5000])
def test_falling_orders_of_one_row(name, size):
    x = MAKE[name](size)
    f = lambda x: tf.argsort(x, direction="DESCENDING", stable=True)
    np.testing.assert_array_equal(tf.function(f, autograph=False)(tf.constant(x)), order_of(x, True))


@pytest.mark.parametrize("axis", [0, 1])
def test_orders_of_rows_and_columns(axis):
    x = np.stack([special(300) for _ in range(5)])
    x = x if axis else np.ascontiguousarray(x.T)
    f = lambda x: tf.argsort(x, axis, stable=True)
    want = np.apply_along_axis(order_of, axis, x, False)
    np.testing.assert_array_equal(tf.function(f, autograph=False)(tf.constant(x)), want)


@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_the_first_of_an_order_of_64_bits(dtype):
    x = (RNG.standard_normal((3, 20_000)) * 1000).round().astype(dtype)
    values, places = tf.function(lambda x: tf.math.top_k(x, 900), autograph=False)(tf.constant(x))
    want = np.argsort(-x, axis=1, kind="stable")[:, :900]
    np.testing.assert_array_equal(places, want)
    np.testing.assert_array_equal(values, np.take_along_axis(x, want, 1))
