"""Special functions by composition: Bessel functions and integrals from Chebyshev series, incomplete gamma and beta
functions from series and continued fractions.

All of them are computed in float64 and rounded once, so that narrower dtypes are right to the last digit or nearly so.
"""

import contextvars
import functools
import math

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import float32, float64, int32
from tfc.ops import chebyshev as c
from tfc.ops import primitives as p
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import common_dtype, convert_to_tensor, operand, operands
from tfc.ops.gradients import scalar
from tfc.ops.math import FLOAT
from tfc.ops.reductions import reduce_any, reduce_sum

_EPS = 2.0**-53
# For results that are rounded to 24 bits or less.
_EPS_OF_SHORT = 2.0**-32
# Of the results of the formula that is being computed.
_precision = contextvars.ContextVar("precision", default=_EPS)


class _Number:
    """A float64 tensor with Python's operators: formulas below read as they stand in books."""

    __slots__ = ("t",)

    def __init__(self, t: Tensor):
        self.t = t

    def _other(self, x):
        return x.t if isinstance(x, _Number) else scalar(x, self.t)

    def __add__(self, x):
        return _Number(p.add(self.t, self._other(x)))

    __radd__ = __add__

    def __mul__(self, x):
        return _Number(p.mul(self.t, self._other(x)))

    __rmul__ = __mul__

    def __sub__(self, x):
        return _Number(p.sub(self.t, self._other(x)))

    def __rsub__(self, x):
        return _Number(p.sub(self._other(x), self.t))

    def __truediv__(self, x):
        return _Number(p.div(self.t, self._other(x)))

    def __rtruediv__(self, x):
        return _Number(p.div(self._other(x), self.t))

    def __neg__(self):
        return _Number(p.neg(self.t))

    def __pow__(self, x):
        return _Number(p.pow_(self.t, self._other(x)))

    def __lt__(self, x):
        return p.less(self.t, self._other(x))

    def __le__(self, x):
        return p.less_equal(self.t, self._other(x))

    def __gt__(self, x):
        return p.greater(self.t, self._other(x))

    def __ge__(self, x):
        return p.greater_equal(self.t, self._other(x))

    def equals(self, x):
        return p.equal(self.t, self._other(x))


def _of(prim):
    return lambda x: _Number(prim(x.t))


_exp, _log, _log1p, _expm1, _sqrt = (_of(f) for f in (p.exp, p.log, p.log1p, p.expm1, p.sqrt))
_sin, _cos, _abs, _lgamma, _floor = (_of(f) for f in (p.sin, p.cos, p.abs_, p.lgamma, p.floor))


def _where(condition, x, y):
    like = x if isinstance(x, _Number) else y
    return _Number(p.select(condition, like._other(x), like._other(y)))


def _both(a, b):
    return p.logical_and(a, b)


@functools.cache
def _terms(coefficients, within) -> tuple:
    """The first coefficients, as many as results within a part of the least of all values need: all of a series that
    has a zero.
    """
    values = np.polynomial.chebyshev.chebval(np.cos(np.linspace(0, np.pi, 257)), coefficients)
    if values.min() <= 0 <= values.max():
        return coefficients
    left = np.cumsum(np.abs(coefficients)[::-1])[::-1]
    return coefficients[: max(3, np.count_nonzero(left > within / 4 * np.abs(values).min()))]


@functools.cache
def _powers(coefficients, within) -> tuple | None:
    """The polynomial that these terms are, if its roundings in float64 are far below what results are rounded to."""
    if within < _EPS_OF_SHORT:
        return None
    polynomial = np.polynomial.chebyshev.cheb2poly(_terms(coefficients, within))
    values = np.polynomial.polynomial.polyval(np.cos(np.linspace(0, np.pi, 257)), polynomial)
    if values.min() <= 0 <= values.max() or 4 * _EPS * np.abs(polynomial).sum() > within / 4 * np.abs(values).min():
        return None
    return tuple(float(a) for a in polynomial)


