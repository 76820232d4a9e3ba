"""gelu with erf of 4M elements."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-05
LIMIT = "arithmetic: 21 instructions a vector for erf, and the copy"
BYTES = 2 * 4 * 4096 * 1024


def inputs():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(4096, 1024)).astype(np.float32),)


def program(lib, x):
    return 0.5 * x * (1 + lib.erf(x * 0.7071067811865476))


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
