"""numpy's functions of each element: operands promote and broadcast."""

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import bool_, float64, int64
from tfc.experimental.numpy.promotion import asarray, common, floating, result_type
from tfc.ops import math
from tfc.ops import primitives as p
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import ones_like, zeros_like
from tfc.ops.gather import where as where_
from tfc.ops.reductions import reduce_all, reduce_any


def _named(function, name, text):
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{text}."
    return function


def _unary(name, op, convert=asarray):
    return _named(lambda x: op(convert(x)), name, f"numpy's `{name}`")


def _binary(name, op, convert=asarray):
    def function(x1, x2):
        return op(*(convert(v) for v in common(x1, x2)))

    return _named(function, name, f"numpy's `{name}`, of operands promoted to one dtype")


def _number(x) -> Tensor:
    x = asarray(x)
    return p.cast(x, dtype=int64) if x.dtype.is_bool else x


def _truth(x) -> Tensor:
    x = asarray(x)
    return x if x.dtype.is_bool else p.not_equal(x, zeros_like(x))


def _with_bools(numbers, bools):
    return lambda x, y: (bools if x.dtype.is_bool else numbers)(x, y)


abs = absolute = fabs = _unary("abs", math.abs)
negative = _unary("negative", math.negative)
positive = _unary("positive", lambda x: x)
sign = _unary("sign", math.sign)
square = _unary("square", math.square)
conj = conjugate = _unary("conj", math.conj)
real = _unary("real", math.real)
imag = _unary("imag", math.imag)
logical_not = _unary("logical_not", math.logical_not, _truth)
bitwise_not = _unary("bitwise_not", lambda x: math.logical_not(x) if x.dtype.is_bool else math.invert(x))
exp = _unary("exp", math.exp, floating)
expm1 = _unary("expm1", math.expm1, floating)
log = _unary("log", math.log, floating)
log1p = _unary("log1p", math.log1p, floating)
sqrt = _unary("sqrt", math.sqrt, floating)
sin = _unary("sin", math.sin, floating)
cos = _unary("cos", math.cos, floating)
tan = _unary("tan", math.tan, floating)
sinh = _unary("sinh", math.sinh, floating)
cosh = _unary("cosh", math.cosh, floating)
tanh = _unary("tanh", math.tanh, floating)
arcsin = _unary("arcsin", math.asin, floating)
arccos = _unary("arccos", math.acos, floating)
arctan = _unary("arctan", math.atan, floating)
arcsinh = _unary("arcsinh", math.asinh, floating)
arccosh = _unary("arccosh", math.acosh, floating)
arctanh = _unary("arctanh", math.atanh, floating)
floor = _unary("floor", math.floor, floating)
ceil = _unary("ceil", math.ceil, floating)
isnan = _unary("isnan", math.is_nan, floating)
isinf = _unary("isinf", math.is_inf, floating)
isfinite = _unary("isfinite", math.is_finite, floating)
reciprocal = _unary("reciprocal", lambda x: p.div(ones_like(x), x), floating)
fix = _unary("fix", lambda x: where_(x > 0, math.floor(x), math.ceil(x)), floating)
exp2 = _unary("exp2", lambda x: math.pow(convert_to_tensor(2, x.dtype), x), floating)
log2 = _unary("log2", lambda x: math.log(x) / float(np.log(2)), floating)
log10 = _unary("log10", lambda x: math.log(x) / float(np.log(10)), floating)
cbrt = _unary("cbrt", lambda x: math.sign(x) * math.pow(math.abs(x), 1 / 3), floating)
deg2rad = _unary("deg2rad", lambda x: x * float(np.pi / 180), floating)
rad2deg = _unary("rad2deg", lambda x: x * float(180 / np.pi), floating)
signbit = _unary("signbit", lambda x: x < zeros_like(x))
isposinf = _unary("isposinf", lambda x: math.equal(x, float("inf")), floating)
isneginf = _unary("isneginf", lambda x: math.equal(x, float("-inf")), floating)


add = _binary("add", _with_bools(math.add, math.logical_or))
subtract = _binary("subtract", math.subtract)
multiply = _binary("multiply", _with_bools(math.multiply, math.logical_and))
divide = true_divide = _binary("true_divide", lambda x, y: p.div(x, y), floating)
floor_divide = _binary("floor_divide", math.floordiv, _number)
mod = remainder = _binary("mod", math.floormod, _number)
power = _binary("power", math.pow, _number)
maximum = _binary("maximum", _with_bools(math.maximum, math.logical_or))
minimum = _binary("minimum", _with_bools(math.minimum, math.logical_and))
arctan2 = _binary("arctan2", math.atan2, floating)
nextafter = _binary("nextafter", math.nextafter, floating)
hypot = _binary("hypot", lambda x, y: math.sqrt(x * x + y * y), floating)
equal = _binary("equal", math.equal)
not_equal = _binary("not_equal", math.not_equal)
less = _binary("less", math.less, _number)
less_equal = _binary("less_equal", math.less_equal, _number)
greater = _binary("greater", math.greater, _number)
greater_equal = _binary("greater_equal", math.greater_equal, _number)
bitwise_and = _binary("bitwise_and", _with_bools(math.bitwise_and, math.logical_and))
bitwise_or = _binary("bitwise_or", _with_bools(math.bitwise_or, math.logical_or))
bitwise_xor = _binary("bitwise_xor", _with_bools(math.bitwise_xor, math.logical_xor))
logical_and = _named(lambda x1, x2: math.logical_and(_truth(x1), _truth(x2)), "logical_and", "Whether both hold")
logical_or = _named(lambda x1, x2: math.logical_or(_truth(x1), _truth(x2)), "logical_or", "Whether one holds")
logical_xor = _named(
    lambda x1, x2: math.logical_xor(_truth(x1), _truth(x2)), "logical_xor", "Whether exactly one holds"
)


