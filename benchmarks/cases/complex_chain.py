"""An exponential of 262,144 complex numbers, and what is done with it."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-05
LIMIT = "functions of the parts in float64"
BYTES = (2 * 8 + 4) << 18


def inputs():
    rng = np.random.default_rng(0)
    return tuple((rng.normal(size=1 << 18) + 1j * rng.normal(size=1 << 18)).astype(np.complex64) for _ in range(2))


def program(lib, x, y):
    return lib.abs(lib.exp(x) * y + lib.conj(x))


def oracle(x, y):
    return [program(Numpy, x, y)]


BUILDERS = builders(program)
