"""Call overhead: f(x) = x + 1, one element."""

import numpy as np

from cases._programs import builders

TOLERANCE = 0.0
LIMIT = "the call: 0.2 us of dispatch, no Python code on a hit"


def inputs():
    return (np.ones([1], np.float32),)


def program(lib, x):
    return x + 1


def oracle(x):
    return [x + 1]


BUILDERS = builders(program)
