"""Layer normalization of rows, 4096 x 1024."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0.0001
LIMIT = "copy bandwidth: a row stays in the first-level cache"
BYTES = 2 * 4 * 4096 * 1024


def inputs():
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(4096, 1024)).astype(np.float32),
        rng.normal(size=1024).astype(np.float32),
        rng.normal(size=1024).astype(np.float32),
    )


def program(lib, x, scale, shift):
    centered = x - lib.mean(x, axis=1, keepdims=True)
    variance = lib.mean(lib.square(centered), axis=1, keepdims=True)
    return centered / lib.sqrt(variance + 1e-5) * scale + shift


def oracle(x, scale, shift):
    return [program(Numpy, x, scale, shift)]


BUILDERS = builders(program)
