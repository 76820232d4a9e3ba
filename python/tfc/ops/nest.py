"""Nested structures: `tf.nest`.

Nests are lists, tuples, named tuples, dicts (by sorted key), `attrs` classes, objects with `__tf_flatten__`,
and, with
`expand_composites`, `Composite`s such as a TensorArray. Everything else is a leaf, None too.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, MappingView, Sequence

import numpy as np

from tfc.dtypes import TensorShape


class Composite:
    """A value made of tensors, such as a TensorArray: a leaf, unless composites are expanded."""

    __slots__ = ()

    def _components(self) -> tuple:
        """What it is made of."""
        raise NotImplementedError

    def _with_components(self, components: Sequence):
        """A value like this one of other components."""
        raise NotImplementedError


def _is_attrs(x) -> bool:
    return hasattr(type(x), "__attrs_attrs__")


def _is_named_tuple(x) -> bool:
    return isinstance(x, tuple) and isinstance(getattr(x, "_fields", None), tuple)


def _is_flattenable(x) -> bool:
    return not isinstance(x, type) and hasattr(type(x), "__tf_unflatten__") and hasattr(x, "__tf_flatten__")


def is_nested(seq) -> bool:
    """Whether it is a list, tuple, dict or the like."""
    return (
        isinstance(seq, (list, tuple, range, Mapping, MappingView)) or _is_attrs(seq) or _is_flattenable(seq)
    ) and not isinstance(seq, (np.ndarray, TensorShape))


class _Leaves:
    """`expand_composites` of the public functions: ragged and sparse tensors, and extension types, are leaves."""

    def __bool__(self):
        return False


COMPOSITES_ARE_LEAVES = _Leaves()


def _is_branch(structure, expand_composites) -> bool:
    if expand_composites is COMPOSITES_ARE_LEAVES and getattr(structure, "_is_composite", False):
        return False
    return is_nested(structure) or (expand_composites and isinstance(structure, Composite))


def _items(structure) -> list[tuple]:
    """(key, child) pairs in order of flattening."""
    if isinstance(structure, Mapping):
        return [(k, structure[k]) for k in _sorted_keys(structure)]
    if _is_named_tuple(structure):
        return list(zip(structure._fields, structure, strict=True))
    if isinstance(structure, (list, tuple, range, MappingView)):
        return list(enumerate(structure))
    if isinstance(structure, Composite):
        return list(enumerate(structure._components()))
    if _is_attrs(structure):
        return [(a.name, getattr(structure, a.name)) for a in type(structure).__attrs_attrs__]
    return list(enumerate(structure.__tf_flatten__()[1]))


def _sorted_keys(mapping):
    try:
        return sorted(mapping)
    except TypeError:
        raise TypeError("nest only supports dicts with sortable keys.") from None


def _rebuild(like, children: list):
    """A branch like `like` with other children, in order of flattening."""
    if isinstance(like, Mapping):
        values = dict(zip(_sorted_keys(like), children, strict=True))
        ordered = [(k, values[k]) for k in like]
        if isinstance(like, defaultdict):
            return defaultdict(like.default_factory, ordered)
        if type(like) in (dict, OrderedDict):
            return type(like)(ordered)
        try:
            return type(like)(ordered)
        except TypeError:
            return type(like)(**dict(ordered))
    if _is_named_tuple(like):
        return type(like)(*children)
    if isinstance(like, (MappingView, range)):
        return list(children)
    if isinstance(like, (list, tuple)):
        return type(like)(children)
    if isinstance(like, Composite):
        return like._with_components(children)
    if _is_attrs(like):
        return type(like)(*children)
    return type(like).__tf_unflatten__(like.__tf_flatten__()[0], tuple(children))


def flatten(structure, expand_composites: bool = False) -> list:
    """The leaves of a structure, in order; a leaf alone is a list of one."""
    if not _is_branch(structure, expand_composites):
        return [structure]
    result: list = []
    _collect(structure, expand_composites, result)
    return result


def _collect(structure, expand_composites, result):
    for _, child in _items(structure):
        if _is_branch(child, expand_composites):
            _collect(child, expand_composites, result)
        else:
            result.append(child)


def pack_sequence_as(structure, flat_sequence, expand_composites: bool = False):
    """The leaves of `flat_sequence` in the form of `structure`; `ValueError` if their number differs."""
    if isinstance(flat_sequence, (str, bytes)) or not hasattr(flat_sequence, "__iter__"):
        raise TypeError(
            f"Attempted to pack value:\n  {flat_sequence!r}\ninto a structure, but found incompatible type "
            f"`{type(flat_sequence).__name__}` instead."
        )
    leaves = list(flat_sequence)
    if not _is_branch(structure, expand_composites):
        if len(leaves) != 1:
            raise ValueError(
                f"The target structure is of type `{type(structure)}`\n  {structure}\nHowever the input is "
                f"a sequence ({type(flat_sequence)}) of length {len(leaves)}.\n  {leaves}\nnest cannot "
                "guarantee that it is safe to map one to the other."
            )
        return leaves[0]
    rest = iter(leaves)
    try:
        packed = _pack(structure, rest, expand_composites)
        extra = next(rest, _END) is not _END
    except StopIteration:
        extra = True
    except RuntimeError as e:
        if not isinstance(e.__cause__, StopIteration):
            raise
        extra = True
    if extra:
        raise ValueError(
            "Could not pack sequence. Structure had "
            f"{len(flatten(structure, expand_composites))} atoms, but flat_sequence "
            f"had {len(leaves)} items. Structure: {structure}, flat_sequence: {leaves}."
        )
    return packed


_END = object()


def _pack(structure, leaves, expand_composites):
    children = []
    for _, child in _items(structure):
        if _is_branch(child, expand_composites):
            children.append(_pack(child, leaves, expand_composites))
        else:
            children.append(next(leaves))
    return _rebuild(structure, children)


def map_structure(func: Callable, *structures, check_types: bool = True, expand_composites: bool = False):
    """`func` of the corresponding leaves of all structures, in the form of the first."""
    if not callable(func):
        raise TypeError(f"Argument `func` must be callable, got: {func}")
    if not structures:
        raise ValueError("Must provide at least one structure")
    first = structures[0]
    for other in structures[1:]:
        assert_same_structure(first, other, check_types=check_types, expand_composites=expand_composites)
    flat = [flatten(s, expand_composites) for s in structures]
    return pack_sequence_as(first, [func(*leaves) for leaves in zip(*flat, strict=True)], expand_composites)


def assert_same_structure(nest1, nest2, check_types: bool = True, expand_composites: bool = False) -> None:
    """Raises `ValueError` if two structures differ in form, `TypeError` if (with `check_types`) in the types
    of branches.
    """
    try:
        _assert_same(nest1, nest2, check_types, expand_composites)
    except (ValueError, TypeError) as e:
        raise type(e)(
            "The two structures don't have the same nested structure.\n\n"
            f"First structure: type={type(nest1).__name__} str={nest1}\n\n"
            f"Second structure: type={type(nest2).__name__} str={nest2}\n\nMore specifically: {e}"
        ) from None


def _assert_same(a, b, check_types, expand_composites):
    branch_a, branch_b = _is_branch(a, expand_composites), _is_branch(b, expand_composites)
    if branch_a != branch_b:
        one, other = (a, b) if branch_a else (b, a)
        raise ValueError(
            f'Substructure "type={type(one).__name__} str={one}" is a sequence, while substructure '
            f'"type={type(other).__name__} str={other}" is not'
        )
    if not branch_a:
        return
    if check_types and type(a) is not type(b) and not _same_kind(a, b):
        raise TypeError(
            f"Two structures don't have the same sequence type. First has type "
            f"{type(a).__name__}, while second has type "
            f"{type(b).__name__}"
        )
    items_a, items_b = _items(a), _items(b)
    if isinstance(a, Mapping) and isinstance(b, Mapping) and [k for k, _ in items_a] != [k for k, _ in items_b]:
        raise ValueError(
            f"The two dictionaries don't have the same set of keys. First has keys "
            f"{list(a)}, while second has keys {list(b)}."
        )
    if len(items_a) != len(items_b):
        raise ValueError(
            f"The two structures don't have the same number of elements. First has "
            f"{len(items_a)}: {a}. Second has "
            f"{len(items_b)}: {b}."
        )
    for (_, x), (_, y) in zip(items_a, items_b, strict=True):
        _assert_same(x, y, check_types, expand_composites)


def _same_kind(a, b) -> bool:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return True
    if _is_named_tuple(a) and _is_named_tuple(b):
        return type(a).__name__ == type(b).__name__ and a._fields == b._fields
    return False


def flatten_with_paths(structure, expand_composites: bool = False, prefix: tuple = ()) -> list[tuple]:
    """(path, leaf) pairs; a path is a tuple of keys and positions."""
    if not _is_branch(structure, expand_composites):
        return [(prefix, structure)]
    result = []
    for key, child in _items(structure):
        result += flatten_with_paths(child, expand_composites, (*prefix, key))
    return result


def flatten_up_to(shallow, structure, expand_composites: bool = False) -> list:
    """The parts of `structure` at the leaves of `shallow`."""
    if not _is_branch(shallow, expand_composites):
        return [structure]
    items = _items(structure) if _is_branch(structure, expand_composites) else None
    mine = _items(shallow)
    if items is None or len(items) != len(mine):
        raise ValueError(f"{structure!r} does not have the structure of {shallow!r}")
    result = []
    for (_, a), (_, b) in zip(mine, items, strict=True):
        result += flatten_up_to(a, b, expand_composites)
    return result