def _log_sum(x, y, exponential, logarithm):
    high = math.maximum(x, y)
    away = math.abs(x - y)
    return where_(math.is_nan(away), x + y, high + logarithm(exponential(-away)))


logaddexp = _binary("logaddexp", lambda x, y: _log_sum(x, y, math.exp, math.log1p), floating)
logaddexp2 = _binary("logaddexp2", lambda x, y: _log_sum(x, y, exp2, lambda v: log2(1 + v)), floating)


def float_power(x1, x2):
    """x1 ** x2 in float64, or complex numbers."""
    dtype = result_type(x1, x2, float64)
    return math.pow(asarray(x1, dtype), asarray(x2, dtype))


def divmod(x1, x2):
    """(floor_divide, mod)."""
    return floor_divide(x1, x2), mod(x1, x2)


def heaviside(x1, x2):
    """0 below zero, 1 above, x2 at zero."""
    x, y = (floating(v) for v in common(x1, x2))
    return where_(x < 0, zeros_like(x), where_(x > 0, ones_like(x), y))


def sinc(x):
    """sin(pi x) / (pi x), 1 at zero."""
    x = floating(x) * float(np.pi)
    safe = where_(math.equal(x, 0), ones_like(x), x)
    return where_(math.equal(x, 0), ones_like(x), math.sin(safe) / safe)


def gcd(x1, x2):
    """The greatest common divisor."""
    x, y = common(x1, x2)
    if not x.dtype.is_integer:
        raise ValueError("Arguments to gcd must be integers.")
    x, y = x + zeros_like(y), y + zeros_like(x)

    def body(a, b):
        done = math.equal(b, 0)
        return where_(done, a, b), where_(done, b, math.floormod(a, where_(done, ones_like(b), b)))

    return math.abs(while_loop(lambda a, b: reduce_any(math.not_equal(b, 0)), body, [x, y])[0])


def lcm(x1, x2):
    """The least common multiple."""
    x, y = common(x1, x2)
    d = gcd(x, y)
    safe = where_(math.equal(d, 0), ones_like(d), d)
    return where_(math.equal(d, 0), zeros_like(d), math.abs(x // safe * y))


def angle(z, deg=False):
    """The angle of complex numbers."""
    result = math.angle(floating(z))
    return result * float(180 / np.pi) if deg else result


def around(a, decimals=0):
    """Rounded to `decimals` digits, halves to even."""
    x = asarray(a)
    if x.dtype.is_integer or x.dtype.is_bool:
        return x
    return math.round(x * 10.0**decimals) / 10.0**decimals if decimals else math.round(x)


round = around


def clip(a, a_min=None, a_max=None):
    """Values kept between two bounds."""
    x = asarray(a)
    if a_min is None and a_max is None:
        raise ValueError("Not more than one of `a_min` and `a_max` may be `None`.")
    x = x if a_min is None else maximum(x, a_min)
    return x if a_max is None else minimum(x, a_max)


def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether values are within a tolerance of each other."""
    x, y = common(a, b)
    if not (x.dtype.is_floating or x.dtype.is_complex):
        return math.equal(x, y)
    near = math.abs(x - y) <= atol + rtol * math.abs(y)
    near = math.logical_or(math.logical_and(near, math.is_finite(math.real(y))), math.equal(x, y))
    return math.logical_or(near, math.logical_and(isnan(x), isnan(y))) if equal_nan else near


def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all values are within a tolerance of each other."""
    return reduce_all(isclose(a, b, rtol, atol, equal_nan))


def array_equal(a1, a2):
    """Whether shapes and values are the same."""
    x, y = common(a1, a2)
    if x.shape.rank != y.shape.rank or not x.shape.is_compatible_with(y.shape):
        return convert_to_tensor(False)
    return reduce_all(math.equal(x, y))


def isreal(x):
    """Whether numbers have no imaginary part."""
    x = asarray(x)
    return math.equal(math.imag(x), 0) if x.dtype.is_complex else p.cast(ones_like(x), dtype=bool_)


def iscomplex(x):
    """Whether numbers have an imaginary part."""
    return math.logical_not(isreal(x))


def iscomplexobj(x) -> bool:
    """Whether the dtype is complex."""
    return asarray(x).dtype.is_complex


def isrealobj(x) -> bool:
    """Whether the dtype is not complex."""
    return not iscomplexobj(x)
