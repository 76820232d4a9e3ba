"""The inverse of a matrix of 256 x 256."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-3
LIMIT = "FMA rate of small blocks"
FLOPS = 2 * 256**3


def inputs():
    rng = np.random.default_rng(0)
    return ((rng.normal(size=(256, 256)) + 32 * np.eye(256)).astype(np.float32),)


def program(lib, a):
    return lib.inv(a)


def oracle(a):
    return [program(Numpy, a)]


BUILDERS = builders(program)
