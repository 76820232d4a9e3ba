"""Where two nests differ, in the words of an error about a variable."""

from collections.abc import Mapping

from . import seam

_SEQUENCES = (list, tuple)


def difference(a, b):
    """How the structures of `a` and `b` differ, in words; None if they do not."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if set(a) != set(b):
            return f"keys {_keys(a)} and {_keys(b)}"
        return next((d for d in (difference(a[k], b[k]) for k in _keys(a)) if d), None)
    if isinstance(a, _SEQUENCES) and isinstance(b, _SEQUENCES):
        if type(a) is not type(b):
            return f"a {type(a).__name__} and a {type(b).__name__}"
        if len(a) != len(b):
            return f"a {type(a).__name__} of length {len(a)} and one of length {len(b)}"
        return next((d for d in map(difference, a, b) if d), None)
    kinds = _kind(a), _kind(b)
    return None if kinds[0] == kinds[1] else f"{kinds[0]} and {kinds[1]}"


def _keys(value):
    try:
        return sorted(value)
    except TypeError:
        return list(value)


def _kind(value):
    if isinstance(value, (Mapping, *_SEQUENCES)) or seam.is_composite(value):
        return f"a {type(value).__name__}"
    return "a single value"
