"""`tf.train`: checkpoints."""

from tfc.api.absent import explain as _explain
from tfc.checkpoint import (
    Checkpoint,
    CheckpointManager,
    CheckpointState,
    checkpoint_exists,
    get_checkpoint_state,
    latest_checkpoint,
    list_variables,
    load_checkpoint,
    load_variable,
)
from tfc.ops.naming import publish
from tfc.state.averages import ExponentialMovingAverage

publish(globals())

__all__ = [
    "Checkpoint",
    "CheckpointManager",
    "CheckpointState",
    "ExponentialMovingAverage",
    "checkpoint_exists",
    "get_checkpoint_state",
    "latest_checkpoint",
    "list_variables",
    "load_checkpoint",
    "load_variable",
]


def __getattr__(name):
    _explain("train", name)
