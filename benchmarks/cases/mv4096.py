"""A matrix of 4096 x 4096 times a vector."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0.0001
LIMIT = "read bandwidth"
BYTES = 4 * 4096 * 4096
TRAFFIC = "read"


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(4096, 4096)).astype(np.float32), rng.normal(size=(4096, 1)).astype(np.float32)


def program(lib, x, y):
    return lib.matmul(x, y)


def oracle(x, y):
    return [program(Numpy, x, y)]


BUILDERS = builders(program)
