"""An elementwise chain with broadcasting: tanh(x w + b) sigmoid(x) + x, x 4096 x 1024."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-5
LIMIT = "arithmetic: 50 instructions a vector for tanh and sigmoid, as long as the copy"
BYTES = 2 * 4 * 4096 * 1024


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=s).astype(np.float32) for s in [(4096, 1024), (1024,), (1024,)])


def program(lib, x, w, b):
    return lib.tanh(x * w + b) * lib.sigmoid(x) + x


def oracle(*args):
    return [program(Numpy, *args)]


BUILDERS = builders(program)
