"""The ABI manifest of an artefact, ``<name>.json``: for build systems and loaders in other languages."""

from __future__ import annotations

import json

from tfc.export.model import Artifact, Buffer

FORMAT_VERSION = 1


def _buffer(buffer: Buffer) -> dict:
    return {
        "name": buffer.name,
        "title": buffer.title,
        "dtype": buffer.dtype.name,
        "shape": list(buffer.shape),  # null: known at run time
    }


def manifest(artifact: Artifact, files: dict[str, str]) -> str:
    """JSON text: entry points in the order of the binary interface, state layout, target, files written."""
    variables = [
        {**_buffer(v), "offset": offset, "bytes": v.nbytes}
        for v, offset in zip(artifact.variables, artifact.offsets, strict=True)
    ]
    entries = [
        {
            "name": entry.name,
            "symbol": entry.symbol,
            "signature": entry.signature,
            "arguments": [_buffer(b) for b in entry.arguments],
            "variables": list(entry.variables),
            "results": [_buffer(b) for b in entry.results],
            "arena_bytes": entry.arena_bytes,
        }
        for entry in artifact.entries
    ]
    content = {
        "format": FORMAT_VERSION,
        "abi": 1,  # TFC_ABI_VERSION of tfc_rt.h
        "prefix": artifact.prefix,
        "target": {"triple": artifact.target, "cpu": artifact.cpu, "features": artifact.features},
        "files": files,
        "state": {
            "bytes": artifact.state_bytes,
            "alignment": 64,
            "initial": artifact.initial_state_symbol if artifact.variables else None,
            "variables": variables,
        },
        "entries": entries,
    }
    return json.dumps(content, indent=1) + "\n"