def _series(coefficients, t):
    """A Chebyshev series at t, by Clenshaw's recurrence, or as a polynomial, which is half the work."""
    powers = _powers(coefficients, _precision.get())
    if powers:
        value = t * powers[-1] + powers[-2]
        for a in powers[-3::-1]:
            value = value * t + a
        return value
    twice = t + t
    b1 = b2 = None
    for a in _terms(coefficients, _precision.get())[:0:-1]:
        new = (twice * b1 if b1 is not None else t * 0.0) + a
        b1, b2 = (new if b2 is None else new - b2), b1
    return t * b1 - b2 + coefficients[0]


def _in_float64(function, by_precision=False):
    """Makes a public function of a formula on `_Number`s; operands broadcast. `by_precision`: the formula ends with
    what results of their type may be away from its limit, relatively.
    """

    def wrapper(name, *values):
        if len(values) == 2:
            tensors = operands(name, *values, FLOAT)
        else:
            tensors = [operand(name, t, FLOAT) for t in common_dtype(values, name)]
        dtype = tensors[0].dtype
        numbers = [_Number(t if dtype is float64 else p.cast(t, dtype=float64)) for t in tensors]
        within = _EPS if dtype is float64 else _EPS_OF_SHORT
        before = _precision.set(within)
        try:
            out = function(*numbers, *((within,) if by_precision else ())).t
        finally:
            _precision.reset(before)
        return out if dtype is float64 else p.cast(out, dtype=dtype)

    return wrapper


def _within(condition, x, value):
    """`x` where a formula holds, else a value at which it is harmless: the branch not taken has no infinite slope."""
    return _where(condition, x, value)


def _rsqrt(x):
    """1 / sqrt(x), for x in the range of float32: for short results that of float32, and one of Newton's steps."""
    if _precision.get() < _EPS_OF_SHORT:
        return 1.0 / _sqrt(x)
    root = _Number(p.cast(p.rsqrt(p.cast(x.t, dtype=float32)), dtype=float64))
    finite = x < math.inf
    near, x = _within(finite, root, 1.0), _within(finite, x, 1.0)
    return _where(finite, near * (1.5 - 0.5 * x * near * near), root)


# Modified Bessel functions.


def _i0e_formula(x):
    x = _abs(x)
    small = x <= 8.0
    near = _within(small, x, 1.0)
    far = _where(small, 9.0, x)
    root = _rsqrt(far)
    large = _series(c.I0_LARGE, 16.0 * root * root - 1.0) * root
    return _where(small, _series(c.I0_SMALL, near * 0.25 - 1.0), large)


def _i1e_formula(x):
    size = _abs(x)
    small = size <= 8.0
    near = _within(small, size, 1.0)
    far = _where(small, 9.0, size)
    root = _rsqrt(far)
    large = _series(c.I1_LARGE, 16.0 * root * root - 1.0) * root
    return _where(small, _series(c.I1_SMALL, near * 0.25 - 1.0) * _within(small, x, 1.0), _of_sign(large, x))


def _of_sign(out, x):
    """An odd function of x from that of |x|. (Near 0 formulas have a factor x, not |x|, whose slope there is 0.)"""
    return _where(x < 0.0, -out, out)


def _k_small(series, i_formula, x):
    return _log(x / 2.0) * i_formula(x) * _exp(x), _series(series, x * x / 2.0 - 1.0)


def _k0_parts(x):
    small = x <= 2.0
    near = _within(_both(small, x > 0.0), x, 1.0)
    product, rest = _k_small(c.K0_SMALL, _i0e_formula, near)
    far = _where(small, 3.0, x)
    return small, rest - product, near, _series(c.K0_LARGE, 4.0 / far - 1.0) * _rsqrt(far), far


def _k1_parts(x):
    small = x <= 2.0
    near = _within(_both(small, x > 0.0), x, 1.0)
    product, rest = _k_small(c.K1_SMALL, _i1e_formula, near)
    far = _where(small, 3.0, x)
    return small, product + rest / near, near, _series(c.K1_LARGE, 4.0 / far - 1.0) * _rsqrt(far), far


