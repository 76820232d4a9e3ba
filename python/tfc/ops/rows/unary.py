"""Rows of elementwise primitives with one operand."""

import math

import numpy as np

from tfc.ops import primitives as p
from tfc.ops import special
from tfc.ops.elements import choose
from tfc.ops.gradients import conj, scalar, zeros_like
from tfc.ops.table import ELEMENTWISE, WIDE_FUNCTIONS, NotDifferentiable, linear, row


def _in_double(f):
    """`f` of float32 computed in float64: numpy's own is more than two ULP off somewhere. Narrower types, too: several
    steps would be rounded several times.
    """

    def meaning(x, *more):
        if x.dtype.itemsize > 4 or x.dtype.kind == "c":
            return f(x, *more)
        return np.asarray(f(x.astype(np.float64), *(y.astype(np.float64) for y in more))).astype(x.dtype)

    return meaning


def _expm1(x):
    """exp(x) - 1; of complex numbers by parts, so that both keep their digits near 0 and their limits far from it."""
    if not np.iscomplexobj(x):
        return np.expm1(x)
    a, b = x.real.astype(np.float64), x.imag.astype(np.float64)
    sine, exp = np.sin(b), np.exp(a)
    # A real number stays one (0 of both zeros); where exp is 0, or infinite, the angle does not matter, or is not
    # known.
    real = np.where(b == 0, np.expm1(a) + 0.0, np.expm1(a) * np.cos(b) - 2 * np.sin(b / 2) ** 2)
    imag = np.where(b == 0, b, exp * sine)
    low, high = a == -np.inf, (a == np.inf) & ~np.isfinite(b)
    out = np.empty(x.shape, x.dtype)
    out.real = np.where(low & ~np.isfinite(b), -1.0, np.where(high, np.inf, real))
    out.imag = np.where(low & ~np.isfinite(b), 0.0, np.where(high, np.nan, imag))
    return out


def _log1p(x):
    """log(1 + x); of complex numbers by parts, so that small ones keep their digits."""
    if not np.iscomplexobj(x):
        return np.log1p(x)
    z = x.astype(np.complex128)
    a, b = z.real, z.imag
    near = np.abs(z) < 0.5
    out = np.where(near, 0, np.log(1 + z))
    small = np.where(near, z, 0)
    real = np.log1p(small.real * (2 + small.real) + small.imag * small.imag) / 2
    result = np.empty(x.shape, x.dtype)
    result.real = np.where(near, real, out.real)
    result.imag = np.where(near, np.arctan2(b, 1 + a), out.imag)
    return result


def _times(f):
    """The gradient of an analytic function from its derivative `f(out, x)`."""
    return (lambda g, out, x: p.mul(g, conj(f(out, x))),)


def _one(x):
    return scalar(1, x)


def _rsqrt(x):
    # Narrow types are rounded once.
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    return (1 / np.sqrt(wide)).astype(x.dtype)


def _sigmoid(x):
    # exp of a negative number only: it cannot overflow.
    if np.iscomplexobj(x):
        return 1 / (1 + np.exp(-x))
    e = np.exp(-np.abs(x))
    return choose(x >= 0, e.dtype.type(1), e) / (1 + e).astype(e.dtype)


def _abs_vjp(g, out, x):
    if not x.dtype.is_complex:
        return p.mul(g, p.sign(x))
    return p.mul(p.complex_(g, zeros_like(g)), p.sign(x))


def _sign_vjp(g, out, x):
    """Of a complex number, what turns it: its size does not count."""
    if not x.dtype.is_complex:
        return zeros_like(x)
    size = p.abs_(x)
    null = p.equal(size, scalar(0, size))
    along = p.real(p.mul(p.conj(out), g))
    across = p.sub(g, p.mul(out, p.complex_(along, zeros_like(along))))
    safe = p.select(null, scalar(1, size), size)
    return p.select(null, scalar(0, g), p.div(across, p.complex_(safe, zeros_like(safe))))


