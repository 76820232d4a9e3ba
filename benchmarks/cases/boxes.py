"""How much 1,000 boxes overlap with 500 others (intersection over union), and the best partner of each of both."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-5
LIMIT = "quotients of all pairs"


def inputs():
    rng = np.random.default_rng(0)

    def boxes(count):
        corner = rng.random((count, 2), np.float32)
        return np.concatenate([corner, corner + rng.random((count, 2), np.float32)], 1)

    return boxes(1000), boxes(500)


def program(lib, a, b):
    low = lib.maximum(a[:, None, :2], b[None, :, :2])
    high = lib.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = lib.maximum(high - low, np.float32(0))
    both = sides[..., 0] * sides[..., 1]
    areas = [(x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (a, b)]
    overlap = both / (areas[0][:, None] + areas[1][None, :] - both)
    return lib.max(overlap, 1), lib.argmax(overlap, 1), lib.max(overlap, 0)


def oracle(a, b):
    return program(Numpy, a, b)


BUILDERS = builders(program)
# Its `maximum` takes no numbers.
del BUILDERS["torch_compile"]
