"""Remainders of 1M integers of 32 bits."""

import numpy as np

from cases._programs import builders

TOLERANCE = 0
LIMIT = "quotients in float64"


def inputs():
    rng = np.random.default_rng(0)
    return rng.integers(-(10**6), 10**6, 1_000_000, np.int32), rng.integers(1, 1000, 1_000_000, np.int32)


def program(lib, x, y):
    return x % y


def oracle(x, y):
    return [x % y]


BUILDERS = builders(program)
