"""Whole numbers to the power of others between 0 and 9, of 1M elements each."""

import numpy as np

from cases._programs import builders

TOLERANCE = 0
LIMIT = "copy bandwidth; seven multiplications a vector"
BYTES = 12_000_000


def inputs():
    rng = np.random.default_rng(0)
    return rng.integers(-9, 10, 1_000_000).astype(np.int32), rng.integers(0, 10, 1_000_000).astype(np.int32)


def program(lib, x, y):
    return x**y


def oracle(x, y):
    return [x**y]


BUILDERS = builders(program)
