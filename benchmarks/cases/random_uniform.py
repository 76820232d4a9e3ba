"""2M uniform random numbers, of which mean and square mean are compared."""

import numpy as np

from cases._random import TOLERANCE, builders, inputs

__all__ = ["BUILDERS", "TOLERANCE", "inputs", "oracle"]
LIMIT = "multiplications of Philox"


def oracle(seed):
    return [np.array([0.5, 1 / 3])]


BUILDERS = builders("uniform", lambda rng, count: rng.random(count, np.float32), "rand")
