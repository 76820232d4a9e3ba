"""Special functions at points whose values are known, at their corners, and their gradients."""

import math

import numpy as np
import pytest
import tfc as tf

S = tf.math.special
# Values to 16 digits, from mpmath.
KNOWN = [
    (tf.math.bessel_i0, (2.5,), 3.289839144050123),
    (tf.math.bessel_i1e, (-12.0,), -0.11146429929018098),
    (S.bessel_k0, (0.3,), 1.3724600605442983),
    (S.bessel_j0, (20.0,), 0.16702466434058316),
    (S.bessel_y1, (3.0,), 0.3246744247918000),
    (S.dawsn, (2.0,), 0.3013403889237920),
    (S.expint, (1.0,), 1.895117816355937),
    (S.fresnel_cos, (1.5,), 0.4452611760398215),
    (S.fresnel_sin, (3.0,), 0.4963129989673750),
    (S.spence, (3.0,), -1.4367463668836809),
    (tf.math.zeta, (3.0, 1.0), 1.2020569031595942),
    (tf.math.polygamma, (1.0, 2.0), 0.6449340668482264),
    (tf.math.igamma, (2.0, 3.0), 0.8008517265285442),
    (tf.math.igammac, (2.0, 3.0), 0.19914827347145578),
    (tf.math.betainc, (2.0, 3.0, 0.4), 0.5248),
]


@pytest.mark.parametrize(("function", "arguments", "want"), KNOWN, ids=lambda v: getattr(v, "__name__", None))
def test_value_is_exact_to_the_last_digits(function, arguments, want):
    for dtype, rtol in ((np.float64, 1e-13), (np.float32, 3e-7)):
        got = function(*(tf.constant(np.array(a, dtype)) for a in arguments))
        np.testing.assert_allclose(got.numpy(), want, rtol=rtol)
        assert got.dtype == dtype


@pytest.mark.parametrize(("function", "arguments", "want"), KNOWN, ids=lambda v: getattr(v, "__name__", None))
def test_gradient_is_that_of_finite_differences(function, arguments, want):
    xs = [tf.constant(np.array(a)) for a in arguments]
    # The order of polygamma is a whole number.
    live = range(1, len(xs)) if function is tf.math.polygamma else range(len(xs))
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = function(*xs)
    grads = tape.gradient(y, xs)
    for i in live:
        moved = [[a + (h if k == i else 0) for k, a in enumerate(arguments)] for h in (1e-5, -1e-5)]
        up, down = (float(function(*(np.float64(v) for v in m))) for m in moved)
        np.testing.assert_allclose(grads[i].numpy(), (up - down) / 2e-5, rtol=1e-6)


def test_corners():
    assert [float(tf.math.igamma(1.0, x)) for x in (0.0, math.inf)] == [0.0, 1.0]
    assert math.isnan(float(tf.math.igamma(-1.0, 1.0)))
    assert [float(tf.math.betainc(2.0, 2.0, x)) for x in (0.0, 1.0)] == [0.0, 1.0]
    assert float(tf.math.zeta(1.0, 2.0)) == math.inf
    assert float(S.bessel_k0(0.0)) == math.inf
    assert math.isnan(float(S.bessel_j0(math.nan)))


def test_derivative_of_digamma():
    x = tf.constant([0.3, 2.0, -0.5], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.math.digamma(x)
    want = [12.24536454610773, 0.6449340668482264, 8.934802200544679]
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), want, rtol=1e-12)


def incomplete(name, dtype):
    a = np.array([1e-6, 0.01, 0.5, 1.0, 2.5, 7.0, 20.0, 21.0, 300.0, 1e5])[:, np.newaxis]
    x = np.array([1e-6, 0.3, 0.99, 1.01, 2.5, 6.9, 20.1, 35.0, 310.0, 1.001e5])
    a, x = (v.astype(np.float32).astype(dtype) for v in np.broadcast_arrays(a, x))
    arguments = (a, x, np.full_like(x, 0.375)) if name == "betainc" else (a, x)
    function = tf.function(getattr(tf.math, name), autograph=False)
    return function(*map(tf.constant, arguments)).numpy()


@pytest.mark.parametrize("name", ["igamma", "igammac", "betainc"])
def test_short_results_are_those_of_float64_rounded(name):
    want = incomplete(name, np.float64)
    np.testing.assert_allclose(incomplete(name, np.float32), want.astype(np.float32), rtol=2.5e-7, atol=1e-37)


def test_incomplete_gamma_functions_add_up():
    lower, upper = (incomplete(name, np.float64) for name in ("igamma", "igammac"))
    np.testing.assert_allclose(lower + upper, 1, rtol=1e-14)


def test_incomplete_gamma_functions_that_are_others():
    x = np.geomspace(1e-3, 100, 50)
    one, half = (tf.math.igammac(np.full_like(x, a), x) for a in (1.0, 0.5))
    np.testing.assert_allclose(one, np.exp(-x), rtol=2e-13)
    np.testing.assert_allclose(half, [math.erfc(math.sqrt(v)) for v in x], rtol=2e-13)


def test_short_results_of_series_are_those_of_long_ones():
    x = np.concatenate([np.linspace(-40, 40, 4001), [0.0, -0.0, 8.0, np.inf, -np.inf, np.nan]]).astype(np.float32)
    for f in (tf.math.bessel_i0e, tf.math.bessel_i1e, S.bessel_k0e, S.bessel_k1e, S.bessel_j0, S.bessel_y1, S.dawsn):
        long = f(x.astype(np.float64)).numpy()
        np.testing.assert_allclose(tf.function(f)(x).numpy(), long, rtol=1e-7)
        half = f(tf.constant(x, tf.float16))
        np.testing.assert_array_equal(half, f(half_of(x)).numpy().astype(np.float16))


def test_short_slopes_at_infinity_are_none():
    with tf.GradientTape() as tape:
        x = tf.constant([np.inf, -np.inf], tf.float32)
        tape.watch(x)
        y = tf.math.bessel_i0e(x)
    np.testing.assert_array_equal(y, [0, 0])
    np.testing.assert_array_equal(tape.gradient(y, x), [0, 0])


def half_of(x):
    return x.astype(np.float16).astype(np.float64)


SLOPES_AT_ZERO = [
    (tf.math.bessel_i1, 0.5),
    (tf.math.bessel_i1e, 0.5),
    (S.bessel_j1, 0.5),
    (S.dawsn, 1.0),
    (S.fresnel_cos, 1.0),
    (S.fresnel_sin, 0.0),
    (tf.math.bessel_i0, 0.0),
    (S.bessel_j0, 0.0),
]


@pytest.mark.parametrize(("function", "slope"), SLOPES_AT_ZERO, ids=lambda v: getattr(v, "__name__", None))
def test_slopes_at_zero(function, slope):
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return y, tape.gradient(y, x)

    for x in (np.array([0.0, -0.0, 1e-9, -1e-9]), np.zeros(2, np.float32)):
        for f in (run, tf.function(run)):
            y, got = f(tf.constant(x))
            np.testing.assert_allclose(got, np.full(len(x), slope), atol=1e-8)
            if slope:
                np.testing.assert_allclose(y, slope * x, rtol=1e-8)
