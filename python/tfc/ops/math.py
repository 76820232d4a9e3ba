"""Elementwise functions of `tf.math`."""

from collections.abc import Callable

import numpy as np

from tfc.core import EagerTensor, Primitive, Tensor, VariableStorage, argument_error
from tfc.dtypes import as_dtype, bool_, float32, float64, string
from tfc.errors import UnimplementedError, page, user_line
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, operand, operands
from tfc.ops.shapes import rank_of
from tfc.ops.strings import is_string, join_strings

REAL, NUMBER, FLOAT, ANALYTIC, INTEGER, BOOL, ANY = "iuf", "iufc", "f", "fc", "iu", "b", "biufc"
_NAMES = {
    "b": "bool",
    "i": "signed integers",
    "u": "unsigned integers",
    "f": "floats",
    "c": "complex numbers",
    "O": "strings",
}


def _doc(text: str, kinds: str) -> str:
    return f"{text}\n\n    Takes {', '.join(_NAMES[k] for k in kinds)}; others raise `InvalidArgumentError`."


def _unary(name: str, prim: Primitive, kinds: str, text: str) -> Callable:
    def function(x, name=None):
        return prim(operand(prim.name, x, kinds))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _doc(f"{text}, element by element.", kinds)
    return function


def _binary(name: str, prim: Primitive, kinds: str, text: str) -> Callable:
    def function(x, y, name=None):
        x, y = operands(prim.name, x, y, kinds)
        return prim(x, y)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _doc(
        f"{text}, element by element. Operands have one dtype and broadcast by numpy's rule.", kinds
    )
    return function


negative = _unary("negative", p.neg, NUMBER, "-x")
sign = _unary("sign", p.sign, NUMBER, "-1, 0 or 1 by the sign of x, x / |x| for complex x")
sqrt = _unary("sqrt", p.sqrt, ANALYTIC, "The square root of x")
rsqrt = _unary("rsqrt", p.rsqrt, ANALYTIC, "1 / sqrt(x)")
exp = _unary("exp", p.exp, ANALYTIC, "e to the power of x")
expm1 = _unary("expm1", p.expm1, ANALYTIC, "exp(x) - 1, exact near 0")
log = _unary("log", p.log, ANALYTIC, "The natural logarithm of x")
log1p = _unary("log1p", p.log1p, ANALYTIC, "log(1 + x), exact near 0")
sin = _unary("sin", p.sin, ANALYTIC, "The sine of x")
cos = _unary("cos", p.cos, ANALYTIC, "The cosine of x")
tan = _unary("tan", p.tan, ANALYTIC, "The tangent of x")
asin = _unary("asin", p.asin, ANALYTIC, "The inverse sine of x")
acos = _unary("acos", p.acos, ANALYTIC, "The inverse cosine of x")
atan = _unary("atan", p.atan, ANALYTIC, "The inverse tangent of x")
sinh = _unary("sinh", p.sinh, ANALYTIC, "The hyperbolic sine of x")
cosh = _unary("cosh", p.cosh, ANALYTIC, "The hyperbolic cosine of x")
tanh = _unary("tanh", p.tanh, ANALYTIC, "The hyperbolic tangent of x")
asinh = _unary("asinh", p.asinh, ANALYTIC, "The inverse hyperbolic sine of x")
acosh = _unary("acosh", p.acosh, ANALYTIC, "The inverse hyperbolic cosine of x")
atanh = _unary("atanh", p.atanh, ANALYTIC, "The inverse hyperbolic tangent of x")
sigmoid = _unary("sigmoid", p.sigmoid, ANALYTIC, "1 / (1 + exp(-x)), without overflow")
erf = _unary("erf", p.erf, FLOAT, "The error function of x")
erfc = _unary("erfc", p.erfc, FLOAT, "1 - erf(x)")
erfinv = _unary("erfinv", p.erfinv, FLOAT, "The inverse error function of x")
lgamma = _unary("lgamma", p.lgamma, FLOAT, "log |gamma(x)|")
digamma = _unary("digamma", p.digamma, FLOAT, "The derivative of lgamma at x")
is_finite = _unary("is_finite", p.is_finite, FLOAT, "Whether x is neither infinite nor NaN")
is_inf = _unary("is_inf", p.is_inf, FLOAT, "Whether x is infinite")
is_nan = _unary("is_nan", p.is_nan, FLOAT, "Whether x is NaN")
logical_not = _unary("logical_not", p.logical_not, BOOL, "not x")
invert = _unary("invert", p.bitwise_not, INTEGER, "All bits of x flipped")
population_count = _unary("population_count", p.population_count, INTEGER, "The number of one bits of x, as uint8")

