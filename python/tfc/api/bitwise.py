"""`tf.bitwise`."""

from tfc.ops.math import bitwise_and, bitwise_or, bitwise_xor, invert, left_shift, right_shift
from tfc.ops.naming import publish

publish(globals())

__all__ = [
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "invert",
    "left_shift",
    "right_shift",
]
