"""2M normal random numbers, of which mean and square mean are compared."""

import numpy as np

from cases._random import TOLERANCE, builders, inputs

__all__ = ["BUILDERS", "TOLERANCE", "inputs", "oracle"]
LIMIT = "arithmetic of Philox and of two logarithms"


def oracle(seed):
    return [np.array([0, 1])]


BUILDERS = builders("normal", lambda rng, count: rng.standard_normal(count, np.float32), "randn")
