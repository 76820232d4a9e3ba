"""Call overhead: a nested dict argument and result with six one-element arrays."""

import numpy as np

from cases._programs import builders

TOLERANCE = 0.0
LIMIT = "the call: twelve tensors and their containers"


def inputs():
    def one(i):
        return np.full([1], i, np.float32)

    return ({"a": [one(0), one(1)], "b": {"c": one(2), "d": (one(3), one(4))}, "e": one(5)},)


def program(lib, tree):
    a, b = tree["a"], tree["b"]
    return {"a": [a[0] + 1, a[1] + 1], "b": {"c": b["c"] + 1, "d": (b["d"][0] + 1, b["d"][1] + 1)}, "e": tree["e"] + 1}


def oracle(tree):
    return [np.full([1], i + 1, np.float32) for i in range(6)]


BUILDERS = builders(program)
