"""Errors of elementwise functions over the whole range of their type, and of sums: what docs/accuracy.md promises."""

import importlib.util
import math
import sys
from pathlib import Path

import ml_dtypes
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


@pytest.mark.parametrize("eager", [True, False], ids=["eager", "compiled"])
@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16], ids=lambda d: d.__name__)
@pytest.mark.parametrize("name", [n for n in (*ulp.FUNCTIONS, *ulp.TWO) if n not in SLOW])
def test_all_numbers_of_narrow_types_have_their_nearest_result(name, dtype, eager):
    error, _, at = ulp.worst(name, dtype, 4000, seed=1, eager=eager)
    assert error <= 0.51, f"{error:.2f} ULP at {at}"


SUMS = {
    "reduce_sum": tf.reduce_sum,
    "reduce_mean": lambda x: tf.reduce_mean(x) * float(x.shape[0]),
}
KINDS = [np.float32, np.float64, np.complex64, np.complex128]


def runs(f, x, how):
    """`f(x)` eagerly, compiled for its shape, or compiled for unknown sizes."""
    if how == "eager":
        return f(tf.constant(x)).numpy()
    signature = [tf.TensorSpec([None] * x.ndim, x.dtype)] if how == "unknown sizes" else None
    return tf.function(f, autograph=False, input_signature=signature)(tf.constant(x)).numpy()


@pytest.mark.parametrize("dtype", KINDS, ids=lambda d: d.__name__)
@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("how", ["eager", "compiled"])
def test_a_sum_of_a_million_is_as_good_as_pairwise(name, how, dtype):
    """The bound of pairwise summation, log2(n) eps sum |x|."""
    rng = np.random.default_rng(0)
    for x in (np.full(10**6, 0.1), rng.uniform(0, 1, 10**6)):
        x = (x * (1 + 1j) if np.dtype(dtype).kind == "c" else x).astype(dtype)
        exact = math.fsum(x.real.tolist())
        got = runs(SUMS[name], x, how)
        assert max(abs(got.real - exact), abs(got.imag) and abs(got.imag - exact)) <= 20 * np.finfo(dtype).eps * exact


# Rows, columns, several dimensions, sizes that leave a rest.
REDUCED = [((1000, 1001), (0, 1)), ((3, 300_001), (1,)), ((300_001, 3), (0,)), ((50_000, 16), (0,)), ((1000, 50, 20), (0, 1)),
           ((5, 60_000, 7), (1,)), ((100, 100, 100), (0, 2))]  # fmt: skip


@pytest.mark.parametrize("how", ["eager", "compiled", "unknown sizes"])
@pytest.mark.parametrize("dtype", KINDS, ids=lambda d: d.__name__)
def test_sums_over_any_dimensions_are_as_good(dtype, how):
    for shape, axes in REDUCED:
        x = np.full(shape, 0.1, dtype)
        exact = math.fsum([float(x.flat[0].real)] * math.prod(shape[a] for a in axes))
        got = runs(lambda x, axes=axes: tf.reduce_sum(x, axis=axes), x, how)
        error = np.max(np.abs(got.real - exact)) / (np.finfo(dtype).eps * exact)
        assert error <= 20, f"{shape} over {axes}: {error:.0f} eps"


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda d: d.__name__)
def test_compiled_running_sums_lose_no_more_than_sums(dtype):
    x = np.full(10**6, 0.1, dtype)
    want = np.arange(1, x.size + 1) * np.longdouble(x[0])
    for f in (tf.cumsum, lambda x: tf.cumsum(x, reverse=True)[::-1]):
        got = runs(f, x, "compiled").astype(np.longdouble)
        assert np.max(np.abs(got - want) / want) <= 20 * np.finfo(dtype).eps


@pytest.mark.parametrize("how", ["eager", "compiled"])
@pytest.mark.parametrize(
    "last", [[np.inf], [-np.inf], [np.nan], [np.inf, -np.inf], [1e308, 1e308], [1e308, 1e308, -1e308]]
)
def test_long_sums_of_infinities_are_infinite(last, how):
    """What is lost by rounding an infinite sum is no number, and does not count."""
    x = np.zeros(10_000)
    x[-len(last) :] = last
    with np.errstate(all="ignore"):
        want = np.cumsum(x)[-1]
        for f in (
            tf.reduce_sum,
            lambda x: tf.reduce_sum(tf.reduce_sum(tf.reshape(x, [2500, 4]), 0)),
            lambda x: tf.cumsum(x)[-1],
        ):
            got = runs(f, x, how)
            assert got == want or np.isnan(want) == np.isnan(got) or len(last) > 2


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
