"""The spectrum of 65,536 complex numbers."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-05
LIMIT = "passes and transposes"


def inputs():
    rng = np.random.default_rng(0)
    return ((rng.normal(size=1 << 16) + 1j * rng.normal(size=1 << 16)).astype(np.complex64),)


def program(lib, x):
    return lib.fft(x)


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
