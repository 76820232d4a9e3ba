"""conv2d NHWC 1 x 56 x 56 x 64, 1 x 1, 256 filters."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import filters, image_array, images, torch_like

TOLERANCE = 1e-4
LIMIT = "FMA rate; the result is as large as what a core reads of the third-level cache meanwhile"
FLOPS = 2 * 56 * 56 * 64 * 256


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(1, 56, 56, 64)).astype(np.float32), rng.normal(size=(1, 1, 64, 256)).astype(np.float32)


def oracle(x, w):
    return [x @ w[0, 0]]


def make(tf, x, w):
    return (lambda x, w: tf.nn.conv2d(x, w, 1, "SAME")), (tf.constant(x), tf.constant(w))


def make_jax(jax, x, w):
    return (
        lambda x, w: jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    ), (x, w)


def make_torch(torch, x, w):
    def run(x, w):
        return torch.nn.functional.conv2d(x, w)

    return run, (images(torch, x), filters(torch, w)), lambda r: [image_array(r)]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
