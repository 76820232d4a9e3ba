"""`tf.saved_model.save`: an object with its variables and the traces of its functions, in a folder."""

import hashlib
import json
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tfc.checkpoint import pack_tensors, value_of, write_durably
from tfc.core import VariableStorage, executing_eagerly
from tfc.errors import FailedPreconditionError, page
from tfc.function import ConcreteFunction, PolymorphicFunction
from tfc.saved_model import encoding
from tfc.saved_model.concrete import ConcreteWriter
from tfc.saved_model.encoding import NotEncodable
from tfc.saved_model.objects import Asset, Numbered
from tfc.saved_model.signatures import encode_signatures
from tfc.state import Trackable

FORMAT = 2
INDEX = "saved_model.json"
logger = logging.getLogger("tfc")


def digest_of(content: bytes) -> str:
    """The SHA-256 by which the index knows a file."""
    return hashlib.sha256(content).hexdigest()


@dataclass
class SaveOptions:
    """How to save.

    targets: machines that code is compiled for while saving, as "triple", "triple:cpu" or "native"; a load on such a
        machine runs that code instead of compiling. Traces are always saved, so a model loads everywhere.
    """

    targets: tuple = ()
    # Names of TensorFlow's options, which have no meaning here.
    namespace_whitelist: object = None
    save_debug_info: bool = False
    function_aliases: object = None
    experimental_debug_stripper: bool = False
    experimental_io_device: object = None
    experimental_variable_policy: object = None
    experimental_custom_gradients: bool = True


def save(obj, export_dir, signatures=None, options=None) -> None:
    """Writes an object (a `tf.Module` or the like) so that `tf.saved_model.load` gives one that works like it.

    Args:
        obj: its variables, its modules, lists, tuples and dicts, and its `tf.function`s with the traces that they have
            (one with an `input_signature` is traced for it) are saved. Everything else is not.
        export_dir: a folder; made if it is not there. A saved model that is there is replaced, at one moment.
        signatures: a concrete function, a `tf.function` with `input_signature`, or a dict of such by name: what
            `loaded.signatures[name]` is. A single one gets the name "serving_default".
        options: `SaveOptions`.

    Raises:
        ValueError: `obj` cannot have parts, or a signature is no such function.
        AssertionError: called in a function being traced; or a function uses a variable that `obj` does not reach.
        FailedPreconditionError: a variable has no value yet.
    """
    if not executing_eagerly():
        raise AssertionError(
            "tf.saved_model.save is not supported inside a traced @tf.function. Move the call to the outer "
            "eagerly-executed context."
        )
    if not isinstance(obj, (Trackable, VariableStorage)):
        raise ValueError(
            page(
                "Expected an object of type `Trackable`, such as `tf.Module` or a subclass of the `Trackable` class, "
                f"for export. Got {obj!r} with type {type(obj)}.",
                fix="assign what is to be saved to attributes of a tf.Module",
            )
        )
    _Writer(obj, Path(export_dir), signatures, options or SaveOptions()).write()


class _Writer:
    def __init__(self, root, folder: Path, signatures, options: SaveOptions):
        self.options = options
        self.folder = folder
        _trace_signatures(root)
        self.objects = Numbered(root)
        self.files: dict[str, bytes] = {}
        self.concrete = ConcreteWriter(self.objects, self.files, options.targets)
        self.signatures = encode_signatures(signatures, self.concrete)

    def write(self) -> None:
        nodes = []
        for number, value in enumerate(self.objects.values):
            node = self._node(number, value)
            children = self.objects.children[number]
            if children:
                node["children"] = children
            nodes.append(node)
        index = {
            "format": FORMAT,
            "writer": "tfc",
            "objects": nodes,
            "functions": self.concrete.described,
            "signatures": self.signatures,
        }
        self.files["variables/variables.safetensors"] = self._variables()
        self._write_files(index)

    def _node(self, number: int, value) -> dict:
        if isinstance(value, VariableStorage):
            dims = value.shape_tuple
            return {
                "kind": "variable",
                "name": value.name.removesuffix(":0"),
                "dtype": value.dtype.name,
                "shape": None if dims is None else list(dims),
                "trainable": bool(getattr(value, "trainable", True)),
            }
        if isinstance(value, ConcreteFunction):
            return {"kind": "concrete", "function": self.concrete.number_of(value)}
        if isinstance(value, PolymorphicFunction):
            return self._function(value)
        if isinstance(value, Asset):
            name = f"assets/{number}_{os.path.basename(value.asset_path)}"
            self.files[name] = Path(value.asset_path).read_bytes()
            return {"kind": "asset", "file": name}
        if isinstance(value, (list, tuple, dict)):
            kind = next(k for k in (list, tuple, dict) if isinstance(value, k))
            return {"kind": kind.__name__}
        return {"kind": "module", "name": getattr(value, "name", None), "class": type(value).__name__}

    def _function(self, function) -> dict:
        numbers = []
        for concrete in list(function._concretes.values()):
            try:
                numbers.append(self.concrete.number_of(concrete))
            except NotEncodable as e:
                logger.warning(
                    "A trace of %s is not in the saved model: it depends on %s, which exists in this process only",
                    function.name,
                    e,
                )
        signature = encoding.encode_signature(function._signature.python)
        return {"kind": "function", "name": function.name, "signature": signature, "functions": numbers}

    def _variables(self) -> bytes:
        tensors = {}
        for number, value in enumerate(self.objects.values):
            if not isinstance(value, VariableStorage):
                continue
            if not value.initialized:
                raise FailedPreconditionError(
                    None,
                    None,
                    page(f"the variable {value.name} has no value yet", fix="call the function that makes it"),
                )
            tensors[str(number)] = value_of(value)
        for name, array in self.concrete.captured.items():
            tensors[name] = array
        return pack_tensors(tensors, {})

    def _write_files(self, index: dict) -> None:
        """Everything goes to a folder that is named after its content; the index that points there comes last."""
        index["files"] = {name: digest_of(self.files[name]) for name in sorted(self.files)}
        index["data"] = f"data-{digest_of(json.dumps(index, sort_keys=True).encode())[:16]}"
        for name, content in self.files.items():
            write_durably(self.folder / index["data"] / name, content)
        write_durably(self.folder / INDEX, (json.dumps(index, indent=1) + "\n").encode())
        for old in self.folder.glob("data-*"):
            if old.name != index["data"]:
                shutil.rmtree(old, ignore_errors=True)


def _trace_signatures(root) -> None:
    """Functions with an `input_signature` are traced for it."""
    done: set = set()
    while True:  # tracing may attach new parts
        new = [
            v
            for v in Numbered(root).values
            if isinstance(v, PolymorphicFunction) and v.input_signature is not None and id(v) not in done
        ]
        if not new:
            return
        for function in new:
            done.add(id(function))
            if not function._concretes:
                function.get_concrete_function()
