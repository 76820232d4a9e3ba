"""The QR factors of a matrix of 600 x 400."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-3
LIMIT = "FMA rate of blocks of reflections; panels are columns one after the other"
FLOPS = 4 * 600 * 400**2 - 4 * 400**3 // 3


def inputs():
    return (np.random.default_rng(0).normal(size=(600, 400)).astype(np.float32),)


def program(lib, a):
    q, r = lib.qr(a)
    return lib.abs(q), lib.abs(r)


def oracle(a):
    return list(program(Numpy, a))


BUILDERS = builders(program)
