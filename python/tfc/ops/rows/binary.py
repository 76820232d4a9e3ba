"""Rows of arithmetic primitives with two operands, of bit operations, and of casts."""

import numpy as np

from tfc.dtypes import as_dtype
from tfc.errors import InvalidArgumentError
from tfc.ops import primitives as p
from tfc.ops.gradients import conj, scalar, unbroadcast, zeros_like
from tfc.ops.table import ELEMENTWISE, NotDifferentiable, linear, multilinear, row


def _to_x(f):
    """The gradient f(g, out, x, y), summed to the shape of x."""
    return lambda g, out, x, y: unbroadcast(f(g, out, x, y), x, y)


def _to_y(f):
    return lambda g, out, x, y: unbroadcast(f(g, out, x, y), y, x)


def _integer_division(f):
    """Integer division by zero is an error; numpy's own warning would go unnoticed."""

    def meaning(x, y):
        if y.dtype.kind in "iu" and x.size and not np.all(y):
            raise InvalidArgumentError("Integer division by zero")
        return f(x, y)

    return meaning


def _floor_div(x, y):
    return np.floor_divide(x, y) if x.dtype.kind in "iu" else np.floor(np.divide(x, y))


def _trunc_mod(x, y):
    return np.fmod(x, y)


def _trunc_div(x, y):
    if x.dtype.kind not in "iu":
        return np.trunc(np.divide(x, y))
    quotient = np.floor_divide(x, y)
    if x.dtype.kind == "u":
        return quotient
    inexact = quotient * y != x
    return np.asarray(quotient + (inexact & ((x < 0) != (y < 0)))).astype(x.dtype)


def _pow(x, y):
    if y.dtype.kind == "i" and np.any(y < 0):
        raise InvalidArgumentError("Integers to negative integer powers are not allowed")
    power = np.power(x, y)
    if x.dtype.kind != "f" or not np.any(y == 0.5):
        return power
    # numpy takes the square root, which is another number of -0 and of minus infinity.
    return np.where((y == 0.5) & ((x == 0) | (x == -np.inf)), np.abs(x), power)


def _pow_x(g, out, x, y):
    # At y = 0 the factor y decides, also where x is 0 and its power would be infinite.
    one = scalar(1, y)
    exponent = p.select(p.equal(y, scalar(0, y)), one, p.sub(y, one))
    return p.mul(g, conj(p.mul(y, p.pow_(x, exponent))))


def _pow_y(g, out, x, y):
    zero = scalar(0, x)
    positive = p.not_equal(x, zero) if x.dtype.is_complex else p.greater(x, zero)
    log = p.select(positive, p.log(p.select(positive, x, scalar(1, x))), zero)
    return p.mul(g, conj(p.mul(out, log)))


def _where(test):
    """The gradient goes where `test(x, y)` holds."""
    return lambda g, out, x, y: p.select(test(x, y), g, scalar(0, g))


def _shift(f):
    def meaning(x, y):
        bits = x.dtype.itemsize * 8
        return f(x, y, bits).astype(x.dtype)

    return meaning


def _left(x, y, bits):
    return np.where((y >= 0) & (y < bits), np.left_shift(x, np.clip(y, 0, bits - 1)), x.dtype.type(0))


def _right(x, y, bits):
    return np.right_shift(x, np.clip(y, 0, bits - 1)) if x.dtype.kind == "i" else _right_unsigned(x, y, bits)


def _right_unsigned(x, y, bits):
    return np.where(y < bits, np.right_shift(x, np.minimum(y, bits - 1)), x.dtype.type(0))


def _complex(x, y):
    out = np.empty(np.broadcast_shapes(x.shape, y.shape), np.complex64 if x.dtype == np.float32 else np.complex128)
    out.real, out.imag = x, y
    return out


