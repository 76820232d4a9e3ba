"""Questions about values that cross traced control flow: their leaves are tensors, or Python objects that
stay the same.
"""

from .. import seam


def same(a, b):
    """Is it safe to say that these are one and the same Python value?"""
    if a is b:
        return True
    if type(a) is not type(b) or seam.is_tensor(a):
        return False
    if isinstance(a, float):
        return a.hex() == b.hex()
    return isinstance(a, (bool, int, str, bytes)) and a == b


def dtype_name(dtype):
    return getattr(dtype, "name", str(dtype))


def subshape(inner, outer):
    """Does every tensor of shape `inner` have shape `outer`? Shapes are tuples with None for unknown sizes,
    or None.
    """
    if outer is None:
        return True
    if inner is None or len(inner) != len(outer):
        return False
    return all(o is None or i == o for i, o in zip(inner, outer, strict=True))


_PYTHON = {bool: "bool", int: "int32", float: "float32", complex: "complex128", str: "string", bytes: "string"}


def dtype_of(leaf):
    """The name of the dtype this leaf has as a tensor."""
    known = _PYTHON.get(type(leaf))
    if known:
        return known
    return dtype_name(leaf.element.dtype if seam.is_list(leaf) else leaf.dtype)


def is_text(leaf) -> bool:
    """Is it a string, or a tensor of strings?"""
    return seam.is_text(leaf) or (seam.is_tensor(leaf) and dtype_of(leaf) == "string")


def as_value(leaf):
    """The leaf as a tensor (or list value), made where it is called."""
    return leaf if seam.is_value(leaf) else seam.tensor(leaf)


def zero_like(leaf):
    """A stand-in of the same type, for a value that nobody will read."""
    if seam.is_list(leaf):
        return seam.empty_list(leaf.element, leaf.dynamic_size)
    if not seam.is_value(leaf):
        return seam.tensor(type(leaf)() if type(leaf) in _PYTHON else leaf)
    return seam.zeros(seam.dtype(leaf), seam.shape(leaf))


def rebuilt(leaf, flat):
    """The next of the flat results, in the place of `leaf`."""
    return next(flat)