def _k_value(parts, x, scaled):
    small, near_value, near, far_value, far = parts
    out = _where(
        small, near_value * _exp(near) if scaled else near_value, far_value if scaled else far_value * _exp(-far)
    )
    out = _where(x.equals(0.0), math.inf, out)
    return _where(x < 0.0, math.nan, out)


# Bessel functions of the first and second kind.


def _waves(p_series, q_series, far, shift):
    """(cosine-like, sine-like): what J and Y are for large x, from modulus and phase."""
    z = 8.0 / far
    t = 2.0 * z * z - 1.0
    even, odd = _series(p_series, t), _series(q_series, t) / far
    # cos(x - shift) by the sum rule: the difference of large numbers would lose the shift's digits.
    cosine = _cos(far) * math.cos(shift) + _sin(far) * math.sin(shift)
    sine = _sin(far) * math.cos(shift) - _cos(far) * math.sin(shift)
    scale = _sqrt(2.0 / (math.pi * far))
    return scale * (even * cosine - odd * sine), scale * (even * sine + odd * cosine)


def _split(x):
    size = _abs(x)
    small = size <= 8.0
    infinite = size.equals(math.inf)
    return size, small, _within(small, size, 1.0), _where(p.logical_or(small, infinite), 9.0, size), infinite


def _j0_formula(x):
    _, small, near, far, infinite = _split(x)
    wave, _ = _waves(c.P0, c.Q0, far, math.pi / 4)
    out = _where(small, _series(c.J0_SMALL, near * near / 32.0 - 1.0), wave)
    return _where(infinite, 0.0, _keep_nan(out, x))


def _j1_formula(x):
    _, small, near, far, infinite = _split(x)
    wave, _ = _waves(c.P1, c.Q1, far, 3 * math.pi / 4)
    value = _within(small, x, 1.0) * _series(c.J1_SMALL, near * near / 32.0 - 1.0)
    return _where(infinite, 0.0, _keep_nan(_where(small, value, _of_sign(wave, x)), x))


def _keep_nan(out, x):
    return _where(p.is_nan(x.t), math.nan, out)


def _y0_formula(x):
    _, small, near, far, infinite = _split(x)
    near = _within(near > 0.0, near, 1.0)
    _, wave = _waves(c.P0, c.Q0, far, math.pi / 4)
    t = near * near / 32.0 - 1.0
    value = _series(c.Y0_SMALL, t) + (2 / math.pi) * _log(near) * _series(c.J0_SMALL, t)
    return _y_value(x, _where(small, value, wave), infinite)


def _y1_formula(x):
    _, small, near, far, infinite = _split(x)
    near = _within(near > 0.0, near, 1.0)
    _, wave = _waves(c.P1, c.Q1, far, 3 * math.pi / 4)
    t = near * near / 32.0 - 1.0
    value = near * _series(c.Y1_SMALL, t) + (2 / math.pi) * (_log(near) * near * _series(c.J1_SMALL, t) - 1.0 / near)
    return _y_value(x, _where(small, value, wave), infinite)


def _y_value(x, out, infinite):
    out = _where(infinite, 0.0, out)
    out = _where(x.equals(0.0), -math.inf, out)
    return _keep_nan(_where(x < 0.0, math.nan, out), x)


# Integrals.


def _dawsn_formula(x):
    size = _abs(x)
    small, large = size <= 3.25, size > 6.5
    near = _within(small, size, 1.0)
    middle = _within(p.logical_or(small, large), 5.0, size)
    far = _where(large, size, 7.0)
    z = 6.5 / far
    out = _where(
        large,
        _series(c.DAWSON_LARGE, 2.0 * z * z - 1.0) / (2.0 * far),
        _series(c.DAWSON_MIDDLE, (middle - 4.875) / 1.625),
    )
    value = _within(small, x, 1.0) * _series(c.DAWSON_SMALL, 2.0 * near * near / 3.25**2 - 1.0)
    return _keep_nan(_where(small, value, _of_sign(out, x)), x)


