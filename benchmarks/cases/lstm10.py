"""One step of the tiny LSTM cell: 10 units, batch 10."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-5
LIMIT = "latency of two products and five functions, and the call"


def inputs():
    rng = np.random.default_rng(0)
    shapes = [(10, 10), (10, 10), (10, 10), (10, 40), (10, 40), (40,)]
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def program(lib, x, h, c, w, u, b):
    i, f, g, o = lib.split(lib.matmul(x, w) + lib.matmul(h, u) + b, 4)
    c = lib.sigmoid(f) * c + lib.sigmoid(i) * lib.tanh(g)
    return lib.sigmoid(o) * lib.tanh(c), c


def oracle(*args):
    return list(program(Numpy, *args))


BUILDERS = builders(program)
