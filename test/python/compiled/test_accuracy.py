"""Errors of compiled functions in units of the last place, and their values at the edges."""

import math

import numpy as np
import pytest
import tfc as tf

LONG = np.longdouble


def exact(function):
    """A function of Python's `math`, which is right to an ULP of float64, on arrays."""
    return lambda x: np.array([function(float(v)) for v in x])


# name: (reference, lowest argument, highest, bound for float32, bound for float64)
FUNCTIONS = {
    "exp": (np.exp, -87.0, 88.0, 2, 4),
    "expm1": (np.expm1, -20.0, 88.0, 2, 4),
    "log": (np.log, 1e-30, 1e30, 2, 4),
    "log1p": (np.log1p, -0.999, 1e30, 2, 4),
    "sin": (np.sin, -1e5, 1e5, 2, 2),
    "cos": (np.cos, -1e5, 1e5, 2, 2),
    "tan": (np.tan, -1e4, 1e4, 1, 4),
    "asin": (np.arcsin, -1.0, 1.0, 2, 4),
    "acos": (np.arccos, -1.0, 1.0, 2, 4),
    "atan": (np.arctan, -1e6, 1e6, 2, 4),
    "sinh": (np.sinh, -88.0, 88.0, 2, 4),
    "cosh": (np.cosh, -88.0, 88.0, 2, 4),
    "tanh": (np.tanh, -12.0, 12.0, 2, 4),
    "asinh": (np.arcsinh, -1e30, 1e30, 1, 4),
    "acosh": (np.arccosh, 1.0, 1e30, 1, 4),
    "atanh": (np.arctanh, -1.0, 1.0, 2, 4),
}
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-40, -1e-40, 3e38, -3e38, np.inf, -np.inf, np.nan, 4194305.0, -1e15, 1e30]


def samples(low, high, count, dtype):
    """Arguments spread evenly, and evenly over exponents."""
    rng = np.random.default_rng(1)
    powers = np.exp(rng.uniform(np.log(1e-10), np.log(max(abs(low), abs(high))), count))
    signs = rng.choice([-1.0, 1.0], count) if low < 0 else np.ones(count)
    x = np.concatenate([rng.uniform(low, high, count), powers * signs])
    return x[(x > low) & (x < high)].astype(dtype)


def worst_ulps(got, want):
    """The largest error over the spacing of floats there; of denormals that of the smallest normal number."""
    spacing = np.spacing(np.maximum(np.abs(want).astype(got.dtype), np.finfo(got.dtype).tiny))
    return float(np.max(np.abs(got.astype(want.dtype) - want) / spacing.astype(want.dtype)))


def compiled(function, *arguments):
    with np.errstate(all="ignore"):
        return tf.function(function)(*map(tf.constant, arguments)).numpy()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32_is_accurate(name):
    reference, low, high, bound, _ = FUNCTIONS[name]
    x = samples(low, high, 30_000, np.float32)
    assert worst_ulps(compiled(getattr(tf.math, name), x), reference(x.astype(np.float64))) <= bound


@pytest.mark.skipif(np.finfo(LONG).nmant < 63, reason="needs a wider type than float64")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_float64_is_accurate(name):
    reference, low, high, _, bound = FUNCTIONS[name]
    x = samples(low, high, 30_000, np.float64)
    assert worst_ulps(compiled(getattr(tf.math, name), x), reference(x.astype(LONG))) <= bound


@pytest.mark.parametrize(("name", "reference"), [("erf", math.erf), ("erfc", math.erfc)])
@pytest.mark.parametrize(("dtype", "bound"), [(np.float32, 2), (np.float64, 5)])  # math's own error is 1
def test_error_functions_are_accurate(name, reference, dtype, bound):
    x = samples(-6.0, 9.0 if dtype is np.float32 else 26.0, 30_000, dtype)
    want = exact(reference)(x)
    assert worst_ulps(compiled(getattr(tf.math, name), x), want) <= bound


@pytest.mark.parametrize(("dtype", "wide", "bound"), [(np.float32, np.float64, 1.75), (np.float64, LONG, 2)])
def test_powers_are_accurate(dtype, wide, bound):
    if np.finfo(wide).nmant <= np.finfo(dtype).nmant:
        pytest.skip("needs a wider type")
    rng = np.random.default_rng(2)
    most = 80.0 if dtype is np.float32 else 700.0
    x = np.exp(rng.uniform(-20, 20, 50_000)).astype(dtype)
    y = (rng.uniform(-most, most, x.size) / np.maximum(np.abs(np.log(x)), 0.1)).astype(dtype)
    assert worst_ulps(compiled(tf.pow, x, y), np.power(x.astype(wide), y.astype(wide))) <= bound


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_angles_of_numbers_of_all_sizes(dtype):
    info = np.finfo(dtype)
    sizes = np.array([info.smallest_subnormal, 5 * info.smallest_subnormal, info.tiny, 1e-20, 0.41, 1.0, 2.42, 1e20,
                      info.max / 2, info.max], dtype)  # fmt: skip
    y, x = (a.ravel() for a in np.meshgrid(np.concatenate([sizes, -sizes]), np.concatenate([sizes, -sizes])))
    want = np.arctan2(y.astype(LONG), x.astype(LONG))
    assert worst_ulps(compiled(tf.atan2, y, x), want) <= (2 if dtype is np.float32 else 4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_angles_of_denormal_numbers_of_any_ratio(dtype):
    least = np.finfo(dtype).smallest_subnormal
    y, x = (least * a.ravel().astype(dtype) for a in np.meshgrid(np.arange(-40, 40), np.arange(-40, 40)))
    assert worst_ulps(compiled(tf.atan2, y, x), np.arctan2(y.astype(LONG), x.astype(LONG))) <= 2


@pytest.mark.parametrize(("dtype", "bound"), [(np.float32, 2), (np.float64, 4)])
def test_angles_are_accurate(dtype, bound):
    rng = np.random.default_rng(3)
    y, x = (rng.normal(size=50_000) * np.exp(rng.uniform(-9, 9, 50_000)) for _ in range(2))
    y, x = y.astype(dtype), x.astype(dtype)
    wide = np.float64 if dtype is np.float32 else LONG
    assert worst_ulps(compiled(tf.atan2, y, x), np.arctan2(y.astype(wide), x.astype(wide))) <= bound


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "places"), [("sinh", [1.0]), ("asin", [0.5]), ("acos", [0.5]), ("atanh", [0.5]),
                                              ("asinh", [0.5, 2.0**60]), ("acosh", [1.0, 2.0**60]), ("atan", [1.0]),
                                              ("tanh", [0.625, 10.0, 20.0]), ("erfc", [0.5])])  # fmt: skip
