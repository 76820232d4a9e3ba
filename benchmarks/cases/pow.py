"""x to the power of y, of 1M elements each."""

import numpy as np

from cases._programs import builders

TOLERANCE = 1e-05
LIMIT = "arithmetic: 62 instructions a vector"


def inputs():
    rng = np.random.default_rng(0)
    return rng.uniform(0.1, 9, 1_000_000).astype(np.float32), rng.uniform(-3, 3, 1_000_000).astype(np.float32)


def program(lib, x, y):
    return x**y


def oracle(x, y):
    return [x.astype(np.float64) ** y]


BUILDERS = builders(program)
