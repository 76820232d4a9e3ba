"""Matrix product of int32, 256 x 256 x 256."""

import numpy as np

from cases._programs import builders

TOLERANCE = 0
LIMIT = "multiplication of integers: half the rate of FMA, and two instructions"


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.integers(-1000, 1000, (256, 256)).astype(np.int32) for _ in range(2))


def program(lib, x, y):
    return lib.matmul(x, y)


def oracle(x, y):
    return [x @ y]


BUILDERS = builders(program)
