"""exp of 4M elements."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-05
LIMIT = "copy bandwidth and 17 instructions a vector"
BYTES = 2 * 4 * 4096 * 1024


def inputs():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(4096, 1024)).astype(np.float32),)


def program(lib, x):
    return lib.exp(x)


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
