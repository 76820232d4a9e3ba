"""The sum of 262,144 products, as a product of a row and a column."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-3
LIMIT = "read bandwidth"
BYTES = 2 * 4 * 262144
TRAFFIC = "read"


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(1, 262144)).astype(np.float32), rng.normal(size=(262144, 1)).astype(np.float32)


def program(lib, x, y):
    return lib.matmul(x, y)


def oracle(x, y):
    return [program(Numpy, x, y)]


BUILDERS = builders(program)
