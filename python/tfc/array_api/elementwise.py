"""Elementwise functions of the array API standard."""

import math as _math

from tfc.array_api.dtypes import arrays
from tfc.core import Tensor
from tfc.ops import math
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import scalar, zeros_like


def _require(x, kinds, name):
    if x.dtype.kind not in kinds:
        raise TypeError(f"{name} is not defined for {x.dtype.name}")


def _named(function, name, text):
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return function


def _unary(name, prim, kinds, text, same="", true=""):
    """Of types whose kind is in `same` the array itself, of those in `true` an array of True (or False for `false`)."""

    def function(x, /) -> Tensor:
        x = convert_to_tensor(x)
        _require(x, kinds, name)
        return x if x.dtype.kind in same else prim(x)

    return _named(function, name, text)


def _binary(name, prim, kinds, text):
    def function(x1, x2, /) -> Tensor:
        x1, x2 = arrays(x1, x2)
        _require(x1, kinds, name)
        return prim(x1, x2)

    return _named(function, name, text)


abs = _unary("abs", p.abs_, "iufc", "Absolute values.", same="u")
acos = _unary("acos", p.acos, "fc", "Inverse cosines.")
acosh = _unary("acosh", p.acosh, "fc", "Inverse hyperbolic cosines.")
asin = _unary("asin", p.asin, "fc", "Inverse sines.")
asinh = _unary("asinh", p.asinh, "fc", "Inverse hyperbolic sines.")
atan = _unary("atan", p.atan, "fc", "Inverse tangents.")
atanh = _unary("atanh", p.atanh, "fc", "Inverse hyperbolic tangents.")
ceil = _unary("ceil", p.ceil, "iuf", "The next whole numbers above.", same="iu")
conj = _unary("conj", p.conj, "iufc", "Complex conjugates.", same="iuf")
cos = _unary("cos", p.cos, "fc", "Cosines.")
cosh = _unary("cosh", p.cosh, "fc", "Hyperbolic cosines.")
exp = _unary("exp", p.exp, "fc", "e to the power of each element.")
expm1 = _unary("expm1", p.expm1, "fc", "exp(x) - 1, also for small x.")
floor = _unary("floor", p.floor, "iuf", "The next whole numbers below.", same="iu")
imag = _unary("imag", p.imag, "c", "Imaginary parts.")
log = _unary("log", p.log, "fc", "Natural logarithms.")
log1p = _unary("log1p", p.log1p, "fc", "log(1 + x), also for small x.")
logical_not = _unary("logical_not", p.logical_not, "b", "True where an element is False.")
positive = _unary("positive", p.stop_gradient, "iufc", "The elements themselves.", same="iufc")
sin = _unary("sin", p.sin, "fc", "Sines.")
sinh = _unary("sinh", p.sinh, "fc", "Hyperbolic sines.")
sqrt = _unary("sqrt", p.sqrt, "fc", "Square roots.")
tan = _unary("tan", p.tan, "fc", "Tangents.")
tanh = _unary("tanh", p.tanh, "fc", "Hyperbolic tangents.")
trunc = _unary("trunc", p.trunc, "iuf", "The whole numbers next to zero.", same="iu")

