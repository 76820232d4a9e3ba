"""Giving the objects of a program the values that a checkpoint has for them: now, or when they come into being."""

import logging

from tfc.checkpoint.format import CheckpointReader
from tfc.checkpoint.graph import children, is_tracked, walk
from tfc.core import VariableStorage, outside
from tfc.dtypes import TensorShape, as_dtype
from tfc.errors import InvalidArgumentError, page
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.state import Trackable

logger = logging.getLogger("tfc")


class Restoration:
    """One call of `restore`: which objects of the checkpoint found theirs, and who still waits."""

    def __init__(self, reader: CheckpointReader, root):
        self.reader = reader
        self.root = root
        self.graph = reader.graph
        # Numbers of nodes that an object has taken: number -> the object.
        self.taken: dict = {}
        self.quiet = False

    def run(self) -> "Restoration":
        self.bind(0, self.root)
        return self

    def bind(self, number: int, value) -> None:
        """An object takes a node, and its parts take the node's parts."""
        todo = [(number, value)]
        while todo:
            number, value = todo.pop()
            if number in self.taken:
                continue
            self.taken[number] = value
            node = self.graph[number]
            if isinstance(value, VariableStorage):
                if "key" in node:
                    self._assign(value, node["key"])
                continue
            found = children(value)
            todo += [(child, found[name]) for name, child in node["children"].items() if name in found]
            if self._lacks(number, value):
                self._wait(value, number)

    def _assign(self, variable, key) -> None:
        array = self.reader.get_tensor(key)
        if as_dtype(array.dtype) is not variable.dtype:
            raise InvalidArgumentError(
                None,
                None,
                page(
                    f"expected dtype {variable.dtype.name} does not equal original dtype {as_dtype(array.dtype).name}",
                    want=f"{variable.dtype.name}, of the variable {variable.name}",
                    got=f"{as_dtype(array.dtype).name}, of {key} in {self.reader.path}",
                ),
            )
        if not TensorShape(array.shape).is_compatible_with(variable.shape_tuple):
            raise ValueError(
                page(
                    f"Received incompatible tensor with shape {array.shape} when attempting to restore variable with "
                    f"shape {variable.shape} and name {variable.name}.",
                    got=f"{key} in {self.reader.path}",
                )
            )
        with outside():
            p.assign_variable(variable, convert_to_tensor(array, variable.dtype))

    # Objects that come later.

    def _lacks(self, number: int, value) -> bool:
        """Whether the checkpoint has more parts than an object, or than the lists and dicts in it."""
        found = children(value)
        for name, child in self.graph[number]["children"].items():
            if name not in found:
                return True
            if type(found[name]) in (list, dict) and self._lacks(child, found[name]):
                return True
        return False

    def _wait(self, value, number) -> None:
        """Lets the object tell of new parts; its lists and dicts that lack some are replaced by such that do, too."""
        # What a checkpoint calls its root has the same parts.
        for owner in (value, getattr(value, "_root", None)):
            if not isinstance(owner, Trackable):
                continue
            owner.__dict__["_restoring"] = _Waiting(self, number)
            for name, child in self.graph[number]["children"].items():
                if name in owner.__dict__:
                    owner.__dict__[name] = self.waiting(owner.__dict__[name], child)

    def waiting(self, value, number):
        """A list or dict that tells of new parts in the place of a plain one that lacks some; all else as it is."""
        if type(value) not in (list, dict) or not self._lacks(number, value):
            return value
        made = (_WaitingList if type(value) is list else _WaitingDict)(value)
        for name, child in self.graph[number]["children"].items():
            key = int(name) if type(value) is list else next((k for k in value if str(k) == name), name)
            if (key < len(value)) if type(value) is list else (key in value):
                made.replace(key, self.waiting(value[key], child))
        made._restoring = _Waiting(self, number)
        if self.taken.get(number) is value:
            self.taken[number] = made
        return made

    # What is left.

    def unused(self) -> list[str]:
        """Keys of values that no variable has taken."""
        return [n["key"] for at, n in enumerate(self.graph) if "key" in n and at not in self.taken]

    def unmatched(self) -> list:
        """Variables of the program that got no value."""
        got = {id(v) for v in self.taken.values()}
        return [n.value for n in walk(self.root) if isinstance(n.value, VariableStorage) and id(n.value) not in got]

    def __del__(self):
        try:
            left = [] if self.quiet else self.unused()
        except Exception:  # the interpreter is going down
            return
        if left:
            logger.warning(
                "A checkpoint was restored (e.g. tf.train.Checkpoint.restore) but not all of its values were used. "
                "Use expect_partial() on the status of restore() to silence this, or assert_consumed() to make it an "
                "error. Unused: %s",
                ", ".join(left[:10]) + (", ..." if len(left) > 10 else ""),
            )


