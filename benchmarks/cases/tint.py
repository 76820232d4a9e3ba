"""Coloured images 16 x 224 x 224 x 3, each pixel with a weight of its own, each colour with a scale and an offset."""

import numpy as np

from cases._programs import builders

TOLERANCE = 1e-5
LIMIT = "copy bandwidth"


def inputs():
    rng = np.random.default_rng(0)
    image = rng.random((16, 224, 224, 3), np.float32)
    weight = rng.random((16, 224, 224, 1), np.float32)
    return image, weight, np.float32([4.4, 4.5, 4.6]), np.float32([0.48, 0.45, 0.4])


def program(lib, image, weight, scale, offset):
    return (image * weight - offset) * scale


def oracle(*inputs):
    return [program(None, *inputs)]


BUILDERS = builders(program)
