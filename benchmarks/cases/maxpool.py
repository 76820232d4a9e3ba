"""Max pooling NHWC 1 x 56 x 56 x 64, 2 x 2, stride 2."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import image_array, images, torch_like

TOLERANCE = 1e-4
LIMIT = "the first- and second-level cache"
BYTES = 4 * 56 * 56 * 64 * 5 // 4


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(1, 56, 56, 64)).astype(np.float32), rng.normal(size=(1,)).astype(np.float32)


def oracle(x, w):
    return [x.reshape(1, 28, 2, 28, 2, 64).max((2, 4))]


def make(tf, x, w):
    return (lambda x, w: tf.nn.max_pool2d(x, 2, 2, "VALID")), (tf.constant(x), tf.constant(w))


def make_jax(jax, x, w):
    return (lambda x, w: jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")), (x, w)


def make_torch(torch, x, w):
    return (lambda x: torch.nn.functional.max_pool2d(x, 2)), (images(torch, x),), lambda r: [image_array(r)]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
