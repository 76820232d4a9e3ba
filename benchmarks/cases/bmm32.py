"""A batch of 32 products, 128 x 64 x 128."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0.0001
LIMIT = "FMA rate"
FLOPS = 2 * 32 * 128 * 64 * 128


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(32, 128, 64)).astype(np.float32), rng.normal(size=(32, 64, 128)).astype(np.float32)


def program(lib, x, y):
    return lib.matmul(x, y)


def oracle(x, y):
    return [program(Numpy, x, y)]


BUILDERS = builders(program)
