"""Objects and their parts, by the names of the edges between them."""

from collections.abc import Mapping

import numpy as np

from tfc.core import VariableStorage
from tfc.dtypes import TensorShape
from tfc.ops import primitives as p
from tfc.state import Module, Trackable


def is_trackable(value) -> bool:
    """Whether a checkpoint can hold it: a variable, a module, a checkpoint, or a list, tuple or dict of such."""
    return is_tracked(value) or isinstance(value, (list, tuple, Mapping))


def is_tracked(value) -> bool:
    """Whether it is a variable or has parts; a class that is no `Trackable` says so by `_trackable_children`."""
    return isinstance(value, (VariableStorage, Trackable)) or hasattr(type(value), "_trackable_children")


def children(value) -> dict:
    """The parts of an object that have variables or may get some, by name, sorted."""
    if isinstance(value, VariableStorage):
        return {}
    if isinstance(value, (list, tuple)):
        pairs = [(str(i), v) for i, v in enumerate(value)]
    elif isinstance(value, Mapping):
        pairs = [(str(k), value[k]) for k in value]
    else:
        own = getattr(value, "_trackable_children", None)
        if own is not None:
            pairs = list(own().items())
        else:
            ignored = value._TF_MODULE_IGNORED_PROPERTIES if isinstance(value, Module) else ()
            pairs = [(k, v) for k, v in sorted(vars(value).items()) if k not in ignored]
    return {k: v for k, v in pairs if _matters(v)}


def _matters(value, depth: int = 0) -> bool:
    """A container matters if something in it does, or if it is empty: things may come."""
    if is_tracked(value):
        return True
    if depth > 64 or not isinstance(value, (list, tuple, Mapping)) or isinstance(value, TensorShape):
        return False
    inner = list(value.values()) if isinstance(value, Mapping) else value
    return not len(inner) or any(_matters(v, depth + 1) for v in inner)


def value_of(variable: VariableStorage) -> np.ndarray:
    """The value of a variable now, also of one that is no `tf.Variable` (the state of a random generator)."""
    return np.array(p.read_variable(variable))


def escape(name: str) -> str:
    return name.replace(".", "..").replace("/", ".S")


class Node:
    """An object of the graph, with the shortest path to it."""

    def __init__(self, value, path: tuple):
        self.value, self.path = value, path
        self.children: dict[str, int] = {}

    @property
    def key(self) -> str:
        return "/".join([*map(escape, self.path), ".ATTRIBUTES", "VARIABLE_VALUE"])


def walk(root) -> list[Node]:
    """All objects that can be reached, breadth first, each once; the root is the first."""
    nodes = [Node(root, ())]
    numbers = {id(root): 0}
    for node in nodes:
        for name, child in children(node.value).items():
            found = numbers.get(id(child))
            if found is None:
                found = numbers[id(child)] = len(nodes)
                nodes.append(Node(child, (*node.path, name)))
            node.children[name] = found
    return nodes
