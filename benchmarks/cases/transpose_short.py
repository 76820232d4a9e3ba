"""Dimensions of 8, 16, 8, 16 and 32 in another order, and of 20, 50, 60 and 20 backwards, plus other tensors, so that
nobody answers with a view.
"""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-6
LIMIT = "copy bandwidth"
ORDERS = (4, 2, 0, 3, 1), (3, 2, 1, 0)
SHAPES = (8, 16, 8, 16, 32), (20, 50, 60, 20)
BYTES = 3 * 4 * sum(int(np.prod(shape)) for shape in SHAPES)


def inputs():
    rng = np.random.default_rng(0)
    turned = [tuple(shape[axis] for axis in order) for shape, order in zip(SHAPES, ORDERS, strict=True)]
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in (*SHAPES, *turned))


def program(lib, x, y, more_x, more_y):
    return lib.transpose(x, ORDERS[0]) + more_x, lib.transpose(y, ORDERS[1]) + more_y


def oracle(*arrays):
    return list(program(Numpy, *arrays))


BUILDERS = builders(program)
