"""`tf.ragged`."""

from tfc.ops.ragged import boolean_mask, constant, is_ragged, map_flat_values, range, stack

__all__ = ["boolean_mask", "constant", "is_ragged", "map_flat_values", "range", "stack"]
