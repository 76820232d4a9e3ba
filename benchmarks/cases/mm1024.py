"""Matrix product, 1024 x 1024 x 1024."""

import numpy as np

from cases._programs import builders

TOLERANCE = 1e-4
LIMIT = "FMA rate; the second-level cache where the host is slow"
FLOPS = 2 * 1024**3


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=(1024, 1024)).astype(np.float32) for _ in range(2))


def program(lib, x, y):
    return lib.matmul(x, y)


def oracle(x, y):
    return [(x.astype(np.float64) @ y).astype(np.float32)]


BUILDERS = builders(program)
