"""`tf.saved_model.load`: an object whose functions are the traces of a saved model."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from tfc.checkpoint import unpack_tensors
from tfc.core import outside
from tfc.dtypes import TensorShape, as_dtype
from tfc.errors import DataLossError, page
from tfc.ops.convert import convert_to_tensor
from tfc.saved_model import encoding
from tfc.saved_model.objects import Asset
from tfc.saved_model.restored import ConcreteReader, RestoredFunction
from tfc.saved_model.save import FORMAT, INDEX, digest_of
from tfc.saved_model.signatures import SignatureFunction, SignatureMap
from tfc.state import Module, Variable


class LoadOptions:
    """Accepted for compatibility."""

    def __init__(
        self,
        allow_partial_checkpoint=False,
        experimental_io_device=None,
        experimental_skip_checkpoint=False,
        experimental_variable_policy=None,
        experimental_load_function_aliases=False,
    ):
        self.experimental_skip_checkpoint = experimental_skip_checkpoint


class RestoredModule(Module):
    """An object of a saved model: its attributes are what was saved; calling it calls its `__call__`."""

    def __call__(self, *args, **kwargs):
        function = self.__dict__.get("__call__")
        if function is None:
            raise TypeError(
                f"the {self.__dict__.get('_saved_class', 'object')} that was saved has no tf.function __call__"
            )
        return function(*args, **kwargs)

    def __repr__(self):
        return f"<loaded {self.__dict__.get('_saved_class', 'object')} at 0x{id(self):X}>"


def contains_saved_model(export_dir) -> bool:
    """Whether there is a saved model in a folder."""
    return (Path(export_dir) / INDEX).is_file()


def load(export_dir, tags=None, options=None):
    """The object that `tf.saved_model.save` wrote to a folder.

    Attributes, lists, dicts, variables and functions are as they were; Python classes are not needed. A function takes
    the arguments that it had been traced for when it was saved, and differentiates like the original.
    `loaded.signatures[name]` takes tensors by name and returns a dict.

    A saved model is code: load only what you trust.

    Raises:
        OSError: there is no saved model in the folder.
        DataLossError: its files are damaged, or of another format.
    """
    folder = Path(export_dir)
    try:
        index = json.loads((folder / INDEX).read_text())
    except (FileNotFoundError, NotADirectoryError):
        raise OSError(f"SavedModel file does not exist at: {os.fspath(export_dir)}/{INDEX}") from None
    except ValueError as e:
        raise DataLossError(None, None, page(f"{folder / INDEX} is damaged", got=str(e))) from None
    found = index.get("format") if isinstance(index, dict) else None
    if found != FORMAT:
        raise DataLossError(None, None, page(f"{folder} has another format", want=f"format {FORMAT}", got=found))
    try:
        with outside():
            return _Reader(folder / index["data"], index).root()
    except (AttributeError, LookupError, TypeError, ValueError) as e:  # the index says what cannot be
        raise DataLossError(
            None, None, page(f"{folder / INDEX} is damaged", got=f"{type(e).__name__}: {e}", fix="save the model again")
        ) from e


class _Reader:
    def __init__(self, folder: Path, index: dict):
        self.folder = folder
        self.nodes = index["objects"]
        self.index = index
        name = "variables/variables.safetensors"
        self.tensors, _ = unpack_tensors(self.read(name), folder / name)
        self.values: list = [None] * len(self.nodes)

    def read(self, name: str) -> bytes:
        """The content of a file, checked: readers of bytecode and of machine code trust it."""
        try:
            content = (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise DataLossError(None, None, page(f"the saved model lacks the file {self.folder / name}")) from None
        wanted = self.index["files"][name]
        if digest_of(content) != wanted:
            raise DataLossError(
                None, None, page(f"{self.folder / name} is damaged: its checksum differs", want=f"SHA-256 {wanted}")
            )
        return content

    def root(self):
        for number, node in enumerate(self.nodes):
            if node["kind"] == "variable":
                self.values[number] = self._variable(number, node)
        captured = {
            n: convert_to_tensor(v.copy(), as_dtype(v.dtype))
            for n, v in self.tensors.items()
            if n.startswith("captured/")
        }
        self.concrete = ConcreteReader(self.index["functions"], self.read, self.values, captured)
        for number in range(len(self.nodes)):
            self._make(number)
        for number, node in enumerate(self.nodes):
            self._connect(number, node)
        root = self.values[0]
        if isinstance(root, Module):
            signatures = {
                name: SignatureFunction(name, self.concrete[s["function"]], s["arguments"], s["results"])
                for name, s in self.index["signatures"].items()
            }
            object.__setattr__(root, "signatures", SignatureMap(signatures))
        return root

    def _variable(self, number: int, node: dict) -> Variable:
        return Variable(
            self.tensors[str(number)].copy(),
            dtype=as_dtype(node["dtype"]),
            name=node["name"],
            trainable=node["trainable"],
            shape=TensorShape(node["shape"]),
        )

    def _make(self, number: int):
        """The value of a node; containers are filled later, but tuples have to be made of what is in them."""
        if self.values[number] is not None:
            return self.values[number]
        node = self.nodes[number]
        kind = node["kind"]
        if kind == "module":
            made = RestoredModule.__new__(RestoredModule)
            made.__dict__.update(_name=node["name"] or "module", _name_scope=f"{node['name'] or 'module'}/")
            made.__dict__["_saved_class"] = node["class"]
        elif kind in ("list", "dict"):
            made = [] if kind == "list" else {}
        elif kind == "tuple":
            made = tuple(self._make(child) for child in node.get("children", {}).values())
        elif kind == "concrete":
            made = self.concrete[node["function"]]
        elif kind == "asset":
            made = Asset(self.folder / node["file"])
        else:
            signature = encoding.decode_signature(node["signature"])
            made = RestoredFunction(node["name"], signature, [self.concrete[n] for n in node["functions"]])
        self.values[number] = made
        return made

    def _connect(self, number: int, node: dict) -> None:
        value = self.values[number]
        children = {name: self.values[child] for name, child in node.get("children", {}).items()}
        if isinstance(value, list):
            value.extend(children.values())
        elif isinstance(value, Mapping):
            value.update(children)
        elif isinstance(value, Module):
            value.__dict__.update(children)