class _Waiting:
    """Tells a restoration of the parts that an object gets."""

    def __init__(self, restoration: Restoration, number: int):
        self.restoration, self.number = restoration, number

    def attached(self, name: str, value):
        """`value` becomes the part `name`. Returns what to keep in its place."""
        number = self.restoration.graph[self.number]["children"].get(str(name))
        if number is None or not (is_tracked(value) or isinstance(value, (list, tuple, dict))):
            return value
        value = self.restoration.waiting(value, number)
        self.restoration.bind(number, value)
        return value


class _WaitingList(list):
    """A list in an object that a checkpoint has more parts for."""

    _restoring = None

    def replace(self, key, value):
        super().__setitem__(key, value)

    def append(self, value):
        super().append(self._restoring.attached(len(self), value) if self._restoring else value)

    def extend(self, values):
        for value in values:
            self.append(value)

    def __iadd__(self, values):
        self.extend(values)
        return self

    def insert(self, index, value):
        super().insert(index, value)
        if self._restoring:
            for at in range(index if index >= 0 else 0, len(self)):
                self._restoring.attached(at, self[at])

    def __reduce__(self):
        return list, (list(self),)


class _WaitingDict(dict):
    """A dict in an object that a checkpoint has more parts for."""

    _restoring = None

    def replace(self, key, value):
        super().__setitem__(key, value)

    def __setitem__(self, key, value):
        super().__setitem__(key, self._restoring.attached(key, value) if self._restoring else value)

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *args, **kwargs):
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __reduce__(self):
        return dict, (dict(self),)


class LoadStatus:
    """What `restore` returns. Every method returns the status, so that calls can be chained."""

    def __init__(self, restoration: Restoration):
        self._restoration = restoration

    def assert_consumed(self) -> "LoadStatus":
        """Raises `AssertionError` unless every value was used and every variable of the object got one."""
        left = self._restoration.unused()
        if left:
            raise AssertionError(f"Unresolved object in checkpoint: no object for {', '.join(left)}")
        return self.assert_existing_objects_matched()

    def assert_existing_objects_matched(self) -> "LoadStatus":
        """Raises `AssertionError` unless every variable that exists now got a value."""
        for variable in self._restoration.unmatched():
            raise AssertionError(f"Object not assigned a value from checkpoint: {variable!r}")
        return self

    def assert_nontrivial_match(self) -> "LoadStatus":
        """Raises `AssertionError` if nothing but the root object matched."""
        taken = self._restoration.taken
        if not any(number for number, value in taken.items() if not _is_counter(self._restoration, number)):
            raise AssertionError(
                "Nothing except the root object matched a checkpointed value. Typically this means that the "
                "checkpoint does not match the Python program. The following objects have no matching checkpointed "
                f"value: {self._restoration.unmatched()}"
            )
        return self

    def expect_partial(self) -> "LoadStatus":
        """Says that values may stay unused: no warning about it."""
        self._restoration.quiet = True
        return self

    def initialize_or_restore(self, session=None) -> None:
        """Nothing to do: values were assigned by `restore`."""

    def run_restore_ops(self, session=None) -> None:
        """Nothing to do: values were assigned by `restore`."""


def _is_counter(restoration, number) -> bool:
    return restoration.graph[0]["children"].get("save_counter") == number


class InitializationOnlyStatus:
    """What `restore(None)` returns: there was no checkpoint, everything keeps its value."""

    def _fail(self):
        raise AssertionError("No checkpoint specified (save_path=None); nothing is being restored.")

    def assert_consumed(self):
        self._fail()

    def assert_existing_objects_matched(self):
        self._fail()

    def assert_nontrivial_match(self):
        self._fail()

    def expect_partial(self) -> "InitializationOnlyStatus":
        return self

    def initialize_or_restore(self, session=None) -> None:
        """Nothing to do."""

    def run_restore_ops(self, session=None) -> None:
        raise AssertionError("No checkpoint specified, so no restore ops are available (save_path=None to restore).")
