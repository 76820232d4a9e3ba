"""The ABI manifest of an artefact, ``<name>.json``: for build systems and loaders in other languages."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tfc.dtypes import as_dtype
from tfc.errors import DataLossError, page
from tfc.export.model import Artifact, Buffer, EntryPoint

FORMAT_VERSION = 3


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _own_digest(content: dict) -> str:
    """Of everything else that a manifest says."""
    rest = {key: value for key, value in content.items() if key != "digest"}
    return digest_of(json.dumps(rest, sort_keys=True).encode())


def _buffer(buffer: Buffer) -> dict:
    described = {
        "name": buffer.name,
        "title": buffer.title,
        "dtype": buffer.dtype.name,
        "shape": list(buffer.shape),  # null: known at run time
    }
    if any(buffer.symbols):
        described["sizes"] = list(buffer.symbols)  # equal names are equal sizes
    return described


def manifest(artifact: Artifact, digests: dict[str, str]) -> str:
    """JSON text: entry points in the order of the binary interface, state layout, target, files written.

    `digests`: SHA-256 of the files with machine code, by kind.
    """
    variables = []
    for v, offset in zip(artifact.variables, artifact.offsets, strict=True):
        initial = artifact.initial_offsets.get(v.name)  # null: zeros
        described = {**_buffer(v), "offset": offset, "bytes": v.nbytes, "initial": initial}
        if not v.is_static:  # its memory is the host's, and its sizes may change
            described["initial_shape"] = list(v.initial_shape)
        variables.append(described)
    entries = [
        {
            "name": entry.name,
            "symbol": entry.symbol,
            "signature": entry.signature,
            "location": entry.location,
            "arguments": [_buffer(b) for b in entry.arguments],
            "variables": list(entry.variables),
            "written": list(entry.written),
            "results": [_buffer(b) for b in entry.results],
            "arena_bytes": entry.arena_bytes,
        }
        for entry in artifact.entries
    ]
    content = {
        "format": FORMAT_VERSION,
        "abi": 1,  # TFC_ABI_VERSION of tfc_rt.h
        "prefix": artifact.prefix,
        "target": {
            "triple": artifact.target,
            "cpu": artifact.cpu,
            "features": artifact.features,
            "versions": list(artifact.versions),
        },
        "files": artifact.files,
        "digests": digests,
        "threads": artifact.threads,
        "device": artifact.device,
        "state": {
            "bytes": artifact.state_bytes,
            "alignment": 64,
            "initial": artifact.initial_state_symbol if artifact.initial_offsets else None,
            "variables": variables,
        },
        "entries": entries,
    }
    return json.dumps({**content, "digest": _own_digest(content)}, indent=1) + "\n"


def read_manifest(path) -> Artifact:
    """The artefact that a manifest describes. `DataLossError` if the file is no manifest of this format."""
    try:
        content = json.loads(Path(path).read_text())
        if content.get("format") != FORMAT_VERSION:
            raise ValueError(f"format {content.get('format')}, expected {FORMAT_VERSION}; compile it again")
        if content["digest"] != _own_digest(content):
            raise ValueError("it was changed after it was written")
        return _artifact(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise DataLossError(None, None, page(f"{path} is no manifest of an artefact: {e}")) from None


def _artifact(content: dict) -> Artifact:
    state, target = content["state"], content["target"]
    return Artifact(
        content["prefix"],
        tuple(_read_entry(e) for e in content["entries"]),
        tuple(_read_buffer(v, "zeros" if v["initial"] is None else "data") for v in state["variables"]),
        tuple(v["offset"] for v in state["variables"]),
        state["bytes"],
        target["triple"],
        target["cpu"],
        target["features"],
        {v["name"]: v["initial"] for v in state["variables"] if v["initial"] is not None},
        content["files"],
        content["threads"],
        tuple(target["versions"]),
        content.get("device"),
        content["digests"],
    )


def _read_entry(e: dict) -> EntryPoint:
    return EntryPoint(
        e["name"],
        e["symbol"],
        tuple(map(_read_buffer, e["arguments"])),
        tuple(e["variables"]),
        tuple(map(_read_buffer, e["results"])),
        e["arena_bytes"],
        e["signature"],
        e["location"],
        tuple(e["written"]),
    )


def _read_buffer(b: dict, initial: str = "zeros") -> Buffer:
    first = tuple(b["initial_shape"]) if "initial_shape" in b else None
    sizes = tuple(b.get("sizes", ()))
    return Buffer(b["name"], as_dtype(b["dtype"]), tuple(b["shape"]), b["title"], sizes, initial, first)
