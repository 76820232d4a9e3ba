"""`tf.ragged`."""

from tfc.api.absent import explain as _explain
from tfc.ops.ragged import boolean_mask, constant, is_ragged, map_flat_values, range, stack

__all__ = ["boolean_mask", "constant", "is_ragged", "map_flat_values", "range", "stack"]


def __getattr__(name):
    _explain("ragged", name)
