"""`tf.vectorized_map` by pushing the axis of rows through a traced function, op by op."""

from tfc.batching.vectorize import vectorized

__all__ = ["vectorized"]