_add_numbers = _binary("add", p.add, NUMBER, "x + y")


def add(x, y, name=None):
    """x + y, element by element; strings are put one after the other.

    Operands have one dtype (any number or string) and broadcast by numpy's rule.
    """
    if type(x) is not EagerTensor and (is_string(x) or is_string(y)):
        return join_strings(x, y)
    return _add_numbers(x, y)


subtract = _binary("subtract", p.sub, NUMBER, "x - y")
multiply = _binary("multiply", p.mul, NUMBER, "x * y")
floordiv = _binary("floordiv", p.floor_div, REAL, "x / y rounded down; integer division by zero raises")
floormod = _binary("floormod", p.floor_mod, REAL, "The remainder with the sign of y; integer division by zero raises")
truncatediv = _binary("truncatediv", p.trunc_div, REAL, "x / y rounded toward zero; integer division by zero raises")
truncatemod = _binary("truncatemod", p.trunc_mod, REAL, "The remainder with the sign of x")
maximum = _binary("maximum", p.maximum, REAL, "The larger of x and y; NaN if either is")
minimum = _binary("minimum", p.minimum, REAL, "The smaller of x and y; NaN if either is")


def atan2(y, x, name=None):
    """The angle of the point (x, y), element by element; the first operand is the ordinate.

    Takes floats of one dtype, which broadcast by numpy's rule; others raise `InvalidArgumentError`.
    """
    y, x = operands("atan2", y, x, FLOAT)
    return p.atan2(y, x)


def nextafter(x1, x2, name=None):
    """The next number from x1 toward x2, element by element.

    Takes floats of one dtype, which broadcast by numpy's rule; others raise `InvalidArgumentError`.
    """
    x1, x2 = operands("nextafter", x1, x2, FLOAT)
    return p.nextafter(x1, x2)


logical_and = _binary("logical_and", p.logical_and, BOOL, "x and y")
logical_or = _binary("logical_or", p.logical_or, BOOL, "x or y")
less = _binary("less", p.less, REAL, "x < y")
less_equal = _binary("less_equal", p.less_equal, REAL, "x <= y")
greater = _binary("greater", p.greater, REAL, "x > y")
greater_equal = _binary("greater_equal", p.greater_equal, REAL, "x >= y")
equal = _binary("equal", p.equal, ANY + "O", "x == y")
not_equal = _binary("not_equal", p.not_equal, ANY + "O", "x != y")
bitwise_and = _binary("bitwise_and", p.bitwise_and, INTEGER, "The bits set in both x and y")
bitwise_or = _binary("bitwise_or", p.bitwise_or, INTEGER, "The bits set in x or y")
bitwise_xor = _binary("bitwise_xor", p.bitwise_xor, INTEGER, "The bits set in one of x and y")
left_shift = _binary("left_shift", p.left_shift, INTEGER, "x shifted left by y bits")
right_shift = _binary("right_shift", p.right_shift, INTEGER, "x shifted right by y bits, keeping the sign")

mod = floormod
floor_div = floordiv


def abs(x, name=None):
    """|x|, element by element; real also for complex x."""
    x = operand("abs", x, NUMBER)
    return x if x.dtype.is_unsigned else p.abs_(x)


def _rounding(name, prim, text):
    def function(x, name=None):
        x = operand(prim.name, x, REAL)
        return prim(x) if x.dtype.is_floating else x

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _doc(f"{text}, element by element. Integers stay as they are.", REAL)
    return function


floor = _rounding("floor", p.floor, "x rounded down")
ceil = _rounding("ceil", p.ceil, "x rounded up")
round = _rounding("round", p.round_, "x rounded to the nearest integer, ties to even")
rint = _rounding("rint", p.round_, "x rounded to the nearest integer, ties to even")


def truncate(x):
    """x rounded toward zero."""
    x = operand("trunc", x, REAL)
    return p.trunc(x) if x.dtype.is_floating else x


