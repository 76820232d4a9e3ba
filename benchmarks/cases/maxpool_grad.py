"""The largest of 3 x 3 with steps of 2, NHWC 8 x 56 x 56 x 64, same, and its gradient, of half zeros."""

from cases import _pools
from cases._pools import BUILDERS, oracle

__all__ = ["BUILDERS", "oracle"]
TOLERANCE = 1e-5
LIMIT = "the third-level cache: the image is read twice, for the maxima and for the gradient"


def inputs():
    return _pools.inputs(56)
