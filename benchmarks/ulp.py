"""Errors of elementwise functions in units of the last place (ULP), eagerly and compiled, and their special values.

The reference of narrower types is float64; that of float64 is the long double of numpy where that is wider, else
mpmath, which is also the reference of functions that numpy lacks. Arguments are spread evenly over the interesting
range, over all exponents of the type, and over all its patterns of bits, so that the whole range is covered; of float16
and bfloat16 they are all numbers.

    python benchmarks/ulp.py [--count 200000] [--only sin cos] [--markdown]
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import tfc as tf

WIDE = np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant


def _mp(name):
    """A function of mpmath, elementwise, rounded to the type of its argument."""

    def function(x):
        import mpmath

        with mpmath.workprec(140):
            f = getattr(mpmath, name) if isinstance(name, str) else name
            out = np.empty(x.shape, np.longdouble)
            for i, v in enumerate(x.tolist() if x.dtype != np.longdouble else map(float, x)):
                try:
                    out[i] = _long(f(mpmath.mpf(v)))
                except (ValueError, ZeroDivisionError):
                    out[i] = np.nan
        return out

    return function


def _long(value):
    """A number of mpmath as a long double."""
    high = float(value)
    if not math.isfinite(high):
        return np.longdouble(high)
    return np.longdouble(high) + np.longdouble(float(value - high))


@dataclass(frozen=True)
class Function:
    """A public function, its reference, and the range in which arguments are spread evenly."""

    reference: object
    low: float
    high: float
    domain: tuple = (-math.inf, math.inf)
    mp: object = None  # what mpmath calls it, where numpy's long double is not to be had
    public: object = None


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


FUNCTIONS = {
    "exp": Function(np.exp, -750.0, 710.0),
    "expm1": Function(np.expm1, -40.0, 710.0),
    "log": Function(np.log, 0.0, 4.0, (0, math.inf)),
    "log1p": Function(np.log1p, -1.0, 4.0, (-1, math.inf)),
    "sqrt": Function(np.sqrt, 0.0, 4.0, (0, math.inf)),
    "rsqrt": Function(lambda x: 1 / np.sqrt(x), 0.0, 4.0, (0, math.inf)),
    "sin": Function(np.sin, -1000.0, 1000.0),
    "cos": Function(np.cos, -1000.0, 1000.0),
    "tan": Function(np.tan, -1000.0, 1000.0),
    "asin": Function(np.arcsin, -1.0, 1.0, (-1, 1)),
    "acos": Function(np.arccos, -1.0, 1.0, (-1, 1)),
    "atan": Function(np.arctan, -10.0, 10.0),
    "sinh": Function(np.sinh, -711.0, 711.0),
    "cosh": Function(np.cosh, -711.0, 711.0),
    "tanh": Function(np.tanh, -20.0, 20.0),
    "asinh": Function(np.arcsinh, -10.0, 10.0),
    "acosh": Function(np.arccosh, 1.0, 10.0, (1, math.inf)),
    "atanh": Function(np.arctanh, -1.0, 1.0, (-1, 1)),
    "sigmoid": Function(_sigmoid, -800.0, 40.0),
    "erf": Function(None, -6.0, 6.0, (-1e3, 1e3), mp="erf"),
    "erfc": Function(None, -6.0, 27.0, (-1e3, 1e3), mp="erfc"),
    "erfinv": Function(None, -1.0, 1.0, (-1, 1), mp="erfinv"),
    "lgamma": Function(None, 0.0, 50.0, (0, 1e300), mp="loggamma"),
    "digamma": Function(None, 0.0, 50.0, (0, 1e300), mp="digamma"),
}
TWO = {
    "pow": (np.power, [(0.0, 4.0), (-300.0, 300.0)], tf.pow),
    "atan2": (np.arctan2, [(-4.0, 4.0), (-4.0, 4.0)], tf.atan2),
}
LIMITS = {np.float32: 2.0, np.float64: 4.0, np.float16: 1.0, ml_dtypes.bfloat16: 1.0}


def samples(low, high, domain, count, dtype, rng):
    """Arguments spread evenly, evenly over exponents, and over patterns of bits."""
    info = ml_dtypes.finfo(dtype)
    bits = np.dtype(f"u{info.bits // 8}")
    if info.bits == 16:
        patterns = np.arange(2**16, dtype=bits)
    else:
        step = 2**info.bits // count
        patterns = np.arange(count, dtype=bits) * bits.type(step) + bits.type(rng.integers(step))
    if info.bits == 16:
        x = patterns.view(dtype)
        return x[_inside(x, domain)]
    low, high = max(low, float(info.min)), min(high, float(info.max))
    even = rng.uniform(low, high, count)
    exponents = np.exp2(rng.uniform(info.minexp - info.nmant, info.maxexp, count))
    signs = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    with np.errstate(all="ignore"):
        x = np.concatenate([np.concatenate([even, exponents * signs]).astype(dtype), patterns.view(dtype)])
    return x[_inside(x, domain)]


def _inside(x, domain):
    with np.errstate(all="ignore"):
        wide = x.astype(np.float64)
    return (wide > domain[0]) & (wide < domain[1]) & np.isfinite(wide)


def ulps(got, want):
    """|got - want| over the spacing of got's type at `want`, of a wider type; 0 for equal infinities and NaN."""
    info = ml_dtypes.finfo(got.dtype)
    with np.errstate(all="ignore"):
        rounded = want.astype(got.dtype)
        spacing = np.maximum(np.spacing(np.abs(rounded)), info.smallest_subnormal).astype(want.dtype)
        spacing = np.where(np.isfinite(rounded), spacing, np.spacing(info.max).astype(want.dtype))
        away = np.abs(got.astype(want.dtype) - want) / spacing
    same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
    return np.where(same & ~np.isfinite(rounded), 0, np.where(np.isnan(away), np.inf, away))


