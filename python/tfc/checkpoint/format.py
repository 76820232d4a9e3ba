"""The file of a checkpoint: safetensors, with the object graph and a checksum in its metadata."""

import json
import math
import os
import re
import zlib
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, deserialize

from tfc.core import string_array
from tfc.dtypes import DType, as_dtype
from tfc.errors import DataLossError, NotFoundError, page

SUFFIX = ".safetensors"
FORMAT = "1"
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
# Names of safetensors for the element types that it has. Complex numbers are pairs in a last dimension.
_STORED = {
    "BOOL": "bool", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64", "U8": "uint8", "U16": "uint16",
    "U32": "uint32", "U64": "uint64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
}  # fmt: skip
_NAMES = {dtype: stored for stored, dtype in _STORED.items()}
_PARTS = {"complex64": "float32", "complex128": "float64"}


def file_of(path) -> Path:
    """The file of a checkpoint, by the name that `save` returned or by its own."""
    path = os.fspath(path)
    return Path(path if path.endswith(SUFFIX) else path + SUFFIX)


def pack_tensors(tensors: dict, metadata: dict[str, str]) -> bytes:
    """The bytes of a file with these numpy arrays, in this order. `TypeError` for an element type that has no name in
    it.

    Safetensors has no strings: an array of `bytes` objects is a tensor of uint8, the offsets of the elements and of the
    end (int64, little endian) and then the elements; its shape is in the metadata.

    The checksum is the CRC-32 of everything after the length, with zeros in its own place: whoever writes the same
    tensors always needs to change eight digits only.
    """
    strings = {name: value for name, value in tensors.items() if value.dtype == object}
    if strings:
        tensors = {**tensors, **{name: _packed_strings(value) for name, value in strings.items()}}
        metadata = {**metadata, "tfc.strings": json.dumps({name: value.shape for name, value in strings.items()})}
    arrays = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    types = {name: (as_dtype(array.dtype), np.shape(tensors[name])) for name, array in arrays.items()}
    header = pack_header(types, metadata)
    parts = [array.tobytes() for array in arrays.values()]
    checksum = zlib.crc32(header)
    for data in parts:
        checksum = zlib.crc32(data, checksum)
    header = header.replace(_checksum_field(_NO_CHECKSUM), _checksum_field(f"{checksum:08x}"), 1)
    return b"".join([len(header).to_bytes(8, "little"), header, *parts])


def pack_header(types: dict, metadata: dict[str, str], unknown: str | None = None) -> bytes:
    """The JSON of a file with tensors of these types (name: (dtype, shape)), with zeros for the checksum.

    `unknown`: the text for sizes that are None; then also for all offsets.
    """
    entries, dtypes = {}, {}
    end = 0
    for name, (dtype, shape) in types.items():
        shape = list(shape)
        stored = _PARTS.get(dtype.name, dtype.name)
        if stored not in _NAMES:
            raise TypeError(f"a tensor of dtype {dtype.name} cannot be in a checkpoint: {name}")
        if stored != dtype.name:
            dtypes[name] = dtype.name
            shape.append(2)
        if unknown is None:
            begin, end = end, end + math.prod(shape) * as_dtype(stored).size
            offsets = [begin, end]
        else:
            offsets = [None, None]
        entries[name] = {"dtype": _NAMES[stored], "shape": shape, "data_offsets": offsets}
    described = {"tfc.format": FORMAT, "tfc.crc32": _NO_CHECKSUM, **metadata}
    if dtypes:
        described["tfc.dtypes"] = json.dumps(dtypes)
    header = json.dumps({"__metadata__": described, **entries}, separators=(",", ":"))
    if unknown is not None:
        header = re.sub(r"(?<=[\[,])null(?=[,\]])", unknown, header)
    header = header.encode()
    return header + b" " * (-len(header) % 8)


def _packed_strings(array: np.ndarray) -> np.ndarray:
    elements = string_array(array).reshape(-1).tolist()
    offsets = np.zeros(len(elements) + 1, "<i8")
    np.cumsum([len(e) for e in elements], out=offsets[1:])
    return np.frombuffer(offsets.tobytes() + b"".join(elements), np.uint8)


def _unpacked_strings(packed: np.ndarray, shape) -> np.ndarray:
    """The array of `bytes`; `ValueError` if the offsets are none of these."""
    count, content = math.prod(shape), packed.tobytes()
    start = 8 * (count + 1)
    if len(content) < start:
        raise ValueError(f"{len(content)} bytes for {count} strings")
    offsets = np.frombuffer(content[:start], "<i8")
    if offsets[0] != 0 or offsets[-1] != len(content) - start or (np.diff(offsets) < 0).any():
        raise ValueError("the offsets of strings are not in order")
    array = np.empty(count, object)
    for i in range(count):
        array[i] = content[start + offsets[i] : start + offsets[i + 1]]
    return array.reshape(shape)


_NO_CHECKSUM = "00000000"


def _checksum_field(digits: str) -> bytes:
    return f'"tfc.crc32":"{digits}"'.encode()