def cast(x, dtype, name=None):
    """`x` in another dtype. Floats become integers toward zero; complex numbers lose their imaginary part."""
    dtype = as_dtype(dtype)
    if not isinstance(x, (Tensor, VariableStorage)) and not hasattr(x, "dtype"):
        # A Python number that fits keeps its digits; others go through their default dtype.
        try:
            return convert_to_tensor(x, dtype)
        except (TypeError, ValueError):
            pass
    x = convert_to_tensor(x)
    if x.dtype is not dtype and (x.dtype is string or dtype is string):
        raise UnimplementedError(
            None,
            "cast",
            f"Cast {x.dtype.name} to {dtype.name} is not supported\n"
            f"  try:  tf.strings.as_string, or tf.strings.to_number",
        )
    return x if x.dtype is dtype else p.cast(x, dtype=dtype)


def saturate_cast(value, dtype, name=None):
    """`value` in another dtype, clipped to its range first."""
    dtype = as_dtype(dtype)
    value = convert_to_tensor(value)
    if value.dtype is dtype or dtype.kind not in REAL or value.dtype.kind not in REAL:
        return cast(value, dtype)
    source = value.dtype
    if source.min < dtype.min:
        value = p.maximum(value, _limit(dtype.min, source, up=True))
    if source.max > dtype.max:
        value = p.minimum(value, _limit(dtype.max, source, up=False))
    return p.cast(value, dtype=dtype)


def _limit(bound, source, up):
    """The nearest value of `source` inside a bound."""
    value = np.array(bound).astype(source.np_dtype)
    if source.is_floating and (int(value) < bound if up else int(value) > bound):
        value = np.nextafter(value, source.np_dtype.type(0))
    return convert_to_tensor(value, source)


def _differ(x, y) -> bool:
    """Whether both have a dtype of their own, and not the same."""
    kinds = (Tensor, VariableStorage)
    return isinstance(x, kinds) and isinstance(y, kinds) and x.dtype is not y.dtype


def divide(x, y, name=None):
    """x / y, as the operator `/` does it."""
    return truediv(x, y)


def truediv(x, y, name=None):
    """x / y. Integers of up to 16 bits are divided in float32, wider ones in float64."""
    return p.div(*_quotient_operands(x, y))


def _quotient_operands(x, y):
    if _differ(x, y):
        # Of all binary ops division alone raises this class in TensorFlow, eagerly as well.
        raise TypeError(
            page(
                f"`x` and `y` must have the same dtype, got {x.dtype!r} != {y.dtype!r}.",
                where=user_line(),
                fix="tf.cast one of them",
            )
        )
    x, y = operands("div", x, y, NUMBER)
    if x.dtype.is_integer:
        wide = float32 if x.dtype.size <= 2 else float64
        x, y = p.cast(x, dtype=wide), p.cast(y, dtype=wide)
    return x, y


def _safe(x, y, take):
    """0 where y is 0, else take(x, y), without infinities in the gradient."""
    zero = convert_to_tensor(0, y.dtype)
    is_zero = p.equal(y, zero)
    result = take(x, p.select(is_zero, convert_to_tensor(1, y.dtype), y))
    return p.select(is_zero, zero, result)


def divide_no_nan(x, y, name=None):
    """x / y, 0 where y is 0. Integers are divided as by `truediv`."""
    return _safe(*_quotient_operands(x, y), p.div)


def multiply_no_nan(x, y, name=None):
    """x * y, 0 where y is 0, even if x is infinite or NaN."""
    if _differ(x, y):
        raise ValueError(
            f"y: Tensor conversion requested dtype {x.dtype.name} for Tensor with dtype {y.dtype.name}: {y!r}"
        )
    x, y = operands("mul", x, y, ANALYTIC)
    zero = convert_to_tensor(0, x.dtype)
    is_zero = p.equal(y, zero)
    return p.select(is_zero, zero, p.mul(p.select(is_zero, zero, x), y))


def reciprocal(x, name=None):
    """1 / x."""
    x = operand("div", x, ANALYTIC)
    return p.div(convert_to_tensor(1, x.dtype), x)


def reciprocal_no_nan(x, name=None):
    """1 / x, 0 where x is 0."""
    x = operand("div", x, ANALYTIC)
    return divide_no_nan(convert_to_tensor(1, x.dtype), x)


def pow(x, y, name=None):
    """x to the power of y. Negative powers of integers raise `InvalidArgumentError`."""
    x, y = operands("pow", x, y, NUMBER)
    return p.pow_(x, y)


