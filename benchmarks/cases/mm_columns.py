"""A product of 129 columns, one more than vectors hold: 256 x 1024 x 129."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0.0001
LIMIT = "FMA rate; one column of 129 is a sum along k"
FLOPS = 2 * 256 * 1024 * 129


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(256, 1024)).astype(np.float32), rng.normal(size=(1024, 129)).astype(np.float32)


def program(lib, x, y):
    return lib.matmul(x, y)


def oracle(x, y):
    return [program(Numpy, x, y)]


BUILDERS = builders(program)
