"""The dense layer of dense16, with captured weights, in bfloat16."""

import ml_dtypes
import numpy as np

from cases import dense16

TOLERANCE = 3e-2
LIMIT = "read bandwidth of the weights: 16 rows use each of them"
FLOPS = dense16.FLOPS
BUILDERS = {name: build for name, build in dense16.BUILDERS.items() if name != "numpy"}


def inputs():
    x, w, b = dense16.inputs()
    return tuple(v.astype(ml_dtypes.bfloat16) for v in (x, w * 0.03, b))


def oracle(x, w, b):
    return dense16.oracle(*(v.astype(np.float32) for v in (x, w, b)))
