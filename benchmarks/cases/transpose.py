"""The transpose of a matrix of 2001 x 1999 plus another matrix, so that nobody answers with a view."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-6
LIMIT = "copy bandwidth: lines of 16 rows at once"
BYTES = 2 * 4 * 2001 * 1999


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=size).astype(np.float32) for size in ((2001, 1999), (1999, 2001)))


def program(lib, x, y):
    return lib.transpose(x, (1, 0)) + y


def oracle(x, y):
    return [program(Numpy, x, y)]


BUILDERS = builders(program)
