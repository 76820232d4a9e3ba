"""Lists, dictionaries, objects and other Python values that can change: what they hold, part by part.

A container has parts by keys: items of a list, a dictionary, attributes, the content of a cell. What has no parts that
could be told apart (sets, iterators, arrays) is `Whole`: all that is known of it is whether it changed.
"""

import collections
import sys
import types
import weakref

import numpy as np

from .. import rules, seam
from . import merge
from .missing import UNDEFINED

_OPAQUE = (set, bytearray, collections.deque)
# Values that do not change, or that change as the program says (variables of the program).
_FIXED = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    tuple,
    frozenset,
    range,
    slice,
    types.BuiltinFunctionType,
    types.MethodType,
    types.CodeType,
    types.GetSetDescriptorType,
    types.MappingProxyType,
)
_LARGE = 1 << 20  # bytes of an array that is not copied to be compared


_TABLE = 10_000  # parts, from which on a list or dictionary around a function is not copied at each trace


def is_table(value):
    """Is it a list or dictionary of very many parts?"""
    return isinstance(value, (list, dict)) and (list if isinstance(value, list) else dict).__len__(value) > _TABLE


class Parts:
    """What has parts."""

    whole = False


class Items(Parts):
    """A list: parts 0, 1, ... The number of parts may differ."""

    @staticmethod
    def copy(owner):
        return dict(enumerate(list.__iter__(owner)))

    @staticmethod
    def put(owner, parts):
        list.__setitem__(owner, slice(None), [parts[i] for i in range(len(parts))])

    @staticmethod
    def get_one(owner, key):
        return list.__getitem__(owner, key) if key < list.__len__(owner) else UNDEFINED

    @staticmethod
    def put_one(owner, key, value):
        list.__setitem__(owner, key, value)

    @staticmethod
    def step(key):
        return "[]", key


class Keys(Parts):
    """A dictionary."""

    @staticmethod
    def copy(owner):
        return dict.copy(owner)

    @staticmethod
    def put(owner, parts):
        plain = collections.OrderedDict if isinstance(owner, collections.OrderedDict) else dict
        plain.clear(owner)
        plain.update(owner, parts)

    @staticmethod
    def get_one(owner, key):
        return dict.get(owner, key, UNDEFINED)

    @staticmethod
    def put_one(owner, key, value):
        plain = collections.OrderedDict if isinstance(owner, collections.OrderedDict) else dict
        if value is UNDEFINED:
            plain.pop(owner, key, None)
        else:
            plain.__setitem__(owner, key, value)

    @staticmethod
    def step(key):
        return "[]", key


class Attributes(Parts):
    """An object, a class, a function or a module."""

    @staticmethod
    def copy(owner):
        parts = dict(vars(owner)) if hasattr(owner, "__dict__") else {}
        for name in _slots(type(owner)):
            value = getattr(owner, name, UNDEFINED)
            if value is not UNDEFINED:
                parts[name] = value
        return parts

    @classmethod
    def put(cls, owner, parts):
        now = cls.copy(owner)
        for name in now.keys() - parts.keys():
            cls.put_one(owner, name, UNDEFINED)
        for name, value in parts.items():
            if now.get(name, UNDEFINED) is not value:
                cls.put_one(owner, name, value)

    @staticmethod
    def get_one(owner, key):
        held = getattr(owner, "__dict__", ())
        if key in held:
            return held[key]
        return getattr(owner, key, UNDEFINED) if key in _slots(type(owner)) else UNDEFINED

    @staticmethod
    def put_one(owner, key, value):
        plain = type if isinstance(owner, type) else object
        if plain is object and key in getattr(owner, "__dict__", ()) and value is not UNDEFINED:
            owner.__dict__[key] = value
        elif value is not UNDEFINED:
            plain.__setattr__(owner, key, value)
        elif key in vars(owner) if hasattr(owner, "__dict__") else hasattr(owner, key):
            plain.__delattr__(owner, key)

    @staticmethod
    def step(key):
        return (f".{key}",)

    @staticmethod
    def inherited(owner, key):
        """The number, text or tensor that a class gives to those of its objects that have none of their own."""
        if isinstance(owner, (type, types.ModuleType)):
            return UNDEFINED
        value = next((vars(cls)[key] for cls in type(owner).__mro__ if key in vars(cls)), UNDEFINED)
        return value if seam.tensorable(value) or seam.is_text(value) else UNDEFINED


class Cell(Parts):
    """A variable that functions share; its one part has no key."""

    @staticmethod
    def copy(owner):
        try:
            return {None: owner.cell_contents}
        except ValueError:
            return {}

    @classmethod
    def put(cls, owner, parts):
        cls.put_one(owner, None, parts.get(None, UNDEFINED))

    @staticmethod
    def get_one(owner, key):
        return Cell.copy(owner).get(None, UNDEFINED)

    @staticmethod
    def put_one(owner, key, value):
        if value is not UNDEFINED:
            owner.cell_contents = value
        elif Cell.copy(owner):
            del owner.cell_contents

    @staticmethod
    def step(key):
        return ()


