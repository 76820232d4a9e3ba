"""The Cholesky factor of a matrix of 500 x 500."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-3
LIMIT = "FMA rate of small blocks, and columns one after the other"
FLOPS = 500**3 / 3


def inputs():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 500))
    return ((x @ x.T / 500 + np.eye(500)).astype(np.float32),)


def program(lib, a):
    return lib.cholesky(a)


def oracle(a):
    return [program(Numpy, a)]


BUILDERS = builders(program)