def _fresnel_parts(x):
    size = _abs(x)
    square = size * size
    small = square <= 6.0
    infinite = square.equals(math.inf)
    near = _within(small, size, 1.0)
    far = _where(p.logical_or(small, infinite), 3.0, size)
    u = far * far
    z = 6.0 / u
    t = 2.0 * z * z - 1.0
    f, g = _series(c.FRESNEL_F, t) / (math.pi * far), _series(c.FRESNEL_G, t) / (math.pi**2 * far * u)
    # The angle's period in u is 4; for large x only its rest counts.
    rest = (u - 4.0 * _floor(u / 4.0)) * (math.pi / 2)
    near_t = 2.0 * (near * near / 6.0) * (near * near / 6.0) - 1.0
    return small, infinite, _within(small, x, 1.0), near_t, f, g, _sin(rest), _cos(rest)


def _odd(x, small, value, out, infinite):
    return _keep_nan(_where(small, value, _of_sign(_where(infinite, 0.5, out), x)), x)


def _fresnel_cos_formula(x):
    small, infinite, near, t, f, g, sine, cosine = _fresnel_parts(x)
    return _odd(x, small, near * _series(c.FRESNEL_C, t), 0.5 + f * sine - g * cosine, infinite)


def _fresnel_sin_formula(x):
    small, infinite, near, t, f, g, sine, cosine = _fresnel_parts(x)
    near_value = near * near * near * _series(c.FRESNEL_S, t)
    return _odd(x, small, near_value, 0.5 - f * cosine - g * sine, infinite)


def _expint_formula(x):
    # Ei(x) = -E1(-x) below -2, log|x| + gamma + series up to 6, then asymptotic parts.
    below, large = x < -2.0, x > 24.0
    middle = _both(x > 6.0, x <= 24.0)
    near = _within(p.logical_or(p.logical_or(below, middle), large), 1.0, x)
    near = _within(near.equals(0.0), 1.0, near)
    low, mid, far = _where(below, -x, 3.0), _where(middle, x, 10.0), _where(large, x, 30.0)
    inner = _log(_abs(near)) + 0.5772156649015329 + near * _series(c.EIN, (near - 2.0) / 4.0)
    left = -_series(c.E1_LARGE, 4.0 / low - 1.0) * _exp(-low) / low
    between = _series(c.EI_MIDDLE, (mid - 15.0) / 9.0) * _exp(mid) / mid
    right = _series(c.EI_LARGE, 48.0 / far - 1.0) * _exp(far) / far
    right = _where(far > 800.0, math.inf, right)
    out = _where(below, left, _where(large, right, _where(middle, between, inner)))
    out = _where(x.equals(-math.inf), 0.0, out)
    return _keep_nan(_where(x.equals(0.0), -math.inf, out), x)


def _spence_formula(x):
    # Of x in [1/2, 3/2]; smaller ones by x -> 1 - x, larger ones by x -> 1 / x.
    inverted = x > 1.5
    y = _where(inverted, 1.0 / _where(inverted, x, 1.0), x)
    low = y < 0.5
    y = _where(low, 1.0 - y, y)
    y = _within(_both(y >= 0.5, y <= 1.5), y, 1.0)
    core = (1.0 - y) * _series(c.SPENCE, 2.0 * (y - 1.0))
    # Of 1 / x or x, from that of 1 minus it.
    other = 1.0 - y
    other_log = _log(_where(other > 0.0, other, 1.0))
    mirrored = math.pi**2 / 6 - other_log * _log(y) - core
    core = _where(low, mirrored, core)
    log = _log(_where(inverted, x, 1.0))
    out = _where(inverted, -core - log * log / 2.0, core)
    out = _where(x.equals(0.0), math.pi**2 / 6, out)
    return _keep_nan(_where(x < 0.0, math.nan, out), x)


# Zeta and the incomplete functions.

_BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330]


