"""Running logarithms of sums of exponentials are sums relative to the largest element so far: no element is too large,
too small, or infinite for that.
"""

import numpy as np
import pytest
import tfc as tf


def compiled(x, **options):
    return tf.function(lambda x: tf.math.cumulative_logsumexp(x, **options), autograph=False)(tf.constant(x)).numpy()


def meaning(x, axis=0, exclusive=False, reverse=False):
    wide = np.flip(x, axis) if reverse else x
    out = np.logaddexp.accumulate(wide.astype(np.float64), axis) if x.size else wide
    if exclusive and x.size:
        first = np.full_like(np.take(out, [0], axis), -np.inf)
        out = np.concatenate([first, np.delete(out, -1, axis)], axis)
    return np.flip(out, axis) if reverse else out


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize(
    ("shape", "axis"), [((37,), 0), ((1,), 0), ((0,), 0), ((5, 33), 1), ((33, 5), 0), ((3, 17, 19), 1), ((4, 0, 3), 1)]
)
def test_every_axis_and_order(shape, axis, exclusive, reverse):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32) * 9
    got = compiled(x, axis=axis, exclusive=exclusive, reverse=reverse)
    np.testing.assert_allclose(got, meaning(x, axis, exclusive, reverse), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-14), (np.float16, 2e-3), (tf.bfloat16.as_numpy_dtype, 2e-2)]
)
@pytest.mark.parametrize("axis", [0, 1])
def test_every_kind_of_element(dtype, tolerance, axis):
    x = np.random.default_rng(0).normal(size=(19, 21)).astype(dtype)
    got = compiled(x, axis=axis)
    assert got.dtype == dtype
    np.testing.assert_allclose(got.astype(np.float64), meaning(x, axis), rtol=tolerance, atol=tolerance)


INF, NAN = np.inf, np.nan
SPECIAL = {
    "nothing_yet": [-INF, -INF, -1000.0, 3.0, -INF],
    "nothing_at_all": [-INF, -INF, -INF],
    "infinite": [1.0, INF, -INF, 2.0, INF],
    "infinite_after_nothing": [-INF, INF, -3e38, 3e38],
    "no_number": [1.0, NAN, 5.0, INF],
    "far_apart": [-3e38, 3e38, -3e38, 3e38],
    "falling": [1000.0, 0.0, -1000.0],
    "zeros": [-0.0, -0.0, 0.0],
}


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", SPECIAL)
def test_numbers_that_are_not_finite_or_far_apart(name, reverse, axis):
    row = np.array(SPECIAL[name], np.float32)
    x = np.stack([row] * 18, 1 - axis)
    with np.errstate(invalid="ignore"):
        expected = meaning(x, axis, reverse=reverse)
    np.testing.assert_allclose(compiled(x, axis=axis, reverse=reverse), expected, rtol=1e-6)


def test_many_equal_elements_go_on_counting():
    got = compiled(np.zeros(200_000, np.float32))
    np.testing.assert_allclose(got, np.log(np.arange(1, 200_001)), rtol=1e-6, atol=1e-6)


def test_unknown_sizes():
    f = tf.function(lambda x: tf.math.cumulative_logsumexp(x, 0), input_signature=[tf.TensorSpec([None, None])])
    for shape in ((0, 3), (1, 1), (7, 0), (20, 33)):
        x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        np.testing.assert_allclose(f(tf.constant(x)).numpy(), meaning(x), rtol=1e-6, atol=1e-6)
