"""argmax of rows, 4096 x 4096."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0
LIMIT = "read bandwidth"
BYTES = 4 * 4096 * 4096
TRAFFIC = "read"


def inputs():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(4096, 4096)).astype(np.float32),)


def program(lib, x):
    return lib.argmax(x, axis=1)


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