def _zeta_formula(x, q, within=2.0**-53):
    """Euler's and Maclaurin's formula for the sum over (q + n)^-x of the larger terms."""
    fine = _both(x > 1.0, p.logical_or(q > 0.0, p.not_equal(q.t, p.floor(q.t))))
    whole = p.equal(x.t, p.floor(x.t))
    fine = _both(fine, p.logical_or(q > 0.0, whole))
    s, a = _within(fine, x, 2.0), _within(fine, q, 1.0)

    def power(base):
        # A negative base has a whole exponent here.
        size = _abs(base) ** -s
        half = s / 2.0
        odd = p.logical_not(p.equal(half.t, p.floor(half.t)))
        return _where(_both(base < 0.0, odd), -size, size)

    # Bernoulli's terms fall as long as what they start from is large beside the exponent.
    enough = (s * 0.6 + (12.0 if within < 2.0**-40 else 6.0)).t

    def step(total, at):
        small = p.less(at, enough)
        term = power(_Number(p.select(small, at, scalar(1.0, at))))
        total = p.select(small, p.add(total, term.t), total)
        return total, p.select(small, p.add(at, scalar(1.0, at)), at)

    wide = s.t, a.t
    start = p.mul(p.add(*wide), scalar(0.0, a.t))
    total, at = while_loop(lambda total, at: reduce_any(p.less(at, enough)), step, (start, p.add(start, a.t)))
    total, at = _Number(total), _Number(at)
    tail = at ** (1.0 - s) / (s - 1.0) + at**-s / 2.0
    factor, term = s, at ** (-s - 1.0)
    square, factorial = 1.0 / (at * at), 2.0
    for k, b in enumerate(_BERNOULLI, start=1):
        tail = tail + (b / factorial) * factor * term
        factor = factor * (s + (2 * k - 1)) * (s + 2 * k)
        term = term * square
        factorial *= (2 * k + 1) * (2 * k + 2)
    out = _where(fine, total + tail, math.nan)
    pole = _both(x >= 1.0, _both(q <= 0.0, p.equal(q.t, p.floor(q.t))))
    out = _where(p.logical_or(x.equals(1.0), pole), math.inf, out)
    return _keep_nan(_keep_nan(_where(x < 1.0, math.nan, out), x), q)


def _log_power(a, x):
    """log(x^a e^-x / gamma(a)); for a large `a` from Stirling's series, in which nothing large cancels."""
    large = a > 20.0
    near, big = _where(large, 1.0, a), _where(large, a, 30.0)
    direct = near * _log(x) - x - _lgamma(near)
    i = 1.0 / (big * big)
    stirling = (1 / 12 - i * (1 / 360 - i * (1 / 1260 - i * (1 / 1680 - i / 1188)))) / big
    u = (x - big) / big
    close = _abs(u) < 0.5
    deviation = _where(close, _log1p_minus(_where(close, u, 0.0)), _log(x / big) - _where(close, 0.0, u))
    return _where(large, big * deviation + 0.5 * _log(big / (2 * math.pi)) - stirling, direct)


def _log1p_minus(u):
    """log(1 + u) - u, also for a small u, from the series of the inverse hyperbolic tangent."""
    r = u / (u + 2.0)
    square = r * r
    total = square * 0.0 + 1 / 45
    for n in range(43, 2, -2):
        total = total * square + 1 / n
    return r * (2.0 * square * total - u)


_LIMIT = 20000
_STEPS = 4


def _repeat(step, values, steps=_STEPS):
    """Steps until none of the last value, a mask, is true."""
    count = convert_to_tensor(0, int32)

    def body(i, *now):
        # Several at once, so that what waits for the next one stays in registers.
        for _ in range(steps):
            now = step(*now)
        return (p.add(i, scalar(steps, i)), *now)

    going = lambda i, *now: p.logical_and(p.less(i, scalar(_LIMIT, i)), reduce_any(now[-1]))
    return while_loop(going, body, (count, *values))[1:]


