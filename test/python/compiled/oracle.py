"""Comparison of results with those of eager execution: bits where an operation is exact, units in the last place else."""

import ml_dtypes
import numpy as np

_BITS = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}


def is_float(dtype) -> bool:
    return np.dtype(dtype).kind == "f" or np.dtype(dtype) == ml_dtypes.bfloat16


def ordinal(x):
    """Integers in the order of floating-point numbers, one apart for neighbours; both zeros are 0."""
    bits = np.ascontiguousarray(x).view(_BITS[x.dtype.itemsize]).astype(object if x.dtype.itemsize == 8 else np.int64)
    low = -(2 ** (8 * x.dtype.itemsize - 1))
    return np.where(bits >= 0, bits, low - bits)


def ulps(got, want):
    """How many representable numbers apart, elementwise; 0 for two NaN, a large number for one."""
    got, want = np.atleast_1d(got), np.atleast_1d(want)
    a, b = np.isnan(got), np.isnan(want)
    away = np.abs(ordinal(got) - ordinal(want)).astype(np.float64)
    return np.where(a & b, 0.0, np.where(a != b, 2.0**64, away))


def signs_differ(got, want):
    """Where one is 0.0 and the other -0.0."""
    zero = (got == 0) & (want == 0)
    return zero & (np.signbit(got.astype(np.float64)) != np.signbit(want.astype(np.float64)))


def flushed(x):
    """Without denormals of bfloat16: instructions that convert to it make them zero."""
    return np.where(np.abs(x.astype(np.float32)) < ml_dtypes.finfo(x.dtype).tiny, np.zeros_like(x), x).astype(x.dtype)


def difference(got, want, limit: float = 0, zeros: bool = True, absolute: float = 0) -> str | None:
    """What is wrong with `got`, or None: type, shape, then values.

    Floats may be `limit` ULP or `absolute` off; signs of zero have to agree if `zeros`.
    """
    if got.dtype != want.dtype or got.shape != want.shape:
        return f"got {got.dtype}{list(got.shape)}, want {want.dtype}{list(want.shape)}"
    if not got.size:
        return None
    if got.dtype.kind == "c":
        return _complex_difference(got, want, limit)
    if not is_float(got.dtype):
        bad = np.atleast_1d(got != want)
        return _report(bad, got, want, "") if bad.any() else None
    if got.dtype == ml_dtypes.bfloat16:
        got, want, zeros = flushed(got), flushed(want), False
    away = ulps(got, want)
    bad = away > limit
    if absolute:
        with np.errstate(all="ignore"):
            bad &= ~(np.atleast_1d(np.abs(got.astype(np.float64) - want.astype(np.float64))) <= absolute)
    if zeros:
        bad = bad | np.atleast_1d(signs_differ(got, want))
    return _report(bad, got, want, f", {away.max():g} ULP") if bad.any() else None


def _complex_difference(got, want, limit):
    """Parts may be off by ULP of the larger part."""
    eps = np.finfo(want.real.dtype).eps
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(want.real), np.abs(want.imag))
        bad = np.zeros(want.shape, bool)
        for part in ("real", "imag"):
            g, w = getattr(got, part), getattr(want, part)
            same = (g == w) | (np.isnan(g) & np.isnan(w))
            bad |= ~same & ~(np.abs(g - w) <= limit * eps * size)
    bad = np.atleast_1d(bad)
    return _report(bad, got, want, "") if bad.any() else None


def _report(bad, got, want, more):
    at = np.unravel_index(int(np.argmax(bad)), bad.shape)
    got, want = np.atleast_1d(got), np.atleast_1d(want)
    index = list(map(int, at))
    return f"{int(bad.sum())} of {bad.size} differ, first at {index}: got {got[at]!r}, want {want[at]!r}{more}"