add = _binary("add", p.add, "iufc", "x1 + x2.")
atan2 = _binary("atan2", p.atan2, "f", "The angle of the point (x2, x1).")
bitwise_and = _binary("bitwise_and", p.bitwise_and, "iu", "")
bitwise_or = _binary("bitwise_or", p.bitwise_or, "iu", "")
bitwise_xor = _binary("bitwise_xor", p.bitwise_xor, "iu", "")
bitwise_left_shift = _binary("bitwise_left_shift", p.left_shift, "iu", "x1 << x2.")
bitwise_right_shift = _binary("bitwise_right_shift", p.right_shift, "iu", "x1 >> x2.")
divide = _binary("divide", p.div, "fc", "x1 / x2.")
equal = _binary("equal", p.equal, "biufc", "Whether elements are equal.")
greater = _binary("greater", p.greater, "iuf", "x1 > x2.")
greater_equal = _binary("greater_equal", p.greater_equal, "iuf", "x1 >= x2.")
less = _binary("less", p.less, "iuf", "x1 < x2.")
less_equal = _binary("less_equal", p.less_equal, "iuf", "x1 <= x2.")
logical_and = _binary("logical_and", p.logical_and, "b", "x1 and x2.")
logical_or = _binary("logical_or", p.logical_or, "b", "x1 or x2.")
logical_xor = _binary("logical_xor", p.not_equal, "b", "x1 or x2, but not both.")
maximum = _binary("maximum", p.maximum, "iuf", "The larger of two elements; NaN if one is.")
minimum = _binary("minimum", p.minimum, "iuf", "The smaller of two elements; NaN if one is.")
multiply = _binary("multiply", p.mul, "iufc", "x1 * x2.")
nextafter = _binary("nextafter", p.nextafter, "f", "The next number from x1 toward x2.")
not_equal = _binary("not_equal", p.not_equal, "biufc", "Whether elements differ.")
subtract = _binary("subtract", p.sub, "iufc", "x1 - x2.")


def _with_bools(integers, booleans, name, text):
    def function(x1, x2, /) -> Tensor:
        x1, x2 = arrays(x1, x2)
        _require(x1, "biu", name)
        return booleans(x1, x2) if x1.dtype.is_bool else integers(x1, x2)

    return _named(function, name, text)


bitwise_and = _with_bools(p.bitwise_and, p.logical_and, "bitwise_and", "x1 & x2.")
bitwise_or = _with_bools(p.bitwise_or, p.logical_or, "bitwise_or", "x1 | x2.")
bitwise_xor = _with_bools(p.bitwise_xor, p.not_equal, "bitwise_xor", "x1 ^ x2.")


def bitwise_invert(x, /) -> Tensor:
    """~x."""
    x = convert_to_tensor(x)
    _require(x, "biu", "bitwise_invert")
    return p.logical_not(x) if x.dtype.is_bool else p.bitwise_not(x)


def negative(x, /) -> Tensor:
    """-x; unsigned integers wrap around."""
    x = convert_to_tensor(x)
    _require(x, "iufc", "negative")
    return p.sub(zeros_like(x), x) if x.dtype.kind == "u" else p.neg(x)


def real(x, /) -> Tensor:
    """Real parts."""
    x = convert_to_tensor(x)
    _require(x, "iufc", "real")
    return p.real(x) if x.dtype.is_complex else x


def reciprocal(x, /) -> Tensor:
    """1 / x."""
    x = convert_to_tensor(x)
    _require(x, "fc", "reciprocal")
    return p.div(scalar(1, x), x)


def square(x, /) -> Tensor:
    """x * x."""
    x = convert_to_tensor(x)
    _require(x, "iufc", "square")
    return p.mul(x, x)


def _parts(x, real_function):
    """A function of real and imaginary part, each for itself."""
    return p.complex_(real_function(p.real(x)), real_function(p.imag(x)))


def round(x, /) -> Tensor:
    """The nearest whole numbers, even ones of two equally near."""
    x = convert_to_tensor(x)
    _require(x, "iufc", "round")
    if x.dtype.kind in "iu":
        return x
    return _parts(x, p.round_) if x.dtype.is_complex else p.round_(x)


def sign(x, /) -> Tensor:
    """-1, 0 or 1; of complex numbers x / abs(x)."""
    x = convert_to_tensor(x)
    _require(x, "iufc", "sign")
    return p.sign(x)


def _test(name, of_parts, join, of_integers, text):
    def function(x, /) -> Tensor:
        x = convert_to_tensor(x)
        _require(x, "iufc", name)
        if x.dtype.is_complex:
            return join(of_parts(p.real(x)), of_parts(p.imag(x)))
        if x.dtype.kind == "f":
            return of_parts(x)
        same = p.equal(x, x)
        return same if of_integers else p.logical_not(same)

    return _named(function, name, text)


