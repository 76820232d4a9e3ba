"""x / (1 + x^2) of 16M elements: more than caches keep."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-6
LIMIT = "copy bandwidth, around the caches"
BYTES = 2 * 4 * 16 * 2**20


def inputs():
    rng = np.random.default_rng(0)
    return (rng.random(size=16 * 2**20).astype(np.float32),)


def program(lib, x):
    return x / (1.0 + x * x)


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
