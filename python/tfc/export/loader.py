"""Artefacts in this process: a shared library through ctypes, an object through the loader of the compiler."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np

from tfc.compiler import load_object
from tfc.config.gpus import library as device_runtime
from tfc.core import EagerTensor
from tfc.dtypes import TensorShape
from tfc.errors import DataLossError, FailedPreconditionError, InvalidArgumentError, NotFoundError, page
from tfc.export.blob import read_state, state_bytes, write_state
from tfc.export.manifest import digest_of, read_manifest
from tfc.export.model import Artifact, Buffer, EntryPoint
from tfc.ops.convert import convert_to_tensor
from tfc.runtime import DTYPE_CODES, Executable
from tfc.state import Variable


class State:
    """One set of the variables of an artefact, by name: `state["count"]` is a numpy array."""

    def __init__(self, artifact: Artifact, values: dict):
        self._artifact = artifact
        self._storage = {
            v.name: Variable(values[v.name], dtype=v.dtype, name=v.name, shape=TensorShape(v.shape))
            for v in artifact.variables
        }

    def __getitem__(self, name: str) -> np.ndarray:
        return self._storage[name].numpy()

    def __setitem__(self, name: str, value) -> None:
        buffer = next((v for v in self._artifact.variables if v.name == name), None)
        if buffer is None:
            raise KeyError(name)
        array = np.asarray(value)
        if not buffer.takes(array.shape) or array.dtype != buffer.dtype.np_dtype:
            got = f"{array.dtype}{list(array.shape)}"
            raise FailedPreconditionError(
                None, None, page(f"the value of {name} does not fit", want=buffer.text(), got=got)
            )
        self._storage[name].assign(array)

    def __iter__(self):
        return iter(self._storage)

    def __len__(self):
        return len(self._storage)

    def keys(self):
        return self._storage.keys()

    def to_bytes(self) -> bytes:
        """What `<prefix>_save` of the C header writes."""
        return state_bytes(self._artifact, dict(self))

    def save(self, path) -> None:
        """Writes the state to a file, which appears whole or not at all."""
        write_state(path, self._artifact, dict(self))

    def load(self, source) -> None:
        """Takes over the values of a file or of bytes; on an error nothing changes."""
        values = read_state(source)
        state_bytes(self._artifact, values)
        for name in self._storage:
            self[name] = values[name]


class LoadedEntry:
    """An entry point as a Python function of numpy arrays or tensors."""

    def __init__(self, loaded: LoadedArtifact, entry: EntryPoint, executable: Executable):
        self._loaded, self.entry, self._executable = loaded, entry, executable

    def __call__(self, *args, state: State | None = None, **kwargs):
        """Runs it; `state` is by default the artefact's own. Returns a tensor, a tuple of several, or None."""
        results = self.call_prepared(self.prepare(self._arguments(args, kwargs), state))
        return results[0] if len(results) == 1 else tuple(results) or None

    def prepare(self, values: dict, state: State | None = None) -> list:
        """Arguments by name as `call_prepared` takes them: converted and checked."""
        state = self._loaded.state if state is None else state
        tensors = [self._tensor(b, values[b.name]) for b in self.entry.arguments]
        return [*tensors, *(state._storage[name] for name in self.entry.variables)]

    def call_prepared(self, operands: list) -> list:
        """Runs it on what `prepare` gave."""
        return self._executable.call(operands)

    def _arguments(self, args, kwargs) -> dict:
        buffers = self.entry.arguments
        if len(args) > len(buffers):
            raise TypeError(
                f"{self.entry.name} takes {len(buffers)} arguments but got {len(args)}: {self.entry.signature}"
            )
        values = {b.name: v for b, v in zip(buffers, args, strict=False)}
        for name, value in kwargs.items():
            found = next((b.name for b in buffers if name in (b.name, b.title)), None)
            if found is None or found in values:
                raise TypeError(f"{self.entry.name} got an unexpected or repeated argument {name!r}")
            values[found] = value
        missing = [b.name for b in buffers if b.name not in values]
        if missing:
            raise TypeError(f"{self.entry.name} misses arguments: {', '.join(missing)}")
        return values

    def _tensor(self, buffer: Buffer, value) -> EagerTensor:
        tensor = convert_to_tensor(value, None if hasattr(value, "dtype") else buffer.dtype)
        if tensor.dtype is not buffer.dtype or not buffer.takes(tensor.shape_tuple):
            got = f"{tensor.dtype.name}{list(tensor.shape_tuple)}"
            raise InvalidArgumentError(
                None, None, page(f"{self.entry.name}: argument {buffer.name} does not fit", want=buffer.text(), got=got)
            )
        return tensor

    def __repr__(self):
        return f"<compiled {self.entry.signature or self.entry.name}>"


