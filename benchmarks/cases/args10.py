"""Call overhead: the sum of ten one-element arguments."""

import numpy as np

from cases._programs import builders

TOLERANCE = 1e-6
LIMIT = "the call: 15 to 20 ns an argument"


def inputs():
    return tuple(np.full([1], i, np.float32) for i in range(10))


def program(lib, *xs):
    total = xs[0]
    for x in xs[1:]:
        total = total + x
    return total


def oracle(*xs):
    return [np.sum(xs, axis=0)]


BUILDERS = builders(program)
