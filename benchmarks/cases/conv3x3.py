"""conv2d NHWC 1 x 56 x 56 x 64, 3 x 3, 64 filters, same."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import filters, image_array, images, torch_like

TOLERANCE = 1e-4
LIMIT = "FMA rate"
FLOPS = 2 * 56 * 56 * 64 * 64 * 9


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(1, 56, 56, 64)).astype(np.float32), rng.normal(size=(3, 3, 64, 64)).astype(np.float32)


def oracle(x, w):
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return [sum(padded[:, i : i + 56, j : j + 56] @ w[i, j] for i in range(3) for j in range(3))]


def make(tf, x, w):
    return (lambda x, w: tf.nn.conv2d(x, w, 1, "SAME")), (tf.constant(x), tf.constant(w))


def make_jax(jax, x, w):
    return (
        lambda x, w: jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    ), (x, w)


def make_torch(torch, x, w):
    def run(x, w):
        return torch.nn.functional.conv2d(x, w, padding=1)

    return run, (images(torch, x), filters(torch, w)), lambda r: [image_array(r)]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
