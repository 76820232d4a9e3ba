"""Matrix product of complex64, 128 x 128 x 128."""

import numpy as np

from cases._programs import builders

TOLERANCE = 1e-4
LIMIT = "FMA rate; a tenth is adding both sums of a row"
FLOPS = 8 * 128**3


def inputs():
    rng = np.random.default_rng(0)
    return tuple(
        (rng.normal(size=(128, 128)) + 1j * rng.normal(size=(128, 128))).astype(np.complex64) for _ in range(2)
    )


def program(lib, x, y):
    return lib.matmul(x, y)


def oracle(x, y):
    return [(x.astype(np.complex128) @ y).astype(np.complex64)]


BUILDERS = builders(program)
