"""Writing functions to files that need no runtime: ``tf.export.compile``, ``tfc-compile``; loading and running them:
``tfc-run``."""

from tfc.export.blob import read_state, restore_state, state_bytes, write_state
from tfc.export.compile import compile, compile_mlir
from tfc.export.loader import LoadedArtifact, load
from tfc.export.model import Artifact
from tfc.export.specs import parse_spec
from tfc.ops.naming import publish

publish(globals())

__all__ = [
    "Artifact",
    "LoadedArtifact",
    "compile",
    "compile_mlir",
    "load",
    "parse_spec",
    "read_state",
    "restore_state",
    "state_bytes",
    "write_state",
]
