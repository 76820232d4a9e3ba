"""Errors of compiled functions in units of the last place, against float64 (for float32) or mpmath (for float64)."""

from __future__ import annotations

import argparse

import numpy as np
import tfc as tf

# name: (float64 reference, lowest and highest argument)
FUNCTIONS = {
    "exp": (np.exp, -104.0, 89.0),
    "expm1": (np.expm1, -20.0, 89.0),
    "log": (np.log, 0.0, 3e38),
    "log1p": (np.log1p, -1.0, 3e38),
    "tanh": (np.tanh, -12.0, 12.0),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), -90.0, 90.0),
    "sin": (np.sin, -1000.0, 1000.0),
    "cos": (np.cos, -1000.0, 1000.0),
    "sqrt": (np.sqrt, 0.0, 3e38),
}


def samples(low, high, count, dtype, rng):
    """Arguments spread evenly, and evenly over exponents."""
    even = rng.uniform(low, high, count)
    exponents = np.exp(rng.uniform(np.log(1e-30), np.log(max(abs(low), abs(high))), count))
    signs = np.where(rng.random(count) < 0.5, -1.0, 1.0) if low < 0 else 1.0
    x = np.concatenate([even, exponents * signs])
    return x[(x > low) & (x < high)].astype(dtype)


def ulps(got, reference):
    """|got - reference| over the spacing of got's type at the reference."""
    rounded = np.abs(reference).astype(got.dtype)
    spacing = np.spacing(np.maximum(rounded, np.finfo(got.dtype).tiny)).astype(reference.dtype)
    return np.abs(got.astype(reference.dtype) - reference) / spacing


def float64_reference(name, x):
    import mpmath

    mpmath.mp.prec = 120
    functions = {"sigmoid": lambda v: 1 / (1 + mpmath.exp(-v))}
    function = functions.get(name) or getattr(mpmath, name)
    return np.array([function(mpmath.mpf(float(v))) for v in x], dtype=object)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500_000)
    parser.add_argument("--float64", action="store_true", help="float64 too (needs mpmath, slow)")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    print(f"{'function':<10} {'float32 max':>12} {'mean':>8}" + ("  float64 max" if args.float64 else ""))
    for name, (reference, low, high) in FUNCTIONS.items():
        function = tf.function(getattr(tf.math, name))
        x = samples(low, high, args.count, np.float32, rng)
        errors = ulps(function(tf.constant(x)).numpy(), reference(x.astype(np.float64)))
        line = f"{name:<10} {np.max(errors):>12.2f} {np.mean(errors):>8.3f}"
        if args.float64:
            x = samples(low, high, 5_000, np.float64, rng)
            got = function(tf.constant(x)).numpy()
            exact = float64_reference(name, x)
            spacing = np.spacing(np.maximum(np.abs(got), np.finfo(np.float64).tiny))
            worst = max(abs(float((g - e) / s)) for g, e, s in zip(got.tolist(), exact, spacing.tolist()))
            line += f" {worst:>12.2f}"
        print(line)


if __name__ == "__main__":
    main()