def _gamma_series(a, x, within):
    """gamma(a, x) without its factor: the sum over x^n / ((a + 1) ... (a + n)), for x < a + 1."""
    zero = a * 0.0 + x * 0.0

    def step(r, term, total, active):
        r = p.add(r, scalar(1.0, r))
        term = p.mul(term, p.div(x.t, r))
        total = p.select(active, p.add(total, term), total)
        return r, term, total, p.logical_and(active, p.greater(term, p.mul(total, scalar(within, term))))

    start = ((zero + a).t, (zero + 1.0).t, (zero + 1.0).t, (zero < 1.0))
    return _Number(_repeat(step, start)[2]) / a


def _gamma_fraction(a, x, within):
    """Gamma(a, x) without its factor: Legendre's continued fraction, for x > a and x >= 1."""
    zero = a * 0.0 + x * 0.0
    # Numerators and denominators of the fractions so far, times r^n, so that they grow slowly.
    r = 1.0 / (zero + (x - a) + _sqrt(x) + 1.0)
    first = (x - a + 1.0) * r

    def step(n, over, under, new_over, new_under, h, active):
        n, h = _Number(n), _Number(h)
        before, now = (_Number(over), _Number(under)), (_Number(new_over), _Number(new_under))
        # Large ones become small together, which changes no fraction.
        scale = _where(_abs(now[1]) > 1e60, zero + 1e-60, 1.0)
        before, now = tuple(t * scale for t in before), tuple(t * scale for t in now)
        for _ in range(2 * _STEPS):
            n = n + 1.0
            by_now, by_before = first + (2.0 * n) * r, n * (a - n) * r * r
            before, now = now, tuple(by_now * t + by_before * u for t, u in zip(now, before))
        value = now[0] / now[1]
        # For a whole a the fraction ends early, but its slope in a does not.
        going = p.logical_or(_abs(value - h) > 2 * within * _abs(value), n < 30.0)
        return (
            n.t,
            *(t.t for t in (*before, *now)),
            _where(active, value, h).t,
            p.logical_and(active, going),
        )

    none = convert_to_tensor(0.0, float64)
    start = (none, zero.t, (zero + 1.0).t, r.t, (first + zero).t, (r / first).t, (zero < 1.0))
    return _Number(_repeat(step, start, 1)[5])


def _incomplete_gamma(a, x, within, upper):
    fine = _both(_both(a > 0.0, x > 0.0), _both(a < math.inf, x < math.inf))
    aa, xx = _within(fine, a, 1.0), _within(fine, x, 1.0)
    by_fraction = _both(xx > 1.0, xx > aa)
    factor = _exp(_log_power(aa, xx))
    fraction = _gamma_fraction(_where(by_fraction, aa, 1.0), _where(by_fraction, xx, 2.0), within) * factor
    # 1 - series may be small.
    within = _EPS if upper else within
    series = _gamma_series(_where(by_fraction, 1.0, aa), _where(by_fraction, 0.5, xx), within) * factor
    if upper:
        out = _where(by_fraction, fraction, 1.0 - series)
    else:
        out = _where(by_fraction, 1.0 - fraction, series)
    at_zero, at_end = (1.0, 0.0) if upper else (0.0, 1.0)
    out = _where(fine, out, math.nan)
    out = _where(_both(x.equals(0.0), a > 0.0), at_zero, out)
    out = _where(_both(x.equals(math.inf), _both(a > 0.0, a < math.inf)), at_end, out)
    out = _where(_both(a.equals(math.inf), _both(x >= 0.0, x < math.inf)), at_zero, out)
    return out


def _betainc_formula(a, b, x, within):
    fine = _both(_both(a > 0.0, b > 0.0), _both(x > 0.0, x < 1.0))
    aa, bb, xx = _within(fine, a, 1.0), _within(fine, b, 1.0), _within(fine, x, 0.5)
    turned = xx > (aa + 1.0) / (aa + bb + 2.0)
    zero = (aa + bb + xx) * 0.0
    u, v = _where(turned, bb, aa) + zero, _where(turned, aa, bb) + zero
    y = _where(turned, 1.0 - xx, xx) + zero
    log_beta = _lgamma(u) + _lgamma(v) - _lgamma(u + v)
    log_rest = _where(turned, _log(_where(turned, xx, 0.5)), _log1p(-_where(turned, 0.5, y)))
    factor = _exp(u * _log(y) + v * log_rest - log_beta) / u
    value = factor * _beta_fraction(u, v, y, within)
    out = _where(turned, 1.0 - value, value)
    out = _where(fine, out, math.nan)
    positive = _both(a > 0.0, b > 0.0)
    out = _where(_both(positive, x.equals(0.0)), 0.0, out)
    return _where(_both(positive, x.equals(1.0)), 1.0, out)


