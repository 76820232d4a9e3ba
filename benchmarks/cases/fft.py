"""The spectra of 64 real signals of 4096, and back."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-05
LIMIT = "passes through the second-level cache"


def inputs():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(64, 4096)).astype(np.float32),)


def program(lib, x):
    return lib.irfft(lib.rfft(x))


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
