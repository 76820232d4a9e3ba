"""`tf.io`."""

from tfc.ops.strings import decode_raw

__all__ = ["decode_raw"]
