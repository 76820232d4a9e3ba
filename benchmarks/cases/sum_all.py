"""The sum of 16M elements."""

import numpy as np

from cases._programs import builders

TOLERANCE = 1e-05
LIMIT = "read bandwidth"
BYTES = 4 * 16 * 2**20
TRAFFIC = "read"


def inputs():
    rng = np.random.default_rng(0)
    return (rng.random(size=(16 * 2**20,)).astype(np.float32),)


def program(lib, x):
    return lib.sum(x)


def oracle(x):
    return [np.asarray(x.astype(np.float64).sum())]


BUILDERS = builders(program)
