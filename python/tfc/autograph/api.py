"""The functions that others call: `convert`, `is_converted`, `do_not_convert`, `to_code`, `to_graph`."""

import ast
import functools
import types

from . import cache, rules
from .errors import ConversionError
from .operators import calls, namespace
from .options import Options

calls.set_operators(namespace.operators)


def convert(fn, *, recursive=True, features=()):
    """The converted form of `fn`: same arguments and results, with control flow that also works on tensors.

    Args:
      fn: a function, method, lambda, partial, or object with `__call__`. What cannot be converted (no
      source, generators, library and
        builtin functions, classes, `do_not_convert`) is returned as it is, with one warning where the user
        may expect otherwise.
      recursive: also convert the functions that it calls.
      features: optional conversions, see `Feature`.

    Conversion happens once for each code object and set of options, in any number of threads; the result
    shares globals and closure
    cells with the original.
    """
    return calls.converted(fn, Options.of(recursive, features))


def is_converted(fn) -> bool:
    """Was `fn` made by `convert`, or inside a function that was?"""
    fn = getattr(fn, "__func__", fn)
    while isinstance(fn, functools.partial):
        fn = fn.func
    code = getattr(fn, "__code__", None)
    return code is not None and cache.is_result(code)


def original(fn):
    """The user's function behind a converted one; `fn` itself if there is none."""
    return getattr(fn, "__ag_original__", fn)


def do_not_convert(func=None):
    """Decorator: the function runs as plain Python, and so do the functions it calls, as far as they are
    called from there.
    """
    if func is None:
        return do_not_convert
    if isinstance(func, types.MethodType):
        return types.MethodType(do_not_convert(func.__func__), func.__self__)
    plain = original(func)

    @functools.wraps(plain)
    def unconverted(*args, **kwargs):
        return plain(*args, **kwargs)

    unconverted.__ag_do_not_convert__ = True
    unconverted.__dict__.pop("__ag_original__", None)
    return unconverted


def to_graph(entity, recursive=True, experimental_optional_features=None):
    """Converts a function; raises where `convert` would warn."""
    options = Options.of(recursive, experimental_optional_features)
    made = convert(entity, recursive=recursive, features=experimental_optional_features)
    if not is_converted(made):
        raise ConversionError(f"{entity!r} cannot be converted: {_why(entity, options)}")
    return made


def to_code(entity, recursive=True, experimental_optional_features=None) -> str:
    """The source text of the converted function."""
    options = Options.of(recursive, experimental_optional_features)
    function = getattr(original(entity), "__func__", original(entity))
    if not isinstance(function, types.FunctionType):
        raise ConversionError(f"{entity!r} cannot be converted: {_why(entity, options)}")
    result = cache.lookup(function, options)
    if isinstance(result, cache.Refused):
        raise ConversionError(f"{function.__qualname__} cannot be converted: {result.reason}")
    return ast.unparse(cache.rewritten(function, options)) + "\n"


def _why(entity, options):
    function = getattr(entity, "__func__", entity)
    if not isinstance(function, types.FunctionType):
        return f"it is a {type(entity).__name__}, not a Python function"
    if rules.is_library(function.__code__.co_filename):
        return "it belongs to a library that runs as it is"
    result = cache.lookup(function, options)
    return result.reason if isinstance(result, cache.Refused) else "it opted out"
