"""Sines and cosines of ten octaves of 2,048 points of three coordinates, side by side."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-3
LIMIT = "arithmetic of sine and cosine"


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(2048, 1, 3)).astype(np.float32), (2.0 ** np.arange(10)).astype(np.float32).reshape(10, 1)


def program(lib, x, octaves):
    angles = x * octaves
    return lib.reshape(lib.concat([lib.sin(angles), lib.cos(angles)], 1), (2048, 60))


def oracle(x, octaves):
    return [program(Numpy, x, octaves)]


BUILDERS = builders(program)
