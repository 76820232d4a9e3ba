"""The last layer of a classifier: 512 x 256, ten columns, bias."""

import numpy as np

from cases._programs import builders

TOLERANCE = 1e-4
LIMIT = "FMA rate; ten columns are less than a vector"
FLOPS = 2 * 512 * 256 * 10


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in ((512, 256), (256, 10), (10,)))


def program(lib, x, w, b):
    return lib.matmul(x, w) + b


def oracle(x, w, b):
    return [x @ w + b]


BUILDERS = builders(program)
