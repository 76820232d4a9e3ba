"""Loops of native code give what numpy's give, bit for bit: few elements are numpy's, many are not."""

import math

import numpy as np
import pytest
import tfc as tf
from tfc.ops import elements

RNG = np.random.default_rng(0)
COUNTS = [0, 1, 255, 256, 257, 1000]
DTYPES = ["bool", "int8", "uint16", "int32", "uint64", "float16", "float32", "float64", "complex64", "complex128"]


def numbers(dtype, *shape):
    made = RNG.integers(-50, 50, shape) + 1j * RNG.integers(-50, 50, shape)
    return (made if np.dtype(dtype).kind == "c" else made.real).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", COUNTS)
def test_chosen_elements_are_those_of_numpy(count, dtype):
    condition, x, y = RNG.random(count) < 0.5, numbers(dtype, count), numbers(dtype, count)
    for a, b in ((x, y), (x[:1], y), (x, y[:1]), (x[:1], y[:1])):
        if count:
            wanted, found = np.where(condition, a, b), elements.choose(condition, a, b)
            assert wanted.dtype == found.dtype and wanted.tobytes() == found.tobytes()


@pytest.mark.parametrize("shapes", [[(30, 20), (20,), (30, 1)], [(20,), (30, 20), ()], [(), (40, 9), (9,)]], ids=str)
def test_shapes_of_choices_broadcast(shapes):
    condition, x, y = (RNG.random(s) < 0.5 for s in shapes)
    np.testing.assert_array_equal(elements.choose(condition, x, y), np.where(condition, x, y))


def test_what_is_not_dense_is_chosen_from_too():
    x, y = numbers("float32", 40, 30), numbers("float32", 30, 40)
    condition = (RNG.random((60, 40)) < 0.5)[::2]
    wanted = np.where(condition, x.T, y)
    assert wanted.tobytes() == elements.choose(condition, x.T, y).tobytes()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_error_function_is_that_of_the_c_library(dtype):
    x = np.concatenate([RNG.normal(size=400) * 3, [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-300, 30.0]]).astype(dtype)
    for function, of_one in ((tf.math.erf, math.erf), (tf.math.erfc, math.erfc)):
        wanted = np.array([of_one(float(v)) for v in x]).astype(dtype)
        np.testing.assert_array_equal(function(x).numpy(), wanted)
        np.testing.assert_array_equal(np.signbit(function(x).numpy()), np.signbit(wanted))


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "float64", "int8", "float16"])
@pytest.mark.parametrize("mode", ["add", "sub", "min", "max"])
@pytest.mark.parametrize("rows", [3, 400])
def test_rows_are_updated_one_after_the_other(rows, mode, dtype):
    x, updates = numbers(dtype, 7, 5, 3), numbers(dtype, rows, 3)
    if np.dtype(dtype).kind == "f":
        updates[1], updates[2] = np.nan, -0.0
    places = np.stack([RNG.integers(0, 7, rows), RNG.integers(0, 5, rows)], 1)
    wanted = x.copy()
    at = {"add": np.add, "sub": np.subtract, "min": np.minimum, "max": np.maximum}[mode].at
    at(wanted, (places[:, 0], places[:, 1]), updates)
    found = getattr(tf, f"tensor_scatter_nd_{mode}")(x, places, updates)
    np.testing.assert_array_equal(found, wanted)


def test_integers_of_many_updates_wrap():
    top = np.full([1, 2], 2**31 - 1, np.int32)
    found = tf.tensor_scatter_nd_add(top, [[0]] * 300, np.ones([300, 2], np.int32))
    np.testing.assert_array_equal(found, np.full([1, 2], -(2**31) + 299))


def test_places_of_many_updates_are_checked():
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not index"):
        tf.tensor_scatter_nd_add(tf.zeros([3]), [[0]] * 299 + [[3]], tf.ones([300]))


def test_the_tensor_that_is_updated_stays():
    x = tf.zeros([2, 200])
    y = tf.tensor_scatter_nd_add(x, [[0], [0]], tf.ones([2, 200]))
    assert tf.reduce_sum(x) == 0 and tf.reduce_sum(y) == 400