def _beta_fraction(a, b, x, within):
    """The continued fraction of DLMF 8.17.22: numerators and denominators of the fractions so far."""
    zero = (a + b + x) * 0.0

    def step(m, over, under, new_over, new_under, h, active):
        m, h = _Number(m), _Number(h)
        before, now = (_Number(over), _Number(under)), (_Number(new_over), _Number(new_under))
        # Large ones become small together, which changes no fraction.
        scale = _where(_abs(now[1]) > 1e60, zero + 1e-60, 1.0)
        before, now = tuple(t * scale for t in before), tuple(t * scale for t in now)
        for _ in range(_STEPS):
            m = m + 1.0
            low, middle, high = a + (2.0 * m - 1.0), a + 2.0 * m, a + (2.0 * m + 1.0)
            part = x / (low * middle * high)
            even, odd = m * (b - m) * high * part, (a + m) * (a + (b + m)) * low * part
            before = tuple(t + even * u for t, u in zip(now, before))
            now = tuple(t - odd * u for t, u in zip(before, now))
        value = now[0] / now[1]
        # For a whole b the fraction ends early, but its slope in b does not.
        going = p.logical_or(_abs(value - h) > 2 * within * _abs(value), m < 20.0)
        return (
            m.t,
            *(t.t for t in (*before, *now)),
            _where(active, value, h).t,
            p.logical_and(active, going),
        )

    none = convert_to_tensor(0.0, float64)
    first = 1.0 - (a + b) * x / (a + 1.0)
    start = (none, (zero + 1.0).t, (zero + 1.0).t, (zero + 1.0).t, first.t, (1.0 / first).t, (zero < 1.0))
    return _Number(_repeat(step, start, 1)[5])


# Public functions.


def _unary(formula, title, name):
    compute = _in_float64(formula)

    def function(x, name=None) -> Tensor:
        return compute(title, x)

    function.__name__ = function.__qualname__ = name
    return function


def _documented(function, text):
    function.__doc__ = text
    return function


