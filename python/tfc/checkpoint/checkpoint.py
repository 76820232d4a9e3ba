"""`tf.train.Checkpoint`: names a group of objects, whose variables are saved and restored together."""

import json
import os
import time
import weakref

from tfc.checkpoint.files import write_durably
from tfc.checkpoint.format import (
    CheckpointReader,
    file_of,
    pack_tensors,
    read_state,
    state_file,
    state_text,
)
from tfc.checkpoint.graph import children, is_trackable, value_of, walk
from tfc.checkpoint.restore import InitializationOnlyStatus, LoadStatus, Restoration
from tfc.core import VariableStorage, executing_eagerly, outside
from tfc.dtypes import int64
from tfc.errors import FailedPreconditionError, page
from tfc.state import Trackable, Variable


class Checkpoint(Trackable):
    """Saves and restores the variables that can be reached from its attributes.

    ```python
    checkpoint = tf.train.Checkpoint(model=model, step=step)
    path = checkpoint.save("folder/ckpt")              # folder/ckpt-1
    checkpoint.restore(path).assert_consumed()
    ```

    Values are found by the names of attributes and positions in lists on the way to them, not by names of variables. A
    variable that does not exist yet when `restore` is called gets its value when it is attached.
    """

    def __init__(self, root=None, **kwargs):
        object.__setattr__(self, "_root", None)
        object.__setattr__(self, "_counter", None)
        if root is not None:
            if isinstance(root, weakref.ref):
                root = root()
            _check("root", root)
            self._root = root
        for name, value in sorted(kwargs.items()):
            if callable(value) and not is_trackable(value) and not isinstance(value, VariableStorage):
                value = getattr(value, "_trackable", value)
            _check(name, value)
            if root is not None and name in children(root) and children(root)[name] is not value:
                raise ValueError(
                    f"Cannot create a Checkpoint with keyword argument {name} if root.{name} already exists."
                )
            setattr(self, name, value)

    def _trackable_children(self) -> dict:
        own = {k: v for k, v in sorted(vars(self).items()) if k not in ("_root", "_counter", "_restoring")}
        if self._root is not None:
            own = {**children(self._root), **own}
        if self._counter is not None:
            own["save_counter"] = self._counter
        return own

    @property
    def save_counter(self):
        """A variable that `save` increments."""
        self._make_counter()
        return self._counter

    def _make_counter(self) -> None:
        if self._counter is None:
            with outside():
                made = Variable(0, dtype=int64, name="save_counter", trainable=False)
            waiting = self.__dict__.get("_restoring")
            object.__setattr__(self, "_counter", made)
            if waiting is not None:
                waiting.attached("save_counter", made)

    def write(self, file_prefix, options=None) -> str:
        """Writes the values to `file_prefix` + ".safetensors". Returns `file_prefix`.

        The file appears whole or not at all, and is on the disk when this returns. The counter is not touched.
        """
        _check_eager("write")
        prefix = os.fspath(file_prefix)
        nodes = walk(self)
        tensors, graph = {}, []
        for node in nodes:
            described: dict = {"children": node.children}
            if isinstance(node.value, VariableStorage):
                if not node.value.initialized:
                    raise FailedPreconditionError(
                        None,
                        None,
                        page(f"the variable {node.value.name} has no value yet", fix="call the function that makes it"),
                    )
                described["key"] = node.key
                tensors[node.key] = value_of(node.value)
            graph.append(described)
        tensors = dict(sorted(tensors.items()))
        write_durably(file_of(prefix), pack_tensors(tensors, {"tfc.graph": json.dumps(graph)}))
        return prefix

    def save(self, file_prefix, options=None) -> str:
        """Increments the counter, writes `file_prefix`-<counter>, and makes it the latest checkpoint of its folder."""
        _check_eager("save")
        self._make_counter()
        self._counter.assign_add(1)
        path = self.write(f"{os.fspath(file_prefix)}-{int(self._counter.numpy())}")
        folder = os.path.dirname(path) or "."
        state = read_state(folder)
        paths, times = ([], []) if state is None else (state[1], state[2])
        times += [0.0] * (len(paths) - len(times))
        kept = [(p, t) for p, t in zip(paths, times, strict=False) if os.path.abspath(p) != os.path.abspath(path)]
        kept.append((path, time.time()))
        write_durably(state_file(folder), state_text(folder, path, [p for p, _ in kept], [t for _, t in kept]))
        return path

    def read(self, save_path, options=None) -> LoadStatus:
        """Restores what `write` wrote. `NotFoundError` if there is no such checkpoint.

        Objects that are not there yet get their values when they are attached to an object that is.
        """
        _check_eager("read")
        return LoadStatus(Restoration(CheckpointReader(save_path), self).run())

    def restore(self, save_path, options=None):
        """Restores what `save` wrote; with None (from `latest_checkpoint` of an empty folder), nothing.

        Returns a status: `.assert_consumed()`, `.assert_existing_objects_matched()`, `.assert_nontrivial_match()`,
        `.expect_partial()`.
        """
        if save_path is None:
            return InitializationOnlyStatus()
        status = self.read(save_path)
        self._make_counter()
        return status


def _check(name, value):
    if not is_trackable(value):
        raise ValueError(
            f"`Checkpoint` was expecting {name} to be a trackable object (an object derived from `Trackable`), got "
            f"{value!r}. If you believe this object should be trackable, make it a tf.Module."
        )


def _check_eager(method):
    if not executing_eagerly():
        raise RuntimeError(f"Checkpoint.{method} cannot be called while a tf.function is traced: call it outside")
