"""What functions that are not converted can change besides what they are given: variables of functions around them, and
globals.
"""

import types

from .. import rules
from .missing import UNDEFINED

_MOST = 8  # decorators around a function


def of(function):
    """The cells and global objects that a function or class of the user's, which runs as it is, names."""
    if isinstance(function, type):
        for name in ("__init__", "__new__", "__post_init__"):
            yield from of(_found(function, name))
        return
    for _ in range(_MOST):
        function = getattr(function, "__func__", function)
        if not hasattr(function, "__wrapped__") or is_apart(function):
            break
        function = function.__wrapped__
    if type(function) is not types.FunctionType or is_apart(function):
        return
    if not rules.is_library(function.__code__.co_filename):
        yield from function.__closure__ or ()
        yield from _globals(function.__code__, function.__globals__)


def of_manager(manager):
    """What entering and leaving a context manager can change."""
    kind = type(manager)
    yield manager
    generator = getattr(manager, "gen", None)
    if type(generator) is types.GeneratorType:
        yield from of_generator(generator)
        return
    for name in ("__enter__", "__exit__"):
        yield from of(_found(kind, name))


def of_generator(generator):
    """What a generator can change."""
    frame = generator.gi_frame
    if frame is not None and not rules.is_library(frame.f_code.co_filename):
        yield from frame.f_locals.values()
        yield from _globals(frame.f_code, frame.f_globals)


def is_apart(function):
    """Did the user say that what it does is nobody's business?"""
    return getattr(function, "__ag_do_not_convert__", False) is True


def _found(kind, name):
    return next((vars(c)[name] for c in kind.__mro__ if name in vars(c)), None)


def codes(code):
    """The code of a function, and of those inside."""
    pending = [code]
    while pending:
        code = pending.pop()
        pending += (c for c in code.co_consts if isinstance(c, types.CodeType))
        yield code


def _globals(code, module):
    for inner in codes(code):
        for name in inner.co_names:
            value = module.get(name, UNDEFINED)
            if value is not UNDEFINED and not isinstance(value, (types.ModuleType, types.FunctionType)):
                yield value
