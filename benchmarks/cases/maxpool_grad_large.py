"""As `maxpool_grad`, NHWC 8 x 112 x 112 x 64, which no cache holds."""

from cases import _pools
from cases._pools import BUILDERS, oracle

__all__ = ["BUILDERS", "oracle"]
TOLERANCE = 1e-5
LIMIT = "memory: the image is read twice, for the maxima and for the gradient"


def inputs():
    return _pools.inputs(112)
