"""Many updates of few places: most change no maximum or minimum, and are compared sixteen at a time."""

import numpy as np
import pytest
import tfc as tf

ROOM, COUNT = 19, 70_001


def numbers(dtype, order):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal(COUNT) * 1e4).astype(dtype)
    if np.dtype(dtype).kind == "f":
        x[rng.integers(0, COUNT, 9)] = [-0.0, 0.0, np.inf, -np.inf, np.nan, -0.0, np.nan, 1e-40, -1e-40]
    return {"random": x, "rising": np.sort(x), "falling": np.sort(x)[::-1].copy()}[order]


@pytest.mark.parametrize("order", ["random", "rising", "falling"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64, np.uint32, np.int16])
def test_extremes_are_those_of_one_update_after_the_other(dtype, order):
    x = numbers(dtype, order)
    rng = np.random.default_rng(1)
    places = rng.integers(-1, ROOM - 1, COUNT).astype(np.int32)  # the last place gets none
    limits = np.finfo(dtype) if np.dtype(dtype).kind == "f" else np.iinfo(dtype)
    for name, combine, start in (("max", np.maximum, limits.min), ("min", np.minimum, limits.max)):
        segments = getattr(tf.math, f"unsorted_segment_{name}")
        got = tf.function(lambda x, i, f=segments: f(x, i, ROOM), autograph=False)(tf.constant(x), tf.constant(places))
        want = np.full(ROOM, start, dtype)
        with np.errstate(invalid="ignore"):
            combine.at(want, places[places >= 0], x[places >= 0])
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("places", [np.uint8, np.int8, np.uint16, np.int64])
def test_places_of_all_types(places):
    x, rng = numbers(np.float32, "random"), np.random.default_rng(2)
    at = rng.integers(0, ROOM, COUNT).astype(places)
    start = np.zeros(ROOM, np.float32)
    f = tf.function(
        lambda t, i, x: tf.tensor_scatter_nd_max(t, tf.cast(i, tf.int32)[:, tf.newaxis], x), autograph=False
    )
    want = start.copy()
    with np.errstate(invalid="ignore"):
        np.maximum.at(want, at.astype(np.int64), x)
    np.testing.assert_array_equal(f(tf.constant(start), tf.constant(at), tf.constant(x)), want)
