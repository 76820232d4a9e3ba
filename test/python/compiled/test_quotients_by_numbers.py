"""Quotients by what is the same in all iterations of a loop: the very numbers that a division gives."""

import numpy as np
import pytest
import tfc as tf

DTYPES = [np.float32, np.float64]
EDGES = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, 1e-320, 1e-45, 1e-38, -1e-38, 3e38, 1e-30, 1e30, 1e300, 1e-300]  # fmt: skip


def same(got, want):
    return got.dtype == want.dtype and np.array_equal(got, want, equal_nan=True) and not np.any(
        np.signbit(got) != np.signbit(want), where=~np.isnan(want)
    )  # fmt: skip


def numbers(dtype, count, spread, seed=0):
    """Of both signs, over `spread` powers of two up and down."""
    rng = np.random.default_rng(seed)
    with np.errstate(over="ignore"):
        return (rng.normal(size=count) * 2.0 ** rng.uniform(-spread, spread, count)).astype(dtype)


def divide(x, d):
    with np.errstate(all="ignore"):
        return tf.function(lambda a, b: a / b, autograph=False)(tf.constant(x), tf.constant(d)).numpy(), x / d


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
@pytest.mark.parametrize("spread", [0, 1, 20, 100, 140], ids=str)
@pytest.mark.parametrize("columns", [15, 64, 1000])
def test_each_row_is_divided_by_its_number_as_by_a_division(dtype, spread, columns):
    x = numbers(dtype, (200, columns), spread)
    assert same(*divide(x, numbers(dtype, (200, 1), spread, seed=1)))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_special_numbers_divide_and_are_divided(dtype):
    with np.errstate(all="ignore"):
        edges = np.array(EDGES).astype(dtype)
    x = np.concatenate([edges, numbers(dtype, 100, 4), edges])
    assert same(*divide(np.broadcast_to(x, (edges.size, x.size)).copy(), edges[:, None]))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
@pytest.mark.parametrize("d", [3.0, -255.0, 1e-30, 1e30, 0.1, np.inf, 0.0])
def test_a_constant_divides_as_by_a_division(dtype, d):
    x = np.concatenate([numbers(dtype, 1003, 30), np.array(EDGES[:9]).astype(dtype)])
    with np.errstate(all="ignore"):
        got = tf.function(lambda a: a / dtype(d), autograph=False)(tf.constant(x)).numpy()
        assert same(got, x / dtype(d))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_a_number_that_a_loop_changes_divides_each_time_anew(dtype):
    @tf.function
    def halves(x, d):
        for _ in tf.range(5):
            x = x / d
            d = d * 1.5
        return x

    x, d = numbers(dtype, 100, 3), dtype(0.7)
    want, now = x, d
    for _ in range(5):
        want, now = want / now, dtype(now * dtype(1.5))
    assert same(halves(tf.constant(x), tf.constant(d)).numpy(), want)
