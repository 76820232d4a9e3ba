"""The largest of 3 x 3 with steps of 2, valid, of images of three channels: NHWC 8 x 112 x 112 x 3."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import image_array, images, torch_like

TOLERANCE = 0
LIMIT = "the second-level cache"
BYTES = 4 * 8 * 3 * (112 * 112 + 55 * 55)


def inputs():
    return (np.random.default_rng(0).normal(size=(8, 112, 112, 3)).astype(np.float32),)


def oracle(x):
    return [np.max([x[:, i : i + 110 : 2, j : j + 110 : 2] for i in range(3) for j in range(3)], 0)]


def make(tf, x):
    return (lambda x: tf.nn.max_pool2d(x, 3, 2, "VALID")), (tf.constant(x),)


def make_jax(jax, x):
    return (lambda x: jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "VALID")), (x,)


def make_torch(torch, x):
    return (lambda x: torch.nn.functional.max_pool2d(x, 3, 2)), (images(torch, x),), lambda r: [image_array(r)]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
