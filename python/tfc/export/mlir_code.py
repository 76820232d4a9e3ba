"""An MLIR module compiled and loaded in this process, without files."""

from __future__ import annotations

from tfc.compiler import compile_module, load_object
from tfc.export.compile import describe_entries
from tfc.export.loader import LoadedArtifact
from tfc.export.model import Artifact, layout
from tfc.export.program import from_module
from tfc.ir import export_bytes


def load_mlir(module) -> LoadedArtifact:
    """Entries of a module of the tfc dialect, compiled for this machine."""
    program = from_module(module, "module")
    data, initial_offsets = program.initial_data()
    if data:
        export_bytes(program.module, "module_initial_state", data)
    code = compile_module(program.module, cpu="native")
    offsets, total = layout([v.nbytes for v in program.variables])
    target = code.target
    artifact = Artifact(
        "module",
        describe_entries(program, code),
        tuple(program.variables),
        offsets,
        total,
        target["triple"],
        target["cpu"],
        target["features"],
        initial_offsets,
    )
    loaded = load_object(code.content, artifact.target)
    return LoadedArtifact(artifact, loaded.address, loaded)
