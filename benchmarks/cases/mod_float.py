"""Remainders of 1M floats."""

import numpy as np

from cases._programs import builders

TOLERANCE = 0
LIMIT = "arithmetic of exact remainders"


def inputs():
    rng = np.random.default_rng(0)
    return rng.uniform(-99, 99, 1_000_000).astype(np.float32), rng.uniform(1, 9, 1_000_000).astype(np.float32)


def program(lib, x, y):
    return x % y


def oracle(x, y):
    return [x % y]


BUILDERS = builders(program)
