"""Quotients and remainders in vectors: exact, on both sides of where floats hold them, and with C's special values."""

import ml_dtypes
import numpy as np
import pytest
import tfc as tf


def compiled(function, *arguments):
    with np.errstate(all="ignore"):
        return tf.function(function, autograph=False)(*map(tf.constant, arguments)).numpy()


def pairs(values, dtype):
    """Each value with each other, and a few more, so that the last vector is not full."""
    x, y = (a.ravel() for a in np.meshgrid(np.array(values, dtype), np.array(values, dtype)))
    return np.concatenate([x, x[:3]]), np.concatenate([y, y[:3]])


def cut(x, y):
    """Python's integers: the quotient toward zero, and what is left."""
    q = [abs(int(a)) // abs(int(b)) * (1 if (a < 0) == (b < 0) else -1) for a, b in zip(x, y, strict=True)]
    return q, [int(a) - int(b) * n for a, b, n in zip(x, y, q, strict=True)]


def integers(dtype):
    info = np.iinfo(dtype)
    if info.bits == 8:
        return range(info.min, info.max + 1)
    edges = [info.min, info.min + 1, info.max, info.max - 1, info.max // 2, info.max // 3, 0, 1, 2, 3, 5, 7, 10, 100]
    more = np.random.default_rng(0).integers(info.min, info.max, 40, dtype=dtype, endpoint=True).tolist()
    return [*edges, *more, *([-n for n in edges if n > 0] if info.min else [])]


@pytest.mark.parametrize(
    "dtype",
    [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64],
    ids=lambda d: d.__name__,
)
def test_integers_are_divided_exactly(dtype):
    x, y = pairs(integers(dtype), dtype)
    x, y = x[y != 0], y[y != 0]
    quotient, rest = cut(x, y)
    wrapped = np.array([q % 2 ** (8 * x.itemsize) for q in quotient], f"u{x.itemsize}").view(dtype)
    assert np.array_equal(compiled(tf.math.floormod, x, y), [int(a) % int(b) for a, b in zip(x, y, strict=True)])
    assert np.array_equal(compiled(tf.truncatediv, x, y), wrapped)
    assert np.array_equal(compiled(tf.truncatemod, x, y), rest)


@pytest.mark.parametrize("count", [1, 5, 16, 17, 100, 1000])
def test_integers_of_any_number(count):
    rng = np.random.default_rng(1)
    x, y = rng.integers(-1000, 1000, count).astype(np.int32), rng.integers(1, 50, count).astype(np.int32)
    assert np.array_equal(compiled(tf.math.floordiv, x, y), x // y)


def test_integers_of_rows_and_one_divisor():
    x = np.random.default_rng(2).integers(-1000, 1000, (7, 45)).astype(np.int16)
    y = np.array([3, -4, 5, 6, -7, 8, 9], np.int16)[:, None]
    assert np.array_equal(compiled(tf.math.floordiv, x, y), x // y)
    assert np.array_equal(compiled(lambda x: tf.reduce_sum(x // tf.constant(7, tf.int16), 1), x), (x // 7).sum(1))


# Quotients up to 2^22 (float32) and 2^26 (float64) are differences, larger ones libm's.
QUOTIENTS = [0, 1, 2, 3, 7, 1000, 2**21, 2**22 - 1, 2**22, 2**22 + 1, 2**25, 2**26 - 1, 2**26, 2**26 + 3, 2**40]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_remainders_of_floats_are_exact(dtype):
    rng = np.random.default_rng(3)
    y = np.concatenate([rng.normal(size=300), np.exp(rng.uniform(-60, 60, 300)), [1.0, 3.0, 0.1, 2.0**-20]]).astype(
        dtype
    )
    x = []
    for n in QUOTIENTS:  # whole multiples, and their neighbours
        near = (n * y.astype(np.longdouble)).astype(dtype)
        x += [
            near,
            np.nextafter(near, dtype(np.inf)),
            np.nextafter(near, dtype(0)),
            near + (rng.random() * y).astype(dtype),
        ]
    x, y = np.concatenate([*x, *(-v for v in x)]), np.tile(y, 2 * len(x))
    assert np.array_equal(compiled(tf.truncatemod, x, y), np.fmod(x, y))
    assert np.array_equal(compiled(tf.math.floormod, x, y), np.mod(x, y))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64], ids=lambda d: d.__name__)
def test_remainders_of_special_values(dtype):
    info = ml_dtypes.finfo(dtype)
    least, most = float(info.smallest_subnormal), float(info.max)
    values = [0.0, -0.0, 1.0, -1.0, 3.0, -2.5, least, -least, 7 * least, most, -most, np.inf, -np.inf, np.nan]
    x, y = pairs(values, dtype)
    got = compiled(tf.truncatemod, x, y).astype(np.float64)
    with np.errstate(all="ignore"):
        want = np.fmod(x.astype(np.float64), y.astype(np.float64))
    np.testing.assert_array_equal(got, want)
    assert np.array_equal(np.signbit(got[want == 0]), np.signbit(want[want == 0]))


@pytest.mark.parametrize(
    "dtype", [np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64], ids=lambda d: d.__name__
)
@pytest.mark.parametrize("divisor", [1, 2, 4, 64, "most", 3, -1, -2, -64, "least"])
def test_quotients_by_known_numbers_are_rounded_down(divisor, dtype):
    info = np.iinfo(dtype)
    number = {"most": 1 << (info.bits - (2 if info.min else 1)), "least": info.min}.get(divisor, divisor)
    if number < info.min or number == 0:
        pytest.skip("not of this type")
    x = np.array(list(integers(dtype)), dtype)
    if number == -1:
        x = x[x != info.min]
    by = dtype(number)
    want = [[int(a) // number for a in x], [int(a) % number for a in x]]
    np.testing.assert_array_equal(compiled(lambda a: a // by, x), np.array(want[0], dtype))
    np.testing.assert_array_equal(compiled(lambda a: a % by, x), np.array(want[1], dtype))
    for single in x[:5]:
        assert compiled(lambda a: tf.stack([a // by, a % by]), single).tolist() == [
            int(single) // number,
            int(single) % number,
        ]
