"""A product of odd sizes, 197 x 768 x 3072."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0.0001
LIMIT = "FMA rate; a tenth is packing 9.4 MB"
FLOPS = 2 * 197 * 768 * 3072


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(197, 768)).astype(np.float32), rng.normal(size=(768, 3072)).astype(np.float32)


def program(lib, x, y):
    return lib.matmul(x, y)


def oracle(x, y):
    return [program(Numpy, x, y)]


BUILDERS = builders(program)