def reference(function, x):
    """The value in a wider type."""
    with np.errstate(all="ignore"):
        if function.reference is None or (x.dtype == np.float64 and not WIDE):
            return _mp(function.mp)(x)
        return function.reference(x.astype(_wider(x.dtype)))


def _wider(dtype):
    return np.longdouble if dtype == np.float64 else np.float64


def worst(name, dtype, count, seed=0, *, eager=True):
    """(largest error, mean error, argument of the largest) of a function eagerly or compiled."""
    rng = np.random.default_rng(seed)
    if name in TWO:
        f, ranges, public = TWO[name]
        xs = [
            rng.permutation(samples(*r, (0 if name == "pow" and i == 0 else -math.inf, math.inf), count, dtype, rng))
            for i, r in enumerate(ranges)
        ]
        n = min(len(x) for x in xs)
        xs = [x[:n] for x in xs]
        with np.errstate(all="ignore"):
            want = f(*(x.astype(_wider(x.dtype)) for x in xs))
    else:
        function = FUNCTIONS[name]
        public = getattr(tf.math, name)
        if function.reference is None:
            count = min(count, 3000)  # mpmath takes its time
        xs = [samples(function.low, function.high, function.domain, count, dtype, rng)]
        want = reference(function, xs[0])
    call = public if eager else tf.function(public, autograph=False)
    errors = ulps(call(*map(tf.constant, xs)).numpy(), want)
    at = int(np.argmax(errors))
    return float(errors[at]), float(np.mean(errors)), tuple(float(x[at]) for x in xs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--only", nargs="*", help="names of functions")
    parser.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    columns = [(dtype, eager) for dtype in LIMITS for eager in (True, False)]
    titles = [f"{np.dtype(d).name} {'eager' if e else 'compiled'}" for d, e in columns]
    if args.markdown:
        print("| function | " + " | ".join(titles) + " |\n|---|" + "---|" * len(titles))
    else:
        print(f"{'function':<10}" + "".join(f"{t:>18}" for t in titles) + "   worst argument beyond the limit")
    for name in args.only or [*FUNCTIONS, *TWO]:
        found = [(d, *worst(name, d, args.count, eager=e)) for d, e in columns]
        if args.markdown:
            print(f"| {name} | " + " | ".join(f"{error:.2f}" for _, error, _, _ in found) + " |")
            continue
        beyond = [f"{np.dtype(d).name} {at}" for d, error, _, at in found if error > LIMITS[d]]
        print(
            f"{name:<10}" + "".join(f"{error:>18.2f}" for _, error, _, _ in found) + "   " + "; ".join(beyond),
            flush=True,
        )


if __name__ == "__main__":
    main()