isfinite = _test("isfinite", p.is_finite, p.logical_and, True, "Whether elements are neither infinite nor NaN.")
isinf = _test("isinf", p.is_inf, p.logical_or, False, "Whether elements are infinite.")
isnan = _test("isnan", p.is_nan, p.logical_or, False, "Whether elements are NaN.")


def floor_divide(x1, x2, /) -> Tensor:
    """x1 / x2, rounded down. Integer division by zero is an error."""
    x1, x2 = arrays(x1, x2)
    _require(x1, "iuf", "floor_divide")
    return p.floor_div(x1, x2)


def remainder(x1, x2, /) -> Tensor:
    """x1 - floor(x1 / x2) x2, which has the sign of x2."""
    x1, x2 = arrays(x1, x2)
    _require(x1, "iuf", "remainder")
    return p.floor_mod(x1, x2)


def pow(x1, x2, /) -> Tensor:
    """x1 to the power of x2."""
    x1, x2 = arrays(x1, x2)
    _require(x1, "iufc", "pow")
    return p.pow_(x1, x2)


def log2(x, /) -> Tensor:
    """Logarithms to the base 2."""
    return _logarithm(x, 2.0, "log2")


def log10(x, /) -> Tensor:
    """Logarithms to the base 10."""
    return _logarithm(x, 10.0, "log10")


def _logarithm(x, base, name):
    x = convert_to_tensor(x)
    _require(x, "fc", name)
    factor = scalar(1 / _math.log(base), x)
    if x.dtype.is_complex:
        part = p.log(x)
        factor = scalar(1 / _math.log(base), p.real(part))
        return p.complex_(p.mul(p.real(part), factor), p.mul(p.imag(part), factor))
    return p.div(p.log(x), scalar(_math.log(base), x))


def logaddexp(x1, x2, /) -> Tensor:
    """log(exp(x1) + exp(x2)), without overflow."""
    x1, x2 = arrays(x1, x2)
    _require(x1, "f", "logaddexp")
    top, low = p.maximum(x1, x2), p.minimum(x1, x2)
    same = p.equal(top, low)
    gap = p.sub(p.select(same, zeros_like(low), low), p.select(same, zeros_like(top), top))
    return p.add(top, p.log1p(p.exp(gap)))


def hypot(x1, x2, /) -> Tensor:
    """sqrt(x1^2 + x2^2), without overflow."""
    x1, x2 = arrays(x1, x2)
    _require(x1, "f", "hypot")
    zero, one = scalar(0, x1), scalar(1, x1)
    a, b = p.abs_(x1), p.abs_(x2)
    top, low = p.maximum(a, b), p.minimum(a, b)
    null = p.equal(top, zero)
    ratio = p.div(low, p.select(null, one, top))
    out = p.mul(top, p.sqrt(p.add(one, p.mul(ratio, ratio))))
    # An infinite side counts even beside NaN.
    infinite = p.logical_or(p.is_inf(a), p.is_inf(b))
    return p.select(infinite, scalar(_math.inf, x1), out)


def signbit(x, /) -> Tensor:
    """Whether the sign is negative, also of -0."""
    x = convert_to_tensor(x)
    _require(x, "f", "signbit")
    name = {2: "int16", 4: "int32", 8: "int64"}[x.dtype.size]
    bits = math.bitcast(x, name)
    return p.less(bits, scalar(0, bits))


def copysign(x1, x2, /) -> Tensor:
    """|x1| with the sign of x2."""
    x1, x2 = arrays(x1, x2)
    _require(x1, "f", "copysign")
    size = p.abs_(x1)
    return p.select(signbit(x2), p.neg(size), size)


def clip(x, /, min=None, max=None) -> Tensor:
    """Elements below `min` become `min`, those above `max` become `max`. The type stays."""
    x = convert_to_tensor(x)
    _require(x, "iuf", "clip")
    for bound, prim in ((min, p.maximum), (max, p.minimum)):
        if bound is None:
            continue
        limit = convert_to_tensor(bound, x.dtype) if not isinstance(bound, Tensor) else bound
        limit = limit if limit.dtype is x.dtype else p.cast(limit, dtype=x.dtype)
        x = prim(x, limit)
    return x
