"""The spectrum of a complex image of 256 x 256."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-05
LIMIT = "passes and two transposes"


def inputs():
    rng = np.random.default_rng(0)
    return ((rng.normal(size=(256, 256)) + 1j * rng.normal(size=(256, 256))).astype(np.complex64),)


def program(lib, x):
    return lib.fft2(x)


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