bessel_i0e = _documented(_unary(_i0e_formula, "BesselI0e", "bessel_i0e"), "exp(-|x|) times the Bessel function I0.")
bessel_i1e = _documented(_unary(_i1e_formula, "BesselI1e", "bessel_i1e"), "exp(-|x|) times the Bessel function I1.")
bessel_i0 = _documented(
    _unary(lambda x: _i0e_formula(x) * _exp(_abs(x)), "BesselI0", "bessel_i0"), "The modified Bessel function I0."
)
bessel_i1 = _documented(
    _unary(lambda x: _i1e_formula(x) * _exp(_abs(x)), "BesselI1", "bessel_i1"), "The modified Bessel function I1."
)
bessel_k0 = _documented(
    _unary(lambda x: _k_value(_k0_parts(x), x, False), "BesselK0", "bessel_k0"),
    "The modified Bessel function of the second kind K0; NaN for negative numbers.",
)
bessel_k1 = _documented(
    _unary(lambda x: _k_value(_k1_parts(x), x, False), "BesselK1", "bessel_k1"),
    "The modified Bessel function of the second kind K1; NaN for negative numbers.",
)
bessel_k0e = _documented(
    _unary(lambda x: _k_value(_k0_parts(x), x, True), "BesselK0e", "bessel_k0e"), "exp(x) times K0."
)
bessel_k1e = _documented(
    _unary(lambda x: _k_value(_k1_parts(x), x, True), "BesselK1e", "bessel_k1e"), "exp(x) times K1."
)
bessel_j0 = _documented(_unary(_j0_formula, "BesselJ0", "bessel_j0"), "The Bessel function J0.")
bessel_j1 = _documented(_unary(_j1_formula, "BesselJ1", "bessel_j1"), "The Bessel function J1.")
bessel_y0 = _documented(
    _unary(_y0_formula, "BesselY0", "bessel_y0"), "The Bessel function of the second kind Y0; NaN for negative numbers."
)
bessel_y1 = _documented(
    _unary(_y1_formula, "BesselY1", "bessel_y1"), "The Bessel function of the second kind Y1; NaN for negative numbers."
)
dawsn = _documented(
    _unary(_dawsn_formula, "Dawsn", "dawsn"), "Dawson's integral: exp(-x^2) times the integral of exp(t^2) from 0 to x."
)
expint = _documented(
    _unary(_expint_formula, "Expint", "expint"), "The exponential integral Ei: of exp(t) / t from -infinity to x."
)
fresnel_cos = _documented(
    _unary(_fresnel_cos_formula, "FresnelCos", "fresnel_cos"), "The integral of cos(pi t^2 / 2) from 0 to x."
)
fresnel_sin = _documented(
    _unary(_fresnel_sin_formula, "FresnelSin", "fresnel_sin"), "The integral of sin(pi t^2 / 2) from 0 to x."
)
spence = _documented(
    _unary(_spence_formula, "Spence", "spence"), "Spence's integral: of log(t) / (1 - t) from 1 to x, for x >= 0."
)

_zeta = _in_float64(_zeta_formula, by_precision=True)
_igamma = _in_float64(lambda *args: _incomplete_gamma(*args, upper=False), by_precision=True)
_igammac = _in_float64(lambda *args: _incomplete_gamma(*args, upper=True), by_precision=True)
_betainc = _in_float64(_betainc_formula, by_precision=True)


def zeta(x, q, name=None) -> Tensor:
    """Hurwitz' zeta function: the sum over (n + q)^-x for n >= 0; NaN for x < 1, infinite for x = 1."""
    return _zeta("Zeta", x, q)


def igamma(a, x, name=None) -> Tensor:
    """The lower incomplete gamma function divided by gamma(a), for a > 0 and x >= 0; NaN elsewhere."""
    return _igamma("Igamma", a, x)


def igammac(a, x, name=None) -> Tensor:
    """The upper incomplete gamma function divided by gamma(a): 1 - igamma(a, x), exact where that is small."""
    return _igammac("Igammac", a, x)


def betainc(a, b, x, name=None) -> Tensor:
    """The regularized incomplete beta function I_x(a, b), for a, b > 0 and 0 <= x <= 1; NaN elsewhere."""
    return _betainc("Betainc", a, b, x)


def _polygamma_formula(n, x):
    whole = _both(p.equal(n.t, p.floor(n.t)), n >= 0.0)
    order = _within(_both(whole, n > 0.0), n, 1.0)
    half = (order + 1.0) / 2.0
    even = p.equal(half.t, p.floor(half.t))
    value = _exp(_lgamma(order + 1.0)) * _zeta_formula(order + 1.0, x)
    value = _where(even, value, -value)
    out = _where(n.equals(0.0), _Number(p.digamma(x.t)), value)
    return _where(whole, out, math.nan)


_polygamma = _in_float64(_polygamma_formula)


def polygamma(a, x, name=None) -> Tensor:
    """The derivative number `a` (a whole number) of digamma."""
    return _polygamma("Polygamma", a, x)


def lbeta(x, name=None) -> Tensor:
    """log |Beta(x)| over the last dimension: the sum of lgamma minus lgamma of the sum."""
    x = operand("lbeta", x, FLOAT)
    if len(x.shape_tuple) == 0:
        raise ValueError("tf.math.lbeta needs at least a vector, got a scalar")
    return p.sub(reduce_sum(p.lgamma(x), -1), p.lgamma(reduce_sum(x, -1)))
