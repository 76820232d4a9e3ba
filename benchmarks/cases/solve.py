"""A system of 1,000 linear equations, one right side: LU factors in blocks."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-3
LIMIT = "FMA rate of blocks; panels are columns one after the other"
FLOPS = 2 * 1000**3 / 3


def inputs():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(1000, 1000)) + 64 * np.eye(1000)).astype(np.float32), np.ones((1000, 1), np.float32)


def program(lib, a, b):
    return lib.solve(a, b)


def oracle(a, b):
    return [program(Numpy, a, b)]


BUILDERS = builders(program)
