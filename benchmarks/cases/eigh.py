"""Eigenvalues and eigenvectors of a symmetric matrix of 256 x 256, and the matrix again from them: signs of vectors are
not determined.
"""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-3
LIMIT = "reading the matrix for each column; the chain of a rotation"


def inputs():
    x = np.random.default_rng(0).normal(size=(256, 256))
    return ((x + x.T).astype(np.float32) / 16,)


def program(lib, a):
    w, v = lib.eigh(a)
    return w, lib.matmul(v * w, lib.transpose(v, (1, 0)))


def oracle(a):
    return list(program(Numpy, a))


BUILDERS = builders(program)
