"""The gradient of a layer's weights: 6272 x 128, transposed, times 6272 x 32."""

import numpy as np

from cases._programs import builders

TOLERANCE = 1e-4
LIMIT = "FMA rate; 32 columns are half of a tile"
FLOPS = 2 * 6272 * 128 * 32


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=(6272, columns)).astype(np.float32) for columns in (128, 32))


def program(lib, x, g):
    return lib.matmul(lib.transpose(x, (1, 0)), g)


def oracle(x, g):
    return [(x.T.astype(np.float64) @ g).astype(np.float32)]


BUILDERS = builders(program)
