"""Nested lists, tuples, named tuples and dicts: flat leaves, and back."""


def flatten(value):
    """The leaves of a nest in order (dicts by sorted key)."""
    out = []
    _flatten(value, out)
    return out


def _flatten(value, out):
    if isinstance(value, dict):
        for key in _keys(value):
            _flatten(value[key], out)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _flatten(item, out)
    else:
        out.append(value)


def pack(structure, leaves):
    """`structure` with its leaves replaced."""
    return _pack(structure, iter(leaves))


def _pack(structure, leaves):
    if isinstance(structure, dict):
        packed = {key: _pack(structure[key], leaves) for key in _keys(structure)}
        values = {key: packed[key] for key in structure}
        return values if type(structure) is dict else _like(structure, values)
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(_pack(item, leaves) for item in structure))
    if isinstance(structure, (list, tuple)):
        return type(structure)(_pack(item, leaves) for item in structure)
    return next(leaves)


def _like(structure, values):
    copy = structure.copy()
    copy.update(values)
    return copy


def _keys(value):
    try:
        return sorted(value)
    except TypeError:
        return list(value)


def difference(a, b):
    """Where two nests differ in structure, in words; None if they do not."""
    if isinstance(a, dict) and isinstance(b, dict):
        if set(a) != set(b):
            return f"keys {_keys(a)} and {_keys(b)}"
        return next((d for d in (difference(a[k], b[k]) for k in _keys(a)) if d), None)
    sequence = (list, tuple)
    if isinstance(a, sequence) and isinstance(b, sequence):
        if type(a) is not type(b):
            return f"a {type(a).__name__} and a {type(b).__name__}"
        if len(a) != len(b):
            return f"a {type(a).__name__} of length {len(a)} and one of length {len(b)}"
        return next((d for d in map(difference, a, b) if d), None)
    if isinstance(a, (dict, *sequence)) or isinstance(b, (dict, *sequence)):
        return f"{_kind(a)} and {_kind(b)}"
    return None


def _kind(value):
    return f"a {type(value).__name__}" if isinstance(value, (dict, list, tuple)) else "a single value"
