"""Special functions that numpy lacks, on arrays. Computed in float64, so float32 results are correctly
rounded or nearly so.
"""

import math

import numpy as np

_erf = np.frompyfunc(math.erf, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def _lgamma_one(x):
    if x == -math.inf:
        return math.inf
    try:
        return math.lgamma(x)
    except ValueError:  # a pole: zero or a negative integer
        return math.inf


_lgamma = np.frompyfunc(_lgamma_one, 1, 1)


def _apply(f, x):
    return np.asarray(f(x.astype(np.float64))).astype(np.float64).astype(x.dtype)


def erf(x):
    """The error function of a float array."""
    return _apply(_erf, x)


def erfc(x):
    """1 - erf(x), exact for large x."""
    return _apply(_erfc, x)


def lgamma(x):
    """log |gamma(x)|; infinity at the poles."""
    return _apply(_lgamma, x)


# Coefficients of Giles, "Approximating the erfinv function" (GPU Computing Gems, 2011): a start for
# Newton's steps.
_GILES_CENTRE = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    0.00021858087,
    -0.00125372503,
    -0.00417768164,
    0.246640727,
    1.50140941,
)
_GILES_TAIL = (
    -0.000200214257,
    0.000100950558,
    0.00134934322,
    -0.00367342844,
    0.00573950773,
    -0.0076224613,
    0.00943887047,
    1.00167406,
    2.83297682,
)


def erfinv(x):
    """The inverse error function: NaN outside [-1, 1], infinite at its ends."""
    y = np.atleast_1d(x.astype(np.float64))
    with np.errstate(all="ignore"):
        w = -np.log((1 - y) * (1 + y))
        start = np.where(
            w < 5,
            np.polyval(_GILES_CENTRE, w - 2.5) * y,
            np.polyval(_GILES_TAIL, np.sqrt(np.maximum(w, 5)) - 3) * y,
        )
        result = np.where(np.isfinite(start), start, 0.0)
        for _ in range(3):
            # The tail's difference through erfc keeps its digits.
            miss = np.where(
                np.abs(y) < 0.5,
                _erf(result).astype(np.float64) - y,
                np.sign(y) * ((1 - np.abs(y)) - _erfc(np.abs(result)).astype(np.float64)),
            )
            slope = 2 / math.sqrt(math.pi) * np.exp(-result * result)
            step = np.where(slope > 0, miss / slope, 0.0)
            result = result - step / (1 + result * step)
        result = np.where(np.abs(y) == 1, np.copysign(np.inf, y), np.where(np.abs(y) > 1, np.nan, result))
    result = np.where(np.isnan(y), np.nan, result)
    return result.reshape(x.shape).astype(x.dtype)


def digamma(x):
    """The derivative of lgamma; NaN at negative integers, -infinity at 0."""
    y = x.astype(np.float64)
    with np.errstate(all="ignore"):
        reflected = y < 0.5
        z = np.where(reflected, 1 - y, y)
        total = np.zeros_like(z)
        # Recurrence up to 10, then the asymptotic series, whose error is below 1e-16 there.
        for _ in range(10):
            small = z < 10
            total = np.where(small, total - 1 / z, total)
            z = np.where(small, z + 1, z)
        i = 1 / (z * z)
        series = i * (1 / 12 - i * (1 / 120 - i * (1 / 252 - i * (1 / 240 - i * (1 / 132 - i * 691 / 32760)))))
        total = total + np.log(z) - 0.5 / z - series
        total = np.where(reflected, total - math.pi / np.tan(math.pi * y), total)
        total = np.where((y <= 0) & (y == np.floor(y)), np.where(y == 0, -np.inf, np.nan), total)
    return np.asarray(total).astype(x.dtype)
