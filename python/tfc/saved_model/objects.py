"""What of an object is saved: its parts, variables and functions."""

import os
from collections.abc import Mapping

from tfc.core import Tensor, VariableStorage
from tfc.dtypes import TensorShape
from tfc.function import ConcreteFunction, PolymorphicFunction
from tfc.state import Module, Trackable


class Asset(Trackable):
    """A file that belongs to a model: it is copied into the saved model, and `asset_path` names the copy once
    loaded."""

    def __init__(self, path):
        self._path = os.fspath(path)

    @property
    def asset_path(self) -> str:
        return self._path

    def __fspath__(self) -> str:
        return self._path


def is_saved(value) -> bool:
    """Whether it is a part of a saved model."""
    return isinstance(value, (VariableStorage, Trackable, PolymorphicFunction, ConcreteFunction))


def parts(value) -> dict:
    """The parts of an object by name: attributes, elements, and methods that are `tf.function`s."""
    if isinstance(value, (VariableStorage, PolymorphicFunction, ConcreteFunction, Asset)):
        return {}
    if isinstance(value, (list, tuple)):
        pairs = [(str(i), v) for i, v in enumerate(value)]
    elif isinstance(value, Mapping):
        pairs = [(k, v) for k, v in value.items() if isinstance(k, str)]
    else:
        pairs = _attributes(value)
    return {k: v for k, v in pairs if _matters(v)}


def _attributes(value) -> list:
    own = getattr(value, "_trackable_children", None)
    if own is not None:
        return list(own().items())
    ignored = value._TF_MODULE_IGNORED_PROPERTIES if isinstance(value, Module) else ()
    pairs = {k: v for k, v in sorted(vars(value).items()) if k not in ignored}
    for kind in type(value).__mro__:
        for name, member in vars(kind).items():
            if isinstance(member, PolymorphicFunction) and name not in pairs:
                pairs[name] = getattr(value, name) if name != "__call__" else member.__get__(value, type(value))
    return list(pairs.items())


def _matters(value, depth: int = 0) -> bool:
    if is_saved(value):
        return True
    if depth > 64 or isinstance(value, (Tensor, TensorShape)) or not isinstance(value, (list, tuple, Mapping)):
        return False
    inner = list(value.values()) if isinstance(value, Mapping) else value
    return not len(inner) or any(_matters(v, depth + 1) for v in inner)


class Numbered:
    """All parts that can be reached from a root, each with a number; the root's is 0."""

    def __init__(self, root):
        self.values = [root]
        self.children: list[dict] = []
        self.paths = [""]
        self._numbers = {id(root): 0}
        at = 0
        while at < len(self.values):
            names = {}
            for name, child in parts(self.values[at]).items():
                names[name] = self._number(child, f"{self.paths[at]}.{name}")
            self.children.append(names)
            at += 1

    def _number(self, value, path) -> int:
        found = self._numbers.get(id(value))
        if found is None:
            found = self._numbers[id(value)] = len(self.values)
            self.values.append(value)
            self.paths.append(path)
        return found

    def add(self, value) -> int:
        """A part that no name leads to."""
        self.children.append({})
        return self._number(value, "")

    def number_of(self, value) -> int | None:
        return self._numbers.get(id(value))
