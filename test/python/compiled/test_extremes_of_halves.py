"""Extremes of 16-bit floats are computed in float32 and are those of numpy, their places too; rounding to bfloat16
gives what a conversion of each single number gives, for every kind of number."""

import ml_dtypes
import numpy as np
import pytest
import tfc as tf

HALVES = [ml_dtypes.bfloat16, np.float16]
SHAPES = [(0, 3), (1, 1), (3, 1), (5, 17), (4, 1000), (300, 33)]


def special(shape, dtype, seed=0):
    random = np.random.default_rng(seed)
    x = (random.standard_normal(shape) * 10.0 ** random.integers(-4, 4, shape)).astype(dtype)
    flat = x.reshape(-1)
    kinds = np.array([np.inf, -np.inf, 0.0, -0.0, 1e-40, -6e-8], np.float32).astype(dtype)
    places = random.random(flat.size) < 0.3
    flat[places] = random.choice(kinds, places.sum())
    return x


def same(actual, expected, zeros=False):
    """Equal numbers of equal sign, `zeros` too; NaN has none."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    wide, other = actual.astype(np.float64), expected.astype(np.float64)
    np.testing.assert_array_equal(wide, other)
    signed = ~np.isnan(other) & (zeros | (other != 0))
    np.testing.assert_array_equal(np.signbit(wide)[signed], np.signbit(other)[signed])


@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("axis", [0, 1, None])
@pytest.mark.parametrize("dtype", HALVES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_extremes_are_those_of_numpy(shape, dtype, axis, nan):
    x = special(shape, dtype)
    if nan:
        x.reshape(-1)[x.size // 2] = np.nan
    wide = x.astype(np.float32)  # numpy's own loops for bfloat16 warn of NaN
    same(tf.function(lambda x: tf.reduce_max(x, axis))(x), np.max(wide, axis).astype(dtype))
    same(tf.function(lambda x: tf.reduce_min(x, axis))(x), np.min(wide, axis).astype(dtype))


@pytest.mark.parametrize("dtype", HALVES, ids=lambda d: np.dtype(d).name)
def test_extremes_of_nothing_are_infinite(dtype):
    x = np.zeros((0, 3), dtype)
    same(tf.function(lambda x: tf.reduce_max(x, 0))(x), np.full(3, -np.inf).astype(dtype))
    same(tf.function(lambda x: tf.reduce_min(x, 0))(x), np.full(3, np.inf).astype(dtype))


@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", HALVES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_places_of_extremes_are_those_of_numpy(shape, dtype, axis, nan):
    x = special(shape, dtype, 1)
    if nan:
        x.reshape(-1)[x.size // 2] = np.nan
    wide = x.astype(np.float32)  # numpy's own loops for bfloat16 do not know NaN
    for name, expected in (("argmax", wide.argmax(axis)), ("argmin", wide.argmin(axis))):
        op = getattr(tf, name)
        np.testing.assert_array_equal(tf.function(lambda x, op=op: op(x, axis))(x), expected)


def test_every_kind_of_float_is_rounded_to_the_nearest_bfloat16():
    random = np.random.default_rng(2)
    upper = np.arange(0x10000, dtype=np.uint32) << 16
    lower = np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)
    x = np.concatenate([(upper[:, None] | lower).reshape(-1), random.integers(0, 2**32, 10_001, np.uint32)])
    x = x.view(np.float32)
    with np.errstate(invalid="ignore"):
        expected = x.astype(ml_dtypes.bfloat16)
    actual = np.asarray(tf.function(lambda x: tf.cast(x, tf.bfloat16))(x))
    nan = np.isnan(x)
    np.testing.assert_array_equal(np.isnan(actual.astype(np.float32)), nan)
    np.testing.assert_array_equal(actual.view(np.uint16)[~nan], expected.view(np.uint16)[~nan])


@pytest.mark.parametrize("dtype", HALVES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("name", ["maximum", "minimum", "abs", "negative", "floor", "ceil", "round"])
def test_what_needs_no_rounding_is_what_eager_code_computes(name, dtype):
    x = np.arange(0x10000, dtype=np.uint16).view(dtype)
    y = np.roll(x, 7919)
    op = getattr(tf.math, name)
    arguments = (x, y) if name in ("maximum", "minimum") else (x,)
    with np.errstate(invalid="ignore"):
        same(tf.function(op)(*arguments), op(*arguments), zeros=True)
