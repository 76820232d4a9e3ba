"""100k rows of 64 from a table of 50k."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0
LIMIT = "copy bandwidth; rows of 256 bytes from anywhere"
BYTES = 2 * 4 * 64 * 100000


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(50000, 64)).astype(np.float32), rng.integers(0, 50000, size=100000)


def program(lib, x, indices):
    return lib.gather(x, indices)


def oracle(x, indices):
    return [program(Numpy, x, indices)]


BUILDERS = builders(program)
