"""The spectra of 64 real signals of 1009, a prime."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-04
LIMIT = "two transforms of twice the length"


def inputs():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(64, 1009)).astype(np.float32),)


def program(lib, x):
    return lib.rfft(x)


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
