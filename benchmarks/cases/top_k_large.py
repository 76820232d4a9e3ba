"""The 5,000 largest of rows and their places, 16 x 20,000."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0
LIMIT = "one port of the processor: comparisons and compressions"


def inputs():
    rng = np.random.default_rng(0)
    # Equal elements have no order in numpy.
    return (rng.permuted(np.tile(np.arange(20000, dtype=np.float32), (16, 1)), axis=1),)


def program(lib, x):
    return lib.top_k(x, 5000)


def oracle(x):
    return list(program(Numpy, x))


BUILDERS = builders(program)
