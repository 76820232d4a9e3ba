"""The state of an artefact as a file: the same bytes in C and in Python. Any reader of safetensors reads it, too."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np

from tfc.checkpoint import pack_header, pack_tensors, unpack_tensors, write_durably
from tfc.errors import FailedPreconditionError, page
from tfc.export.manifest import read_manifest
from tfc.export.model import Artifact
from tfc.export.program import from_functions, functions_of

_CHECKSUM = b'"tfc.crc32":"'
DIGITS = 19  # TFC_DIGITS of tfc_sized_state.h


def blob_header(artifact: Artifact) -> tuple[bytes, int]:
    """What comes before the data, with zeros for the checksum, and where its eight digits are.

    Numbers that depend on unknown sizes are spaces: see `places`.
    """
    if artifact.is_sized:
        head = _sized_head(artifact)
    else:
        zeros = {v.name: np.zeros(v.shape, v.dtype.np_dtype) for v in artifact.variables}
        content = pack_tensors(zeros, {})
        head = bytearray(content[: len(content) - sum(v.nbytes for v in artifact.variables)])
    at = head.index(_CHECKSUM) + len(_CHECKSUM)
    head[at : at + 8] = b"00000000"
    return bytes(head), at


def _sized_head(artifact: Artifact) -> bytearray:
    described = pack_header({v.name: (v.dtype, v.shape) for v in artifact.variables}, {}, unknown=" " * DIGITS)
    return bytearray(len(described).to_bytes(8, "little") + described)


def places(artifact: Artifact) -> list[int]:
    """Where in the head the numbers go: of each variable its unknown sizes, its begin and its end."""
    head, _ = blob_header(artifact)
    found, at = [], head.index(_CHECKSUM)
    while (at := head.find(b" " * DIGITS, at)) >= 0:
        found.append(at)
        at += DIGITS
    return found


def state_bytes(artifact, values: dict | None = None) -> bytes:
    """The bytes of a state.

    `artifact`: what `compile` returned, or the path of its manifest. `values`: arrays by name of the field or of the
    variable; every variable needs one. Raises `FailedPreconditionError` for values that do not fit.
    """
    artifact = _described(artifact)
    given = dict(values or {})
    tensors = {}
    for variable in artifact.variables:
        name = next((n for n in (variable.name, variable.title, variable.title.removesuffix(":0")) if n in given), None)
        if name is None:
            raise _unfit(
                f"there is no value for the variable {variable.name}", want=variable.text(), got=", ".join(given)
            )
        array = np.asarray(given[name])
        if not variable.takes(array.shape) or array.dtype != variable.dtype.np_dtype:
            raise _unfit(
                f"the value of {variable.name} does not fit", variable.text(), f"{array.dtype}{list(array.shape)}"
            )
        tensors[variable.name] = array
    return _sized_bytes(artifact, tensors) if artifact.is_sized else pack_tensors(tensors, {})


def _sized_bytes(artifact: Artifact, tensors: dict) -> bytes:
    head, checksum_at = blob_header(artifact)
    content = bytearray(head)
    numbers, parts, end = [], [], 0
    for variable in artifact.variables:
        array = np.ascontiguousarray(tensors[variable.name])
        numbers += [
            size for size, known in zip(np.shape(tensors[variable.name]), variable.shape, strict=True) if known is None
        ]
        numbers += [end, end + array.nbytes]
        end += array.nbytes
        parts.append(array.tobytes())
    for at, number in zip(places(artifact), numbers, strict=True):
        content[at : at + DIGITS] = f"{number:{DIGITS}}".encode()
    data = b"".join(parts)
    checksum = zlib.crc32(data, zlib.crc32(bytes(content[8:])))
    content[checksum_at : checksum_at + 8] = f"{checksum:08x}".encode()
    return bytes(content) + data


def write_state(path, artifact, values: dict) -> None:
    """Writes a state to a file, which appears whole or not at all; see `state_bytes`."""
    write_durably(path, state_bytes(artifact, values))


def read_state(source) -> dict[str, np.ndarray]:
    """The variables of a state by name of the field: of a file, or of bytes. `DataLossError` if it is damaged."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return unpack_tensors(bytes(source), "the state")[0]
    return unpack_tensors(Path(source).read_bytes(), os.fspath(source))[0]


def restore_state(source, functions) -> None:
    """Assigns a state to the variables of the functions or the module that an artefact was compiled from.

    `functions`: as for `compile`. Raises `FailedPreconditionError` if the state lacks a variable or has one of another
    type.
    """
    state = read_state(source)
    functions = functions_of(functions)
    program = from_functions(functions, "state")
    variables: dict = {}
    for entry, concrete in zip(program.entries, functions.values(), strict=True):
        variables.update(zip(entry.variables, concrete.live_variables(), strict=True))
    for buffer in program.variables:
        array = state.get(buffer.name)
        if array is None or not buffer.takes(array.shape) or array.dtype != buffer.dtype.np_dtype:
            got = "nothing" if array is None else f"{array.dtype}{list(array.shape)}"
            raise _unfit(f"the state does not fit the variable {buffer.title}", buffer.text(), got)
    for name, variable in variables.items():
        variable.assign(state[name])


def _described(artifact) -> Artifact:
    return artifact if isinstance(artifact, Artifact) else read_manifest(artifact)


def _unfit(summary, want=None, got=None) -> FailedPreconditionError:
    return FailedPreconditionError(None, None, page(summary, want=want, got=got))