def unpack_tensors(content: bytes, name) -> tuple[dict, dict]:
    """(arrays by name, metadata) of the bytes of a file; `DataLossError` if they are not what was written."""
    try:
        length = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + length]).get("__metadata__", {})
        entries = dict(deserialize(content))
    except (SafetensorError, ValueError, UnicodeDecodeError, RecursionError, AttributeError) as e:
        raise _damaged(name, str(e)) from None
    if metadata.get("tfc.format", FORMAT) != FORMAT:
        raise _damaged(name, f"format {metadata['tfc.format']}", want=f"format {FORMAT}")
    if "tfc.crc32" in metadata:
        written = metadata["tfc.crc32"]
        header = content[8 : 8 + length].replace(_checksum_field(written), _checksum_field(_NO_CHECKSUM), 1)
        checksum = f"{zlib.crc32(memoryview(content)[8 + length :], zlib.crc32(header)):08x}"
        if checksum != written:
            raise _damaged(name, f"checksum {checksum}", want=f"checksum {written}")
    tensors = {}
    try:
        dtypes = json.loads(metadata.get("tfc.dtypes", "{}"))
        for key, entry in entries.items():
            stored = _STORED.get(entry["dtype"])
            if stored is None:
                raise _damaged(name, f"{key} has the element type {entry['dtype']}")
            dtype, shape = dtypes.get(key, stored), entry["shape"]
            array = np.frombuffer(bytes(entry["data"]), as_dtype(dtype).np_dtype)
            tensors[key] = array.reshape(shape[:-1] if dtype != stored else shape)
        for key, shape in json.loads(metadata.get("tfc.strings", "{}")).items():
            tensors[key] = _unpacked_strings(tensors[key], shape)
    except (AttributeError, LookupError, TypeError, ValueError) as e:
        raise _damaged(name, f"{type(e).__name__}: {e}") from None
    return tensors, metadata


def _damaged(name, got, want=None) -> DataLossError:
    return DataLossError(
        None, None, page(f"{name} is damaged or no checkpoint of this format", want=want, got=got, fix="an older one")
    )


class CheckpointReader:
    """The tensors of a checkpoint by key. `tf.train.load_checkpoint(path)` makes one."""

    def __init__(self, path):
        self.path = os.fspath(path)
        file = file_of(path)
        try:
            content = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotFoundError(
                None,
                None,
                page(
                    f"Failed to find any matching files for {self.path}",
                    want=f"the file {file}",
                    got=f"nothing of that name in {file.parent}",
                    fix="tf.train.latest_checkpoint(folder)",
                ),
            ) from None
        self._tensors, metadata = unpack_tensors(content, file)
        self.graph: list = json.loads(metadata.get("tfc.graph", "null")) or _flat_graph(self._tensors)

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        return {OBJECT_GRAPH: [], **{k: list(v.shape) for k, v in self._tensors.items()}}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        return {k: as_dtype(v.dtype) for k, v in self._tensors.items()}

    def has_tensor(self, key: str) -> bool:
        return key in self._tensors

    def get_tensor(self, key: str):
        """A numpy array; for the object graph, its JSON text as bytes. `NotFoundError` if there is no such key."""
        if key == OBJECT_GRAPH:
            return json.dumps(self.graph).encode()
        if key not in self._tensors:
            raise NotFoundError(
                None, None, page(f"Key {key} not found in checkpoint", got=self.path, want=", ".join(self._tensors))
            )
        return self._tensors[key].copy()


def _flat_graph(tensors) -> list:
    """The graph of a file that others wrote: an object for each part of the names."""
    nodes: list = [{"children": {}}]
    for key in tensors:
        at = 0
        for part in key.split("/"):
            found = nodes[at]["children"].get(part)
            if found is None:
                nodes.append({"children": {}})
                found = nodes[at]["children"][part] = len(nodes) - 1
            at = found
        nodes[at]["key"] = key
    return nodes


def load_checkpoint(ckpt_dir_or_file) -> CheckpointReader:
    """A reader of a checkpoint, or of the latest one in a folder."""
    return CheckpointReader(_resolve(ckpt_dir_or_file))


def list_variables(ckpt_dir_or_file) -> list[tuple[str, list[int]]]:
    """(key, shape) of what is in a checkpoint, sorted."""
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def load_variable(ckpt_dir_or_file, name: str):
    """One value of a checkpoint as a numpy array."""
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def checkpoint_exists(checkpoint_prefix) -> bool:
    """Whether there is a checkpoint of this name."""
    return file_of(checkpoint_prefix).is_file()


def _resolve(path):
    if not os.path.isdir(path):
        return path
    found = read_state(path)
    if found is None or found[0] is None:
        raise ValueError(f"Couldn't find 'checkpoint' file or checkpoints in given directory {os.fspath(path)}")
    return found[0]


# The file that says which checkpoint of a folder is the latest.


def state_file(folder, latest_filename=None) -> Path:
    return Path(folder) / (latest_filename or "checkpoint")


def read_state(folder, latest_filename=None):
    """(latest, all, times of all) of a folder; None if nothing says so. Relative names are names in the folder."""
    try:
        lines = state_file(folder, latest_filename).read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    latest, paths, times = None, [], []
    try:
        for line in lines:
            key, _, value = line.partition(":")
            value = value.strip()
            if key == "model_checkpoint_path":
                latest = _in_folder(folder, json.loads(value))
            elif key == "all_model_checkpoint_paths":
                paths.append(_in_folder(folder, json.loads(value)))
            elif key == "all_model_checkpoint_timestamps":
                times.append(float(value))
    except (TypeError, ValueError) as e:
        raise DataLossError(
            None, None, page(f"{state_file(folder, latest_filename)} is damaged", got=str(e), fix="name a checkpoint")
        ) from None
    return latest, paths, times


def state_text(folder, latest: str, paths: list, times: list) -> bytes:
    """The content of the state file."""

    def shown(path):
        parent, name = os.path.split(path)
        return json.dumps(name if os.path.abspath(parent or ".") == os.path.abspath(folder) else path)

    lines = [f"model_checkpoint_path: {shown(latest)}"]
    lines += [f"all_model_checkpoint_paths: {shown(p)}" for p in paths]
    lines += [f"all_model_checkpoint_timestamps: {t!r}" for t in times]
    return ("\n".join(lines) + "\n").encode()


def _in_folder(folder, path: str) -> str:
    return path if os.path.isabs(path) else os.path.join(os.fspath(folder), path)