class LoadedArtifact:
    """An artefact: its entries are attributes (`loaded.step(x)`), its variables are in `loaded.state`."""

    def __init__(self, artifact: Artifact, address, keepalive):
        self.artifact = artifact
        self._keepalive = keepalive
        self._initial = address(artifact.initial_state_symbol) if artifact.initial_offsets else 0
        self.entries = {
            e.name: LoadedEntry(self, e, _executable(artifact, e, address(e.symbol), keepalive))
            for e in artifact.entries
        }
        self.state = self.new_state()

    def __getattr__(self, name: str) -> LoadedEntry:
        entries = self.__dict__.get("entries", {})
        if name not in entries:
            raise AttributeError(f"the artefact has no entry {name!r}; it has {', '.join(entries)}")
        return entries[name]

    def __call__(self, *args, **kwargs):
        """Runs the only entry."""
        return self.entries[self.artifact.entry().name](*args, **kwargs)

    def new_state(self) -> State:
        """The first values of all variables."""
        values = {}
        for variable in self.artifact.variables:
            offset = self.artifact.initial_offsets.get(variable.name)
            shape = variable.shape if variable.is_static else variable.initial_shape
            if offset is None:
                values[variable.name] = np.zeros(shape, variable.dtype.np_dtype)
                continue
            content = ctypes.string_at(self._initial + offset, variable.nbytes)
            values[variable.name] = np.frombuffer(content, variable.dtype.np_dtype).reshape(shape).copy()
        return State(self.artifact, values)


def _executable(artifact: Artifact, entry: EntryPoint, address: int, keepalive) -> Executable:
    variables = {v.name: v for v in artifact.variables}

    def spec(buffer):
        return DTYPE_CODES[buffer.dtype.name], buffer.shape

    return Executable(
        address,
        keepalive,
        [spec(b) for b in entry.arguments],
        [(*spec(variables[n]), True, n in entry.written) for n in entry.variables],
        [spec(b) for b in entry.results],
        arena_bytes=entry.arena_bytes,
        cost=0,
        name=entry.name,
    )


def _verify(path: Path, manifest: Path, content: bytes, digest: str | None) -> None:
    """Raises `DataLossError` unless the content is what the manifest is about."""
    if digest is None:
        problem = f"{manifest} describes another output of that name, not {path}"
        raise DataLossError(None, None, page(problem, fix="compile to several outputs at once: emit='shared,object'"))
    if digest_of(content) != digest:
        problem = f"{path} is not the file that {manifest} describes: it is damaged, or was changed"
        fix = "compile it again, or load it with verify=False if you changed it"
        raise DataLossError(None, None, page(problem, fix=fix))


def load(path, *, verify: bool = True) -> LoadedArtifact:
    """Loads what `compile` wrote, with the manifest beside it: a shared library (through ctypes) or an object.

    `path`: the ``.so``, the ``.o``, or the ``.json``. Neither the Python source nor, for a shared library, the compiler
    is needed. An artefact is code: load only what you trust.

    `verify`: refuse a library or object that is not what the compiler wrote, byte for byte: damaged code ends the
    process. Set it to False for a library that you changed yourself (stripped, signed).

    Raises:
        NotFoundError: a file is not there.
        DataLossError: the manifest cannot be read, or the file is damaged.
        OSError: the library cannot be loaded, for instance because it is for another machine.
    """
    path = Path(path)
    manifest = path.with_suffix(".json")
    if not manifest.is_file():
        raise NotFoundError(
            None, None, page(f"there is no manifest {manifest}", fix="keep the .json beside the artefact")
        )
    artifact = read_manifest(manifest)
    if path.suffix == ".json":
        kind = next((k for k in ("shared", "object") if k in artifact.files), None)
        if kind is None:
            raise InvalidArgumentError(
                None, None, page(f"{path} has neither an object nor a shared library", got=", ".join(artifact.files))
            )
        path = path.with_name(artifact.files[kind])
    if not path.is_file():
        raise NotFoundError(None, None, page(f"there is no file {path}"))
    is_shared = ".so" in path.suffixes
    content = path.read_bytes()
    if verify:
        _verify(path, manifest, content, artifact.digests.get("shared" if is_shared else "object"))
    if is_shared:
        library = ctypes.CDLL(str(path.resolve()))
        return LoadedArtifact(artifact, lambda name: ctypes.addressof(ctypes.c_char.in_dll(library, name)), library)
    if artifact.device is not None:
        device_runtime()  # the symbols that the code needs
    code = load_object(content, artifact.target)
    return LoadedArtifact(artifact, code.address, code)
