"""Checkpoints: the values of an object's variables in a file, written so that a crash leaves the old one or the new
one."""

from tfc.checkpoint.checkpoint import Checkpoint
from tfc.checkpoint.files import write_durably
from tfc.checkpoint.format import (
    CheckpointReader,
    checkpoint_exists,
    list_variables,
    load_checkpoint,
    load_variable,
    pack_header,
    pack_tensors,
    unpack_tensors,
)
from tfc.checkpoint.graph import children, is_trackable, value_of
from tfc.checkpoint.manager import CheckpointManager, CheckpointState, get_checkpoint_state, latest_checkpoint

__all__ = [
    "Checkpoint",
    "CheckpointManager",
    "CheckpointReader",
    "CheckpointState",
    "checkpoint_exists",
    "children",
    "get_checkpoint_state",
    "is_trackable",
    "latest_checkpoint",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "pack_header",
    "pack_tensors",
    "unpack_tensors",
    "value_of",
    "write_durably",
]
