"""Cumulative sums along rows, 4096 x 4096."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0.0001
LIMIT = "copy bandwidth, around the caches"
BYTES = 2 * 4 * 4096 * 4096


def inputs():
    rng = np.random.default_rng(0)
    return (rng.random(size=(4096, 4096)).astype(np.float32),)


def program(lib, x):
    return lib.cumsum(x, axis=1)


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