row(
    p.add,
    np.add,
    (lambda g, out, x, y: unbroadcast(g, x, y), lambda g, out, x, y: unbroadcast(g, y, x)),
    kinds="iufc",
    jvp=linear(0, 1),
)
row(
    p.sub,
    np.subtract,
    (lambda g, out, x, y: unbroadcast(g, x, y), lambda g, out, x, y: p.neg(unbroadcast(g, y, x))),
    kinds="iufc",
    jvp=linear(0, 1),
)
row(
    p.mul,
    np.multiply,
    (_to_x(lambda g, out, x, y: p.mul(g, conj(y))), _to_y(lambda g, out, x, y: p.mul(g, conj(x)))),
    kinds="iufc",
    jvp=multilinear(0, 1),
)
row(
    p.div,
    np.divide,
    (
        _to_x(lambda g, out, x, y: p.div(g, conj(y))),
        _to_y(lambda g, out, x, y: p.mul(g, conj(p.div(p.neg(out), y)))),
    ),
    domain=(0.3, 2.0),
    kinds="fc",
    jvp=ELEMENTWISE,
)
row(p.pow_, _pow, (_to_x(_pow_x), _to_y(_pow_y)), domain=(0.2, 2.0), kinds="uf", jvp=ELEMENTWISE)
row(p.floor_div, _integer_division(_floor_div), NotDifferentiable, domain=(0.3, 9.0), kinds="iuf")
row(
    p.floor_mod,
    _integer_division(np.mod),
    (
        _to_x(lambda g, out, x, y: g),
        _to_y(lambda g, out, x, y: p.mul(g, p.neg(p.floor_div(x, y)))),
    ),
    domain=(0.3, 9.0),
    kinds="iuf",
    jvp=ELEMENTWISE,
)
row(p.trunc_div, _integer_division(_trunc_div), NotDifferentiable, domain=(0.3, 9.0), kinds="iuf")
row(
    p.trunc_mod,
    _integer_division(_trunc_mod),
    (
        _to_x(lambda g, out, x, y: g),
        _to_y(lambda g, out, x, y: p.mul(g, p.neg(p.trunc_div(x, y)))),
    ),
    domain=(0.3, 9.0),
    kinds="iuf",
    jvp=ELEMENTWISE,
)
row(
    p.maximum,
    np.maximum,
    (_to_x(_where(p.greater_equal)), _to_y(_where(p.less))),
    kinds="iuf",
    jvp=ELEMENTWISE,
)
row(
    p.minimum,
    np.minimum,
    (_to_x(_where(p.less_equal)), _to_y(_where(p.greater))),
    kinds="iuf",
    jvp=ELEMENTWISE,
)


def _atan2(y, x):
    """float32 in float64: numpy's own is more than two ULP off."""
    if x.dtype != np.float32:
        return np.arctan2(y, x)
    return np.arctan2(y.astype(np.float64), x.astype(np.float64)).astype(np.float32)


def _atan2_part(sign_and_other):
    def vjp(g, out, x, y):
        norm = p.add(p.mul(x, x), p.mul(y, y))
        return p.mul(g, p.div(sign_and_other(x, y), norm))

    return vjp


row(
    p.atan2,
    _atan2,
    (_to_x(_atan2_part(lambda x, y: y)), _to_y(_atan2_part(lambda x, y: p.neg(x)))),
    domain=(0.3, 2.0),
    jvp=ELEMENTWISE,
)
row(
    p.nextafter,
    np.nextafter,
    (lambda g, out, x, y: unbroadcast(g, x, y), lambda g, out, x, y: zeros_like(y)),
    jvp=ELEMENTWISE,
)
row(
    p.complex_,
    _complex,
    (_to_x(lambda g, out, x, y: p.real(g)), _to_y(lambda g, out, x, y: p.imag(g))),
    jvp=linear(0, 1),
)

row(p.bitwise_and, np.bitwise_and, NotDifferentiable, kinds="iu")
row(p.bitwise_or, np.bitwise_or, NotDifferentiable, kinds="iu")
row(p.bitwise_xor, np.bitwise_xor, NotDifferentiable, kinds="iu")
row(p.left_shift, _shift(_left), NotDifferentiable, kinds="iu")
row(p.right_shift, _shift(_right), NotDifferentiable, kinds="iu")


def _cast(x, dtype):
    if x.dtype.kind == "c" and not dtype.is_complex:
        x = x != 0 if dtype.is_bool else x.real
    if dtype.is_bool:
        return x != 0
    return x.astype(dtype.np_dtype)


def _cast_vjp(g, out, x, dtype):
    if not (x.dtype.is_differentiable and as_dtype(dtype).is_differentiable):
        return None
    return p.cast(g, dtype=x.dtype)


row(p.cast, _cast, (_cast_vjp,), kinds="biufc", jvp=linear(0))
row(p.bitcast, lambda x, dtype: x.view(dtype.np_dtype), NotDifferentiable, kinds="iuf")
