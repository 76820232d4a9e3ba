"""`tf.ragged`."""

from tfc.api.absent import explain as _explain
from tfc.ops.naming import publish
from tfc.ops.ragged import constant, is_ragged, map_flat_values, row_splits_to_segment_ids, segment_ids_to_row_splits
from tfc.ops.ragged_ops import ragged_boolean_mask as boolean_mask
from tfc.ops.ragged_ops import ragged_range as range
from tfc.ops.ragged_ops import stack
from tfc.ops.ragged_rows import stack_dynamic_partitions

publish(globals())

__all__ = [
    "boolean_mask",
    "constant",
    "is_ragged",
    "map_flat_values",
    "range",
    "row_splits_to_segment_ids",
    "segment_ids_to_row_splits",
    "stack",
    "stack_dynamic_partitions",
]


def __getattr__(name):
    _explain("ragged", name)