def _trigamma(x):
    """The derivative of digamma: recurrence up to 10, then the asymptotic series; reflection below 1/2."""
    one, ten, half = scalar(1, x), scalar(10, x), scalar(0.5, x)
    reflected = p.less(x, half)
    z = p.select(reflected, p.sub(one, x), x)
    total = zeros_like(x)
    for _ in range(10):
        small = p.less(z, ten)
        term = p.div(one, p.mul(z, z))
        total = p.select(small, p.add(total, term), total)
        z = p.select(small, p.add(z, one), z)
    i = p.div(one, z)
    square = p.mul(i, i)
    series = zeros_like(x)
    for b in (-691 / 2730, 5 / 66, -1 / 30, 1 / 42, -1 / 30, 1 / 6):
        series = p.mul(p.add(series, scalar(b, x)), square)
    total = p.add(total, p.mul(i, p.add(p.add(one, p.mul(half, i)), series)))
    turn = scalar(math.pi, x)
    # The branch not taken must not have infinite slopes.
    low = p.select(reflected, x, scalar(0.25, x))
    sine = p.sin(p.mul(turn, p.sub(low, p.round_(low))))
    mirrored = p.sub(p.div(p.mul(turn, turn), p.mul(sine, sine)), total)
    return p.select(reflected, mirrored, total)


# Any number.
row(p.neg, np.negative, (lambda g, out, x: p.neg(g),), kinds="iufc", jvp=linear(0))
row(p.abs_, np.abs, (_abs_vjp,), kinds="iuf", domain=(0.2, 2.0), jvp=ELEMENTWISE)
row(p.sign, np.sign, (_sign_vjp,), kinds="iuf", domain=(0.2, 2.0))

# Float or complex.
row(p.sqrt, np.sqrt, _times(lambda y, x: p.div(scalar(0.5, x), y)), kinds="fc", domain=(0.1, 4.0), jvp=ELEMENTWISE)
row(
    p.rsqrt,
    _rsqrt,
    _times(lambda y, x: p.mul(scalar(-0.5, x), p.div(y, x))),
    kinds="fc",
    domain=(0.2, 4.0),
    jvp=ELEMENTWISE,
)
row(p.exp, _in_double(np.exp), _times(lambda y, x: y), kinds="fc", jvp=ELEMENTWISE)
row(p.expm1, _in_double(_expm1), _times(lambda y, x: p.exp(x)), kinds="fc", jvp=ELEMENTWISE)
row(p.log, _in_double(np.log), _times(lambda y, x: p.div(_one(x), x)), kinds="fc", domain=(0.1, 4.0), jvp=ELEMENTWISE)
row(
    p.log1p,
    _log1p,
    _times(lambda y, x: p.div(_one(x), p.add(_one(x), x))),
    kinds="fc",
    domain=(-0.5, 4.0),
    jvp=ELEMENTWISE,
)
row(p.sin, np.sin, _times(lambda y, x: p.cos(x)), kinds="fc", jvp=ELEMENTWISE)
row(p.cos, np.cos, _times(lambda y, x: p.neg(p.sin(x))), kinds="fc", jvp=ELEMENTWISE)
row(
    p.tan,
    _in_double(np.tan),
    _times(lambda y, x: p.add(_one(x), p.mul(y, y))),
    kinds="fc",
    domain=(-1.2, 1.2),
    jvp=ELEMENTWISE,
)
row(
    p.asin,
    _in_double(np.arcsin),
    _times(lambda y, x: p.rsqrt(p.sub(_one(x), p.mul(x, x)))),
    kinds="fc",
    domain=(-0.8, 0.8),
    jvp=ELEMENTWISE,
)
row(
    p.acos,
    _in_double(np.arccos),
    _times(lambda y, x: p.neg(p.rsqrt(p.sub(_one(x), p.mul(x, x))))),
    kinds="fc",
    domain=(-0.8, 0.8),
    jvp=ELEMENTWISE,
)
row(p.atan, np.arctan, _times(lambda y, x: p.div(_one(x), p.add(_one(x), p.mul(x, x)))), kinds="fc", jvp=ELEMENTWISE)
row(p.sinh, _in_double(np.sinh), _times(lambda y, x: p.cosh(x)), kinds="fc", jvp=ELEMENTWISE)
row(p.cosh, _in_double(np.cosh), _times(lambda y, x: p.sinh(x)), kinds="fc", jvp=ELEMENTWISE)
row(p.tanh, np.tanh, _times(lambda y, x: p.sub(_one(x), p.mul(y, y))), kinds="fc", jvp=ELEMENTWISE)
row(p.asinh, np.arcsinh, _times(lambda y, x: p.rsqrt(p.add(p.mul(x, x), _one(x)))), kinds="fc", jvp=ELEMENTWISE)
row(
    p.acosh,
    np.arccosh,
    _times(lambda y, x: p.rsqrt(p.sub(p.mul(x, x), _one(x)))),
    kinds="fc",
    domain=(1.2, 4.0),
    jvp=ELEMENTWISE,
)
row(
    p.atanh,
    np.arctanh,
    _times(lambda y, x: p.div(_one(x), p.sub(_one(x), p.mul(x, x)))),
    kinds="fc",
    domain=(-0.8, 0.8),
    jvp=ELEMENTWISE,
)
row(p.sigmoid, _in_double(_sigmoid), _times(lambda y, x: p.mul(y, p.sub(_one(x), y))), kinds="fc", jvp=ELEMENTWISE)

