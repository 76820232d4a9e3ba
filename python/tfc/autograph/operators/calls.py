"""Calls: finds the converted form of what is about to be called."""

import functools
import inspect
import types
import warnings
import weakref

from tfc.errors import note_plain

from .. import cache, rules, seam
from ..errors import ConversionWarning
from . import builtin_functions, higher_order

_NOT_CONVERTED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_warned = weakref.WeakSet()
_SAME_KINDS = (
    type,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
)


def builtin(function, options):
    """The version of a Python builtin, or of an operation, that knows converted code; anything else as it
    is.
    """
    operation = seam.operation(function)
    try:
        made = builtin_functions.overload(operation, options)
        if made is None and options.recursive:
            made = higher_order.overload(operation, lambda f: converted(f, options))
        if made is not None and operation is not function:
            made = seam.in_place_of(made, function)
        return made or function
    except TypeError:  # not hashable
        return function


def converted(function, options):
    """The converted form of a callable; the callable itself where there is none."""
    kind = type(function)
    if kind is types.FunctionType:
        return convert_function(function, options)
    if kind is types.MethodType:
        inner = function.__func__
        made = convert_function(inner, options) if type(inner) is types.FunctionType else inner
        return function if made is inner else types.MethodType(made, function.__self__)
    if isinstance(function, _SAME_KINDS):
        return builtin(function, options)
    if kind is functools.partial:
        made = converted(function.func, options)
        return function if made is function.func else functools.partial(made, *function.args, **function.keywords)
    method = inspect.getattr_static(kind, "__call__", None)
    if type(method) is types.FunctionType and not _opted_out(function):
        made = convert_function(method, options)
        return function if made is method else types.MethodType(made, function)
    return builtin(function, options)


def convert_function(function, options):
    """The converted form of a plain function, or `function` itself."""
    code = function.__code__
    if cache.is_result(code) or rules.is_library(code.co_filename) or _opted_out(function):
        if cache.is_result(code):
            return function
        if _opted_out(function):
            note_plain(code, "tf.autograph.experimental.do_not_convert says so")
        return builtin(function, options)
    if code.co_flags & _NOT_CONVERTED:
        kind = "generators" if code.co_flags & inspect.CO_GENERATOR else "async functions"
        _warn(function, f"{kind} are not supported")
        return function
    if _is_wrapt(function):
        _warn_once(
            function,
            f"{function!r} appears to be decorated by wrapt, which is not yet supported by AutoGraph. The "
            f"function will run as-is.",
        )
        return function
    result = cache.lookup(function, options)
    if isinstance(result, cache.Refused):
        _warn(function, result.reason)
        return function
    return bind(function, result, options)


def bind(function, result, options):
    """A function object that runs converted code with the globals, cells, defaults and attributes of the
    original.
    """
    from_original = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    closure = tuple(
        from_original[n] if n in from_original else _operators_cell(options) for n in result.code.co_freevars
    )
    made = types.FunctionType(result.code, function.__globals__, function.__name__, function.__defaults__, closure)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__dict__.update(function.__dict__)
    made.__qualname__ = function.__qualname__
    made.__doc__ = function.__doc__
    made.__module__ = function.__module__
    made.__annotations__ = function.__annotations__
    made.__ag_original__ = function
    return made


_cells: dict = {}


def _operators_cell(options):
    cell = _cells.get(options)
    if cell is None:
        cell = _cells.setdefault(options, types.CellType(_make_operators(options)))
    return cell


def set_operators(factory):
    """Told once by the package: where `ag__` comes from (the namespace knows this module, not the other way
    round).
    """
    global _make_operators
    _make_operators = factory


def _opted_out(function):
    return getattr(function, "__ag_do_not_convert__", False) is True


def _is_wrapt(function):
    return "wrapt" in type(function).__module__


def _warn(function, reason):
    name = getattr(function, "__qualname__", repr(function))
    code = function.__code__
    note_plain(code, reason)
    _warn_once(
        function,
        f"AutoGraph could not transform {name} ({code.co_filename}:{code.co_firstlineno}) and will run it "
        f"as-is.\n"
        f"Cause: {reason}\n"
        "To silence this warning, decorate the function with @tf.autograph.experimental.do_not_convert",
    )


def _warn_once(function, text):
    key = getattr(function, "__code__", function)
    if key in _warned:
        return
    _warned.add(key)
    code = getattr(function, "__code__", None)
    place = (code.co_filename, code.co_firstlineno) if code else ("<unknown>", 0)
    warnings.warn_explicit(text, ConversionWarning, *place)


def lazy_iterable(function):
    """`tf.range`, `range`, `enumerate` and `zip` without their results, for a `for` to step through; None
    for other callables.
    """
    try:
        return builtin_functions.iterated(seam.operation(function))
    except TypeError:
        return None
