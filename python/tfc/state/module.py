"""`Module`: an object that knows the variables and modules in its attributes."""

import functools
import re

from tfc.core import VariableStorage
from tfc.state.creators import name_scope
from tfc.state.tracking import Trackable

_NAME = re.compile(r"^[A-Za-z_]\w*$")


class Module(Trackable):
    """Base of objects with variables. Attributes, and lists, tuples and dicts in them, are searched.

    `variables`, `trainable_variables`, `submodules` are tuples in order of attribute names.
    """

    _TF_MODULE_IGNORED_PROPERTIES = frozenset({"_obj_reference_counts_dict", "_name", "_name_scope", "_restoring"})

    def __init__(self, name: str | None = None):
        if name is None:
            name = _snake(type(self).__name__)
        elif not _NAME.match(name):
            raise ValueError(f"{name!r} is not a valid module name. Module names must be valid Python identifiers.")
        self._name = name
        with name_scope(name) as scope:
            self._name_scope = scope

    @property
    def name(self) -> str:
        return _attribute(self, "_name") or _snake(type(self).__name__)

    @property
    def name_scope(self) -> name_scope:
        """A scope that names variables after this module."""
        return name_scope(_attribute(self, "_name_scope") or self.name + "/")

    @property
    def variables(self) -> tuple:
        return tuple(self._flatten(predicate=lambda x: isinstance(x, VariableStorage)))

    @property
    def trainable_variables(self) -> tuple:
        return tuple(
            self._flatten(predicate=lambda x: isinstance(x, VariableStorage) and getattr(x, "trainable", True))
        )

    @property
    def non_trainable_variables(self) -> tuple:
        return tuple(
            self._flatten(predicate=lambda x: isinstance(x, VariableStorage) and not getattr(x, "trainable", True))
        )

    @property
    def submodules(self) -> tuple:
        return tuple(self._flatten(predicate=lambda x: isinstance(x, Module)))

    def _flatten(self, recursive=True, predicate=None, attribute_traversal_key=None, with_path=False):
        """What the predicate holds for, below this module, each once; with `with_path` as (path, value)."""
        for path, value in _walk(self, (), {id(self)}, self._TF_MODULE_IGNORED_PROPERTIES, recursive):
            if predicate is None or predicate(value):
                yield (path, value) if with_path else value

    @classmethod
    def with_name_scope(cls, method):
        """Decorator: the method runs inside `self.name_scope`."""

        @functools.wraps(method)
        def named(self, *args, **kwargs):
            with self.name_scope:
                return method(self, *args, **kwargs)

        return named


def _attribute(module, name):
    return vars(module).get(name)


def _snake(name: str) -> str:
    name = re.sub(r"([^_])([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def _walk(module, prefix, seen, ignored, recursive):
    """(path, value) of variables and modules: those of this module first, then those of its modules."""
    inner = []
    for key in sorted(vars(module)):
        if key in ignored:
            continue
        for path, value in _leaves(vars(module)[key], (*prefix, key)):
            if id(value) in seen:
                continue
            seen.add(id(value))
            yield path, value
            if isinstance(value, Module):
                inner.append((path, value))
    if recursive:
        for path, value in inner:
            yield from _walk(value, path, seen, value._TF_MODULE_IGNORED_PROPERTIES, recursive)


def _leaves(value, path, depth=0):
    if isinstance(value, (list, tuple)):
        children = enumerate(value)
    elif isinstance(value, dict):
        try:
            children = [(k, value[k]) for k in sorted(value)]
        except TypeError:
            children = list(value.items())
    else:
        yield path, value
        return
    if depth < 64:
        for key, child in children:
            yield from _leaves(child, (*path, key), depth + 1)
