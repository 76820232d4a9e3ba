"""The convolution of conv3x3 in bfloat16: products are added in float32."""

import ml_dtypes
import numpy as np

from cases import conv3x3

TOLERANCE = 3e-2
LIMIT = "tiles of AMX, and copies of the windows"
FLOPS = conv3x3.FLOPS
BUILDERS = conv3x3.BUILDERS


def inputs():
    x, w = conv3x3.inputs()
    return x.astype(ml_dtypes.bfloat16), (w * 0.05).astype(ml_dtypes.bfloat16)


def oracle(x, w):
    return conv3x3.oracle(x.astype(np.float32), w.astype(np.float32))