# Float.
row(p.floor, np.floor, NotDifferentiable)
row(p.ceil, np.ceil, NotDifferentiable)
row(p.round_, np.rint, NotDifferentiable)
row(p.trunc, np.trunc, NotDifferentiable)
_ERF_SLOPE = 2 / math.sqrt(math.pi)
row(
    p.erf,
    special.erf,
    _times(lambda y, x: p.mul(scalar(_ERF_SLOPE, x), p.exp(p.neg(p.mul(x, x))))),
    jvp=ELEMENTWISE,
)
row(
    p.erfc,
    special.erfc,
    _times(lambda y, x: p.mul(scalar(-_ERF_SLOPE, x), p.exp(p.neg(p.mul(x, x))))),
    jvp=ELEMENTWISE,
)
row(
    p.erfinv,
    special.erfinv,
    _times(lambda y, x: p.mul(scalar(1 / _ERF_SLOPE, x), p.exp(p.mul(y, y)))),
    domain=(-0.9, 0.9),
    jvp=ELEMENTWISE,
)
row(p.lgamma, special.lgamma, _times(lambda y, x: p.digamma(x)), domain=(0.5, 5.0), gpu=WIDE_FUNCTIONS, jvp=ELEMENTWISE)
row(
    p.digamma,
    special.digamma,
    _times(lambda y, x: _trigamma(x)),
    domain=(0.5, 5.0),
    gpu=WIDE_FUNCTIONS,
    jvp=ELEMENTWISE,
)
row(p.is_finite, np.isfinite, NotDifferentiable)
row(p.is_inf, np.isinf, NotDifferentiable)
row(p.is_nan, np.isnan, NotDifferentiable)

# Bool, integer, complex.
row(p.logical_not, np.logical_not, NotDifferentiable, kinds="b")
row(p.bitwise_not, np.invert, NotDifferentiable, kinds="iu")
row(
    p.population_count,
    lambda x: np.bitwise_count(x.view(f"u{x.dtype.itemsize}")).astype(np.uint8),
    NotDifferentiable,
    kinds="iu",
    gpu="on Vulkan: upstream's conversion has no bit count",
)
row(p.real, np.real, (lambda g, out, x: p.complex_(g, zeros_like(g)),), kinds="c", jvp=linear(0))
row(p.imag, np.imag, (lambda g, out, x: p.complex_(zeros_like(g), g),), kinds="c", jvp=linear(0))
row(p.conj, np.conjugate, (lambda g, out, x: p.conj(g),), kinds="c", jvp=linear(0))
