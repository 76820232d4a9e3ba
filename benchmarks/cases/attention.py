"""Attention of 8 heads, 128 positions, 64 features each."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-05
LIMIT = "FMA rate and exponentials, half each"
FLOPS = 2 * 2 * 8 * 128 * 128 * 64


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=(8, 128, 64)).astype(np.float32) for _ in range(3))


def program(lib, q, k, v):
    scores = lib.matmul(q, lib.transpose(k, (0, 2, 1))) * 0.125
    e = lib.exp(scores - lib.max(scores, axis=2, keepdims=True))
    return lib.matmul(e / lib.sum(e, axis=2, keepdims=True), v)


def oracle(q, k, v):
    return [program(Numpy, q, k, v)]


BUILDERS = builders(program)