def square(x, name=None):
    """x * x."""
    x = operand("mul", x, NUMBER)
    return p.mul(x, x)


def squared_difference(x, y, name=None):
    """conj(x - y) * (x - y)."""
    x, y = operands("sub", x, y, NUMBER)
    d = p.sub(x, y)
    return p.mul(p.conj(d), d) if d.dtype.is_complex else p.mul(d, d)


def scalar_mul(scalar, x, name=None):
    """scalar * x."""
    if convert_to_tensor(scalar).shape_tuple:
        raise ValueError("The input scalar must be a 0-D value. Received a tensor of rank above 0")
    return multiply(scalar, x)


def realdiv(x, y, name=None):
    """x / y of floats or complex numbers."""
    x, y = operands("div", x, y, ANALYTIC)
    return p.div(x, y)


def logical_xor(x, y, name="LogicalXor"):
    """x or y, but not both."""
    x, y = operands("not_equal", x, y, BOOL)
    return p.not_equal(x, y)


def xlogy(x, y, name=None):
    """x * log(y), 0 where x is 0."""
    x, y = operands("log", x, y, ANALYTIC)
    zero, one = convert_to_tensor(0, x.dtype), convert_to_tensor(1, x.dtype)
    is_zero = p.equal(x, zero)
    return p.select(is_zero, zero, p.mul(x, p.log(p.select(is_zero, one, y))))


def xlog1py(x, y, name=None):
    """x * log1p(y), 0 where x is 0."""
    x, y = operands("log1p", x, y, ANALYTIC)
    zero = convert_to_tensor(0, x.dtype)
    is_zero = p.equal(x, zero)
    return p.select(is_zero, zero, p.mul(x, p.log1p(p.select(is_zero, zero, y))))


def xdivy(x, y, name=None):
    """x / y, 0 where x is 0."""
    x, y = operands("div", x, y, ANALYTIC)
    zero, one = convert_to_tensor(0, x.dtype), convert_to_tensor(1, x.dtype)
    is_zero = p.equal(x, zero)
    return p.select(is_zero, zero, p.div(x, p.select(is_zero, one, y)))


def log_sigmoid(x, name=None):
    """log(sigmoid(x)), without overflow."""
    x = operand("sigmoid", x, FLOAT)
    return p.neg(softplus(p.neg(x)))


def softplus(features, name=None):
    """log(1 + exp(x)), without overflow."""
    x = operand("softplus", features, FLOAT)
    zero = convert_to_tensor(0, x.dtype)
    # max(x, 0) has slope 1/2 at 0 only together with |x|; written so that the gradient is sigmoid(x)
    # everywhere.
    return _softplus(x, zero)


def _softplus(x, zero):
    positive = p.greater(x, zero)
    smaller = p.select(positive, p.neg(x), x)
    return p.add(p.select(positive, x, zero), p.log1p(p.exp(smaller)))


def add_n(inputs, name=None):
    """The sum of a list of tensors of one shape and dtype."""
    inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    if not inputs:
        raise ValueError(
            "Inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype and shape."
        )
    total = convert_to_tensor(inputs[0])
    for value in inputs[1:]:
        x, y = operands("add", total, value, NUMBER)
        if not x.shape.is_compatible_with(y.shape):
            raise ValueError(f"Shapes {x.shape} and {y.shape} are not compatible: add_n does not broadcast")
        total = p.add(x, y)
    return total


def accumulate_n(inputs, shape=None, tensor_dtype=None, name=None):
    """The sum of a list of tensors of one shape and dtype."""
    return add_n(inputs)


def complex(real, imag, name=None):
    """The complex numbers real + i imag, of float32 or float64 parts."""
    real, imag = convert_to_tensor(real), convert_to_tensor(imag)
    if real.dtype is not imag.dtype or real.dtype not in (float32, float64):
        raise TypeError(
            f"The `real` and `imag` components have incorrect types: {real.dtype.name} {imag.dtype.name}. They must be "
            "consistent, and one of float32, float64"
        )
    return p.complex_(real, imag)


def real(input, name=None):
    """The real part; real tensors as they are."""
    input = operand("real", input, NUMBER)
    return p.real(input) if input.dtype.is_complex else input


def imag(input, name=None):
    """The imaginary part; zeros for real tensors."""
    input = operand("imag", input, NUMBER)
    return p.imag(input) if input.dtype.is_complex else p.mul(input, convert_to_tensor(0, input.dtype))


