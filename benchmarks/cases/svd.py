"""Singular values and vectors of a matrix of 300 x 200, and the matrix again from them: signs of vectors are not
determined.
"""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-3
LIMIT = "reading the matrix for each column; the chain of a rotation"


def inputs():
    return (np.random.default_rng(0).normal(size=(300, 200)).astype(np.float32) / 16,)


def program(lib, a):
    s, u, v = lib.svd(a)
    return s, lib.matmul(u * s, lib.transpose(v, (1, 0)))


def oracle(a):
    return list(program(Numpy, a))


BUILDERS = builders(program)
