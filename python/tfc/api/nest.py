"""`tf.nest`. Ragged and sparse tensors and extension types are leaves, unless composites are expanded."""

from tfc.ops import nest
from tfc.ops.naming import publish

publish(globals())

__all__ = [
    "assert_same_structure",
    "flatten",
    "is_nested",
    "map_structure",
    "pack_sequence_as",
]


def _expanded(flag):
    return flag or nest.COMPOSITES_ARE_LEAVES


def is_nested(structure) -> bool:
    """Whether it is a list, tuple, dict or the like."""
    return nest.is_nested(structure) and not getattr(structure, "_is_composite", False)


def flatten(structure, expand_composites=False) -> list:
    """The leaves of a structure, in order; a leaf alone is a list of one."""
    return nest.flatten(structure, _expanded(expand_composites))


def pack_sequence_as(structure, flat_sequence, expand_composites=False):
    """The leaves of `flat_sequence` in the form of `structure`; `ValueError` if their number differs."""
    return nest.pack_sequence_as(structure, flat_sequence, _expanded(expand_composites))


def map_structure(func, *structure, check_types=True, expand_composites=False):
    """`func` of the corresponding leaves of all structures, in the form of the first."""
    return nest.map_structure(func, *structure, check_types=check_types, expand_composites=_expanded(expand_composites))


def assert_same_structure(nest1, nest2, check_types=True, expand_composites=False) -> None:
    """Raises `ValueError` if two structures differ in form, `TypeError` if (with `check_types`) in the types of
    branches.
    """
    nest.assert_same_structure(nest1, nest2, check_types, _expanded(expand_composites))
