"""Running logarithms of sums of exponentials along the rows of 512 x 1000, and along the columns."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-5
LIMIT = "chains of one maximum and one sum an element"


def inputs():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(512, 1000)).astype(np.float32),)


def program(lib, x):
    return lib.cumulative_logsumexp(x, 1), lib.cumulative_logsumexp(x, 0)


def oracle(x):
    return list(program(Numpy, x))


BUILDERS = builders(program)
