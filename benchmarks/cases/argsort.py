"""The stable order of rows, 1000 x 1000."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0
LIMIT = "comparisons of networks: one port of the processor"


def inputs():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(1000, 1000)).astype(np.float32),)


def program(lib, x):
    return lib.argsort(x)


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
