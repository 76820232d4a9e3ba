"""Operations on extension types: what users say that an operation does with values that are no tensors.

An operation that refuses its arguments asks the functions that were registered for their types, the last one first.
"""

import inspect
import typing

from tfc.ops.naming import operation, register_dispatch

UNARY = frozenset(
    (
        "abs acos acosh angle asin asinh atan atanh bitcast cast ceil check_numerics clip_by_value conj cos cosh "
        "digamma erf erfc erfcinv erfinv exp expm1 elu floor gelu identity imag invert is_finite is_inf is_nan "
        "leaky_relu lgamma log log1p log_sigmoid logical_not ndtri negative ones_like real reciprocal "
        "reciprocal_no_nan relu relu6 rint round rsqrt saturate_cast selu sigmoid sign silu sin sinh softplus "
        "softsign sqrt square swish tan tanh zeros_like as_string bytes_split length lower strip to_number upper"
    ).split()
)
BINARY = frozenset(
    (
        "add atan2 bitwise_and bitwise_or bitwise_xor complex divide divide_no_nan equal floordiv floormod greater "
        "greater_equal left_shift less less_equal logical_and logical_or logical_xor maximum minimum mod multiply "
        "multiply_no_nan not_equal pow right_shift squared_difference subtract truediv xdivy xlog1py xlogy"
    ).split()
)
ASSERTS = frozenset(
    (
        "assert_equal assert_greater assert_greater_equal assert_less assert_less_equal assert_near assert_none_equal"
    ).split()
)

# (test of an operation and its arguments, what to call), the last one first.
_rules: list = []


def _add(test, call, user):
    _rules.insert(0, (test, call, user))
    return user


def _public(function, public, args, kwargs):
    for test, call, _ in list(_rules):
        if test(function, public, args, kwargs):
            return call(function, args, kwargs)
    return NotImplemented


register_dispatch(_public)


def dispatch_for_unary_elementwise_apis(x_type):
    """`user(api, x)` is what elementwise operations of one argument do with values of a type."""

    def test(function, public, args, kwargs):
        return public in UNARY and bool(args) and isinstance(args[0], x_type)

    def decorate(user):
        def call(function, args, kwargs):
            return user(lambda x: function(x, *args[1:], **kwargs), args[0])

        return _add(test, call, user)

    return decorate


def _binary(names, x_type, y_type):
    def test(function, public, args, kwargs):
        return public in names and len(args) > 1 and isinstance(args[0], x_type) and isinstance(args[1], y_type)

    def decorate(user):
        def call(function, args, kwargs):
            return user(lambda x, y: function(x, y, *args[2:], **kwargs), args[0], args[1])

        return _add(test, call, user)

    return decorate


def dispatch_for_binary_elementwise_apis(x_type, y_type):
    """`user(api, x, y)` is what elementwise operations of two arguments do with values of two types."""
    return _binary(BINARY, x_type, y_type)


def dispatch_for_binary_elementwise_assert_apis(x_type, y_type):
    """`user(api, x, y)` is what assertions about two arguments do with values of two types."""
    return _binary(ASSERTS, x_type, y_type)


def dispatch_for_api(api, *signatures):
    """The function is what `api` does where arguments have the annotated types, or those of one of `signatures`
    (dicts).
    """
    target = operation(api)

    def decorate(user):
        hints = [dict(s) for s in signatures] or [
            {n: p.annotation for n, p in inspect.signature(user).parameters.items() if p.annotation is not p.empty}
        ]
        expected = inspect.signature(target)
        wanted = [{_name(k, expected): v for k, v in h.items()} for h in hints]

        def test(function, public, args, kwargs):
            if function is not target:
                return False
            try:
                given = expected.bind(*args, **kwargs).arguments
            except TypeError:
                return False
            return any(all(n in given and _fits(given[n], kind) for n, kind in h.items()) for h in wanted)

        return _add(test, lambda function, args, kwargs: user(*args, **kwargs), user)

    return decorate


def _name(key, signature):
    return list(signature.parameters)[key] if isinstance(key, int) else key


def _fits(value, kind) -> bool:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (list, tuple):
        return isinstance(value, (list, tuple)) and bool(value) and all(_fits(v, arguments[0]) for v in value)
    if origin is typing.Union:
        return any(_fits(value, a) for a in arguments)
    return kind is typing.Any or (isinstance(kind, type) and isinstance(value, kind))


def unregister_dispatch_for(dispatch_target) -> None:
    """Forgets what was registered for a function."""
    known = [r for r in _rules if r[2] is dispatch_target]
    if not known:
        raise ValueError(f"Function {dispatch_target} was not registered using a `@dispatch_for` decorator.")
    for rule in known:
        _rules.remove(rule)