class Whole:
    """A set, a deque, an array: compared as a whole."""

    whole = True

    @staticmethod
    def copy(owner):
        if seam.is_array(owner):
            return owner.copy()
        return owner.copy() if hasattr(owner, "copy") else None

    @staticmethod
    def put(owner, parts):
        if seam.is_array(owner):
            owner[...] = parts
        elif isinstance(owner, set):
            set.clear(owner)
            set.update(owner, parts)
        elif isinstance(owner, bytearray):
            owner[:] = parts
        elif isinstance(owner, collections.deque):
            owner.clear()
            owner.extend(parts)

    @staticmethod
    def changed(owner, parts):
        if seam.is_array(owner):
            return owner.tobytes() != parts.tobytes()
        if isinstance(owner, collections.deque):
            return len(owner) != len(parts) or any(a is not b for a, b in zip(owner, parts, strict=True))
        return parts is None or owner != parts


def kind_of(value):
    """What `value` is of the above; None for what does not change."""
    kind = type(value)
    if kind in _FIXED or hasattr(kind, "collects_only") or seam.is_value(value) or seam.is_variable(value):
        return None
    if isinstance(value, list):
        return Items
    if isinstance(value, dict):
        return Keys
    if kind is types.CellType:
        return Cell
    if isinstance(value, _OPAQUE):
        return Whole
    if seam.is_array(value):
        return Whole if isinstance(value, np.ndarray) and value.nbytes < _LARGE else None
    if seam.is_tensor_array(value) or kind.__module__.startswith("tfc."):
        return None
    if hasattr(kind, "__next__") and type(kind.__next__) is not types.FunctionType:
        return Whole
    if hasattr(value, "__dict__") or _slots(kind):
        return Attributes
    return None


_libraries = weakref.WeakKeyDictionary()


def is_of_library(value):
    """Is the class of an object one of a library that runs as it is?"""
    kind = value if isinstance(value, type) else type(value)
    known = _libraries.get(kind)
    if known is None:
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        ours = kind.__module__ in sys.builtin_module_names or (file is not None and rules.is_library(file))
        known = _libraries[kind] = ours and kind is not types.SimpleNamespace
    return known


def is_set_by_function(kind, name=None):
    """Does a function of the user's run where the attribute `name` (None: an item) of such an object is set?"""
    if name is None:
        return _is_users_function(getattr(kind, "__setitem__", None))
    held = getattr(kind, name, None)
    return type(held) is property or _is_users_function(kind.__setattr__)


def _is_users_function(function):
    return type(function) is types.FunctionType and not str(function.__module__).startswith("tfc.")


_with_setters = weakref.WeakKeyDictionary()


def has_setters(kind):
    """Do functions of the user's run where attributes or items of an object of this class are set?"""
    known = _with_setters.get(kind)
    if known is None:
        held = [v for cls in kind.__mro__ for v in vars(cls).values()]
        known = _with_setters[kind] = (
            any(type(v) is property and v.fset is not None for v in held)
            or hasattr(kind, "__setitem__")
            or _is_users_function(kind.__setattr__)
        )
    return known


_slot_names = weakref.WeakKeyDictionary()


def _slots(kind):
    """The names of attributes of a class of objects that are not in a dictionary."""
    known = _slot_names.get(kind)
    if known is None:
        known = _slot_names[kind] = tuple(
            name
            for cls in kind.__mro__
            for name, held in cls.__dict__.items()
            if type(held) is types.MemberDescriptorType and cls.__flags__ & 1 << 9  # of a class made by Python
        )
    return known


def differences(kind, owner, before):
    """The keys of parts that are others than before."""
    now = kind.copy(owner)
    keys = [k for k, v in now.items() if not merge.same(v, before.get(k, UNDEFINED))]
    return keys + [k for k in before if k not in now]


def is_reordered(kind, owner, before):
    """Are the keys of a dictionary in another order than before?"""
    if kind is not Keys:
        return False
    now = Keys.copy(owner)
    return [k for k in now if k in before] != [k for k in before if k in now]


def inside(value):
    """`(step, value)` for what `value` holds: see `state.describe` for steps."""
    kind = kind_of(value)
    if kind is Items:
        yield from ((("[]", i), part) for i, part in enumerate(list(list.__iter__(value))))
    elif kind is Keys or (kind is Attributes and not isinstance(value, (type, types.ModuleType))):
        for key, part in kind.copy(value).items():
            yield kind.step(key), part
    if isinstance(value, tuple):
        for i, part in enumerate(value):
            yield ("[]", i), part
    if isinstance(value, types.MethodType):
        yield (), value.__self__
    if isinstance(value, types.FunctionType):
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            yield (f".{name}",), cell
    if isinstance(value, types.CellType):
        yield from (((), v) for v in Cell.copy(value).values())
