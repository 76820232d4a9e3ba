"""The spectra of 256 real signals of 1024."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-05
LIMIT = "passes through the first-level cache"


def inputs():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(256, 1024)).astype(np.float32),)


def program(lib, x):
    return lib.rfft(x)


def oracle(x):
    return [program(Numpy, x)]


BUILDERS = builders(program)
