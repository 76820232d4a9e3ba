"""Errors of elementwise functions over the whole range of their type, and of sums: what docs/accuracy.md promises."""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import tfc as tf

path = Path(__file__).parents[3] / "benchmarks" / "ulp.py"
spec = importlib.util.spec_from_file_location("ulp", path)
ulp = importlib.util.module_from_spec(spec)
sys.modules["ulp"] = ulp
spec.loader.exec_module(ulp)
# Their references are functions of mpmath, thousands of times slower: fewer samples.
SLOW = {name for name, f in ulp.FUNCTIONS.items() if f.reference is None}


@pytest.mark.parametrize("eager", [True, False], ids=["eager", "compiled"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda d: d.__name__)
@pytest.mark.parametrize("name", [*ulp.FUNCTIONS, *ulp.TWO])
def test_errors_stay_below_the_limit(name, dtype, eager):
    if dtype == np.float64 and not ulp.WIDE and name in ulp.TWO:
        pytest.skip("numpy has no wider type here")
    if name in SLOW:
        pytest.importorskip("mpmath")
    error, _, at = ulp.worst(name, dtype, 60 if name in SLOW else 4000, seed=1, eager=eager)
    assert error <= ulp.LIMITS[dtype], f"{error:.2f} ULP at {at}"


SUMS = {
    "reduce_sum": tf.reduce_sum,
    "reduce_mean": lambda x: tf.reduce_mean(x) * float(x.shape[0]),
}


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("eager", [True, False], ids=["eager", "compiled"])
def test_a_sum_of_a_million_is_as_good_as_pairwise(name, eager):
    """The bound of pairwise summation, log2(n) eps sum |x|, with a tenth of it to spare for positive numbers."""
    rng = np.random.default_rng(0)
    for x in (np.full(10**6, 0.1, np.float32), rng.uniform(0, 1, 10**6).astype(np.float32)):
        exact = math.fsum(x.tolist())
        f = SUMS[name] if eager else tf.function(SUMS[name], autograph=False)
        error = abs(float(f(tf.constant(x))) - exact)
        assert error <= 20 * np.finfo(np.float32).eps * exact


@pytest.mark.parametrize("eager", [True, False], ids=["eager", "compiled"])
def test_sums_over_the_first_dimension_are_as_good(eager):
    x = np.full((10**6, 3), 0.1, np.float32)
    f = lambda x: tf.reduce_sum(x, axis=0)
    got = (f if eager else tf.function(f, autograph=False))(tf.constant(x)).numpy()
    exact = math.fsum(x[:, 0].tolist())
    np.testing.assert_allclose(got, exact, rtol=20 * np.finfo(np.float32).eps)


STABLE = {
    "softmax": (tf.nn.softmax, [1e4, 1e4, -1e4], [0.5, 0.5, 0.0]),
    "log_softmax": (tf.nn.log_softmax, [1e4, 0.0], [0.0, -1e4]),
    "logsumexp": (tf.reduce_logsumexp, [1e4, 1e4], 1e4 + math.log(2)),
    "logsumexp of nothing but -inf": (tf.reduce_logsumexp, [-np.inf, -np.inf], -np.inf),
    "logsumexp with inf": (tf.reduce_logsumexp, [np.inf, 0.0], np.inf),
    "log1p": (tf.math.log1p, [1e-20, 1e300], [1e-20, math.log(1e300)]),
    "expm1": (tf.math.expm1, [1e-20, -800.0], [1e-20, -1.0]),
    "variance far from zero": (tf.math.reduce_variance, [1e8 + 1, 1e8 + 2, 1e8 + 3], 2 / 3),
    "softplus": (tf.nn.softplus, [-800.0, 800.0], [0.0, 800.0]),
    "sigmoid": (tf.sigmoid, [-700.0, 800.0], [math.exp(-700.0), 1.0]),
    "sigmoid cross entropy": (
        lambda x: tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(x), x), [-800.0, 800.0], [800.0, 0.0],
    ),
    "hypot": (lambda x: tf.array_api.hypot(x[0], x[1]), [3e200, 4e200], 5e200),
}  # fmt: skip


@pytest.mark.parametrize("eager", [True, False], ids=["eager", "compiled"])
@pytest.mark.parametrize("name", STABLE)
def test_extreme_inputs_neither_overflow_nor_cancel(name, eager):
    f, x, want = STABLE[name]
    got = (f if eager else tf.function(f, autograph=False))(tf.constant(x, tf.float64)).numpy()
    np.testing.assert_allclose(got, want, rtol=1e-12)