def test_values_around_the_places_where_formulas_change(name, places, dtype):
    near = []
    for place in places:
        up = down = np.array(place, dtype)
        for _ in range(40):
            near += [up, down, -up, -down]
            up, down = np.nextafter(up, dtype(np.inf)), np.nextafter(down, dtype(0))
    x = np.array(near, dtype)
    with np.errstate(all="ignore"):
        want = FUNCTIONS[name][0](x.astype(LONG)) if name in FUNCTIONS else exact(math.erfc)(x)
    got = compiled(getattr(tf.math, name), x)
    inside = ~np.isnan(want)
    assert np.array_equal(np.isnan(got), ~inside)
    assert worst_ulps(got[inside], want[inside]) <= (2 if dtype is np.float32 else 5)


@pytest.mark.parametrize("name", ["sinh", "cosh"])
def test_functions_that_grow_overflow_where_they_do_in_c(name):
    x = np.array([89.0, 89.41, 89.4159, 89.41598, 89.41599, 89.4160, 89.49, 89.51, 200.0, 3e38] * 2, np.float32)
    x[10:] *= -1
    with np.errstate(all="ignore"):
        want = getattr(np, name)(x.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(compiled(getattr(tf.math, name), x), want, rtol=2.4e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [*FUNCTIONS, "erf", "erfc"])
def test_special_values_are_those_of_c(name, dtype):
    reference = FUNCTIONS[name][0] if name in FUNCTIONS else exact(getattr(math, name))
    x = np.array(SPECIAL * 3, dtype)
    with np.errstate(all="ignore"):
        want = reference(x).astype(dtype)
    got = compiled(getattr(tf.math, name), x)
    np.testing.assert_allclose(got, want, rtol=4 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny)
    zero = want == 0
    assert np.array_equal(np.signbit(got[zero]), np.signbit(want[zero]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [(tf.pow, np.power), (tf.atan2, np.arctan2)], ids=["pow", "atan2"])
def test_special_values_of_two_arguments_are_those_of_c(function, dtype):
    values = [*SPECIAL, 2.0, -2.0, 3.0, -3.0, 0.25, -0.5, 1e20]
    x, y = (a.ravel() for a in np.meshgrid(np.array(values, dtype), np.array(values, dtype)))
    with np.errstate(all="ignore"):
        want = function[1](x, y)
    got = compiled(function[0], x, y)
    np.testing.assert_allclose(got, want, rtol=4 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny)
    zero = want == 0
    assert np.array_equal(np.signbit(got[zero]), np.signbit(want[zero]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_value_does_not_depend_on_its_neighbours(dtype):
    # A large argument among small ones takes another way through the code.
    x = np.linspace(-3, 3, 33).astype(dtype)
    mixed = x.copy()
    mixed[::5] = 1e12
    alone, together = compiled(tf.sin, x), compiled(tf.sin, mixed)
    kept = mixed == x
    assert np.array_equal(alone[kept], together[kept])
    np.testing.assert_allclose(together[~kept], np.sin(mixed[~kept].astype(np.float64)), rtol=1e-6)


@pytest.mark.parametrize(("dtype", "low", "high"), [(np.float32, -104.5, -87.0), (np.float64, -746.0, -708.0)])
def test_denormal_exponentials_are_within_one_of_their_spacing(dtype, low, high):
    x = np.linspace(low, high, 5_000).astype(dtype)
    want, got = np.exp(x.astype(LONG)), compiled(tf.exp, x).astype(LONG)
    assert np.max(np.abs(got - want)) <= np.finfo(dtype).smallest_subnormal


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [tf.exp, tf.sigmoid, tf.tanh, tf.math.expm1, tf.cosh, tf.math.erfc])
def test_functions_of_rows_of_all_lengths(function, dtype):
    """Ends of rows go in shorter vectors, or one by one."""
    x = np.random.default_rng(5).uniform(-9, 9, 70).astype(dtype)
    whole = compiled(function, x)
    for length in (1, 2, 3, 5, 7, 9, 13, 17, 20, 31, 33, 47, 63):
        np.testing.assert_allclose(compiled(function, x[:length]), whole[:length], rtol=2 * np.finfo(dtype).eps)
