"""x y + x of 4,000 points of three coordinates, in the first-level cache: short loops that lie one after the other."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-6
LIMIT = "the first-level cache, and the call"


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=(4000, 3)).astype(np.float32) for _ in range(2))


def program(lib, x, y):
    return x * y + x


def oracle(x, y):
    return [program(Numpy, x, y)]


BUILDERS = builders(program)
