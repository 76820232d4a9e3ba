"""Operations that call the user's functions (`tf.map_fn`, `tf.while_loop`, ...): those are converted before
they are handed over.
"""

import functools
import types

from .. import seam

_CALLABLES = (types.FunctionType, types.MethodType, functools.partial)


def overload(function, convert):
    """A version of `function` that converts the functions it is given, or None if it is none of these
    operations.
    """
    if function not in seam.HIGHER_ORDER:
        return None

    @functools.wraps(function)
    def converting(*args, **kwargs):
        return function(*(_convert(a, convert) for a in args), **{k: _convert(v, convert) for k, v in kwargs.items()})

    return converting


def _convert(value, convert):
    if isinstance(value, _CALLABLES):
        return convert(value)
    if type(value) in (list, tuple):
        return type(value)(_convert(v, convert) for v in value)
    if type(value) is dict:
        return {k: _convert(v, convert) for k, v in value.items()}
    return value
