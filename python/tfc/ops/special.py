"""Special functions that numpy lacks, on arrays. Computed in float64, so float32 results are correctly
rounded or nearly so.
"""

import math

import numpy as np

from tfc.ops.elements import choose, error_function


def erf(x):
    """The error function of a float array."""
    return error_function(x, False)


def erfc(x):
    """1 - erf(x), exact for large x."""
    return error_function(x, True)


# lgamma(2 + t) / t for |t| <= 1/2, a Chebyshev fit.
_AROUND_TWO = (
    6.379047507619774e-08, -1.3412819758517287e-07, 2.0304806751615227e-07, -4.303558760359961e-07,
    9.578663334114758e-07, -2.0449201467015115e-06, 4.374374916915131e-06, -9.438458716242811e-06,
    2.050726741605779e-05, -4.4926351103833334e-05, 9.945750909889392e-05, -0.00022315475074520367,
    0.0005096695248853096, -0.0011927539120010226, 0.002890510330738737, -0.0073855510286681535,
    0.02058080842778457, -0.06735230105319814, 0.3224670334241132, 0.42278433509846713,
)  # fmt: skip
# digamma(x) / (x - root) for 1 <= x <= 2 as a polynomial in 2 x - 3, a Chebyshev fit. The root in two parts.
_BESIDE_ROOT = (
    -8.25512972008104e-11, 2.4765474440031764e-10, -2.889363639216111e-10, 8.668257373761658e-10,
    -3.6788868183645545e-09, 1.10370884388543e-08, -3.166618072027162e-08, 9.500926192924096e-08,
    -2.8628755280038686e-07, 8.591324222417666e-07, -2.578107848270217e-06, 7.741156881253708e-06,
    -2.325823828431376e-05, 6.995020484160625e-05, -0.00021074841215733007, 0.000636888028319074,
    -0.0019350666647832667, 0.005936795278433826, -0.018550615381738605, 0.06013562106019355,
    -0.21181371064073026, 0.951055876031833,
)  # fmt: skip
_ROOT = (1.4616321449683622, 9.549995429965697e-17)


def lgamma(x):
    """log |gamma(x)|; infinity at the poles.

    Around 1 and 2, where it is zero, t times a polynomial; from there to 10 by recurrence, which adds positive terms;
    then Stirling's series. Reflection below 0.
    """
    x64 = x.astype(np.float64)
    with np.errstate(all="ignore"):
        reflected = x64 < 0
        z = choose(reflected, 1 - x64, x64)
        large, low, tiny = z >= 10, z < 1.5, z < 0.5
        y, product = z, np.ones_like(z)
        for _ in range(8):
            above = y >= 2.5
            y = choose(above, y - 1, y)
            product = choose(above, product * y, product)
        t_low = choose(tiny, z, z - 1)
        t = choose(low, t_low, y - 2)
        log = np.log(choose(large, z, choose(low, choose(tiny, z, 1), product)))
        small = t * np.polyval(_AROUND_TWO, t) + choose(low, -(log + np.log1p(t_low)), log)
        i = 1 / z
        series = i * np.polyval((-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12), i * i)
        stirling = (z - 0.5) * (log - 1) + (0.91893853320467274178 - 0.5) + series
        result = choose(large, stirling, small)
        sine = np.sin(math.pi * np.abs(x64 - np.rint(x64)))
        result = choose(reflected, math.log(math.pi) - np.log(sine) - result, result)
        pole = (x64 <= 0) & (x64 == np.floor(x64))
        return np.asarray(choose(pole | np.isinf(x64), np.inf, result)).astype(x.dtype)


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
        start = choose(
            w < 5,
            np.polyval(_GILES_CENTRE, w - 2.5) * y,
            np.polyval(_GILES_TAIL, np.sqrt(np.maximum(w, 5)) - 3) * y,
        )
        result = choose(np.isfinite(start), start, 0.0)
        for _ in range(3):
            # The tail's difference through erfc keeps its digits.
            miss = choose(
                np.abs(y) < 0.5,
                error_function(result, False) - y,
                np.sign(y) * ((1 - np.abs(y)) - error_function(np.abs(result), True)),
            )
            slope = 2 / math.sqrt(math.pi) * np.exp(-result * result)
            step = choose(slope > 0, miss / slope, 0.0)
            result = result - step / (1 + result * step)
        result = choose(np.abs(y) == 1, np.copysign(np.inf, y), choose(np.abs(y) > 1, np.nan, result))
    result = choose(np.isnan(y), np.nan, result)
    return result.reshape(x.shape).astype(x.dtype)


def digamma(x):
    """The derivative of lgamma; NaN at negative integers, -infinity at 0."""
    x64 = x.astype(np.float64)
    with np.errstate(all="ignore"):
        reflected = x64 < 0
        z = choose(reflected, 1 - x64, x64)
        low = z < 1
        y = choose(low, z + 1, z)
        total = choose(low, -1 / z, 0.0)
        for _ in range(8):
            above = y >= 2
            y = choose(above, y - 1, y)
            total = choose(above, total + 1 / y, total)
        small = (y - _ROOT[0] - _ROOT[1]) * np.polyval(_BESIDE_ROOT, 2 * y - 3) + total
        i = 1 / (z * z)
        series = i * np.polyval((-691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12), i)
        result = choose(z >= 10, np.log(z) - 0.5 / z - series, small)
        turn = math.pi / np.tan(math.pi * (x64 - np.rint(x64)))
        result = choose(reflected, result - turn, result)
        result = choose((x64 <= 0) & (x64 == np.floor(x64)), choose(x64 == 0, -np.inf, np.nan), result)
    return np.asarray(result).astype(x.dtype)
