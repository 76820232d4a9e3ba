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
