"""A million numbers in order."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0
LIMIT = "one port of the processor: comparisons and compressions"


def inputs():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(1 << 20,)).astype(np.float32),)


def program(lib, x):
    return lib.sort(x)


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