def conj(x, name=None):
    """The complex conjugate; real tensors as they are."""
    x = operand("conj", x, NUMBER)
    return p.conj(x) if x.dtype.is_complex else x


def angle(input, name=None):
    """The argument of complex numbers; 0 or pi for real ones."""
    input = operand("angle", input, NUMBER)
    if input.dtype.is_complex:
        return p.atan2(p.imag(input), p.real(input))
    zero = convert_to_tensor(0, input.dtype)
    return p.select(p.less(input, zero), convert_to_tensor(3.141592653589793, input.dtype), p.mul(input, zero))


def polyval(coeffs, x, name=None):
    """The polynomial with these coefficients (the highest power first) at `x`."""
    if not isinstance(coeffs, (list, tuple)):
        raise ValueError(f"Argument coeffs must be list type. Received type {type(coeffs)}.")
    x = operand("polyval", x, NUMBER)
    total = p.mul(x, convert_to_tensor(0, x.dtype))
    for c in coeffs:
        total = p.add(p.mul(total, x), convert_to_tensor(c, x.dtype))
    return total


def ndtri(x, name=None):
    """The quantile function of the standard normal distribution."""
    x = operand("erfinv", x, FLOAT)
    two = convert_to_tensor(2, x.dtype)
    inner = p.sub(p.mul(two, x), convert_to_tensor(1, x.dtype))
    return p.mul(convert_to_tensor(2**0.5, x.dtype), p.erfinv(inner))


def erfcinv(x, name=None):
    """The inverse of erfc."""
    x = operand("erfinv", x, FLOAT)
    return p.erfinv(p.sub(convert_to_tensor(1, x.dtype), x))


def _parts(x) -> Tensor:
    """The real and imaginary part of each number, as the last dimension."""
    axis = rank_of(x, "bitcast")
    return p.concat(p.expand_dims(p.real(x), axes=(axis,)), p.expand_dims(p.imag(x), axes=(axis,)), axis=axis)


def _of_parts(x, dtype) -> Tensor:
    """Complex numbers with the bits of `x`, whose elements are as wide."""
    halves = bitcast(x, dtype.real_dtype)
    axis = rank_of(halves, "bitcast") - 1
    where = (p.constant(value=np.array(i, np.int64)) for i in (0, 1))
    return p.complex_(*(p.gather(halves, i, axis=axis, batch_dims=0) for i in where))


def bitcast(input, type, name=None):
    """The same bits as another dtype. Narrower elements get a dimension of their own, the last; wider ones take it."""
    input, dtype = convert_to_tensor(input), as_dtype(type)
    if bool_ in (input.dtype, dtype):
        raise NotImplementedError(f"tf.bitcast from {input.dtype.name} to {dtype.name} is not supported: bits of bool")
    if input.dtype.size == dtype.size:
        if input.dtype.is_complex is not dtype.is_complex:
            return _of_parts(input, dtype) if dtype.is_complex else bitcast(_parts(input), dtype)
        return input if input.dtype is dtype else p.bitcast(input, dtype=dtype)
    if input.dtype.is_complex or dtype.is_complex:
        raise NotImplementedError(
            f"tf.bitcast from {input.dtype.name} to {dtype.name} is not supported: complex types of another width"
        )
    own, other = (as_dtype(f"uint{8 * d.size}") for d in (input.dtype, dtype))
    wide, narrow = (own, other) if own.size > other.size else (other, own)
    pieces = wide.size // narrow.size
    shifts = convert_to_tensor(np.arange(pieces) * 8 * narrow.size, wide)
    bits = bitcast(input, own)
    rank = rank_of(bits, "bitcast")
    if own is wide:
        bits = p.cast(p.right_shift(p.expand_dims(bits, axes=(rank,)), shifts), dtype=narrow)
    elif rank and bits.shape_tuple[-1] == pieces:
        bits = p.reduce_sum(p.left_shift(p.cast(bits, dtype=wide), shifts), axes=(rank - 1,), keepdims=False)
    else:
        raise argument_error(
            None,
            "bitcast",
            f"Cannot bitcast from {input.dtype.name} to {dtype.name}: want a last dimension of {pieces}, got shape "
            f"{input.shape} [Op:Bitcast]",
        )
    return bitcast(bits, dtype)
