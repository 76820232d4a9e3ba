"""The gradient of a filter of three dimensions, 3 x 3 x 3, NDHWC 16 x 32 x 32 x 32, 32 filters, same."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import filter_array, filters, images, torch_like

TOLERANCE = 1e-4
LIMIT = "FMA rate"
FLOPS = 2 * 16 * 32 * 32 * 32 * 32 * 27


def inputs():
    rng = np.random.default_rng(0)
    shapes = (1, 16, 32, 32, 32), (3, 3, 3, 32, 32), (1, 16, 32, 32, 32)
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def oracle(x, w, g):
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (1, 1), (0, 0)))
    dw = np.empty_like(w)
    for i, j, k in np.ndindex(3, 3, 3):
        dw[i, j, k] = np.tensordot(padded[:, i : i + 16, j : j + 32, k : k + 32], g, ((0, 1, 2, 3), (0, 1, 2, 3)))
    return [dw]


def make(tf, x, w, g):
    def gradient(x, w, g):
        with tf.GradientTape() as tape:
            tape.watch(w)
            y = tf.nn.conv3d(x, w, [1, 1, 1, 1, 1], "SAME")
        return [tape.gradient(y, w, output_gradients=g)]

    return gradient, (tf.constant(x), tf.constant(w), tf.constant(g))


def make_jax(jax, x, w, g):
    def convolve(w, x):
        return jax.lax.conv_general_dilated(x, w, (1, 1, 1), "SAME", dimension_numbers=("NDHWC", "DHWIO", "NDHWC"))

    return (lambda x, w, g: list(jax.vjp(lambda w: convolve(w, x), w)[1](g))), (x, w, g)


def make_torch(torch, x, w, g):
    def gradient(x, w, g):
        return torch.func.vjp(lambda w: torch.nn.functional.conv3d(x, w, padding=1), w)[1](g)[0]

    return gradient, (images(torch, x), filters(torch, w), images(torch, g)), lambda r: [filter_array(r)]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
