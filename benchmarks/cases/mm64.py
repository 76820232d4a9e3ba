"""Matrix product, 64 x 64 x 64."""

import numpy as np

from cases._programs import builders

TOLERANCE = 1e-4
LIMIT = "FMA rate; 0.25 us are the call"
FLOPS = 2 * 64**3


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=(64, 64)).astype(np.float32) for _ in range(2))


def program(lib, x, y):
    return lib.matmul(x, y)


def oracle(x, y):
    return [(x.astype(np.float64) @ y).astype(np.float32)]


BUILDERS = builders(program)
