"""`tf.io`."""

from tfc.ops.naming import publish
from tfc.ops.strings import decode_raw

publish(globals())

__all__ = ["decode_raw"]
