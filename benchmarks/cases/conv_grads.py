"""Both gradients of a convolution of stride 2: NHWC 8 x 56 x 56 x 64, 3 x 3, 128 filters, same."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import filter_array, filters, image_array, images, torch_like

TOLERANCE = 1e-4
LIMIT = "FMA rate; images pass through the third-level cache"
FLOPS = 2 * 2 * 8 * 28 * 28 * 64 * 128 * 9


def inputs():
    rng = np.random.default_rng(0)
    shapes = (8, 56, 56, 64), (3, 3, 64, 128), (8, 28, 28, 128)
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def oracle(x, w, g):
    # One row and column of zeros come after the input.
    padded = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(3):
        for j in range(3):
            window = (slice(None), slice(i, i + 55, 2), slice(j, j + 55, 2))
            dx[window] += g @ w[i, j].T
            dw[i, j] = np.tensordot(padded[window], g, ((0, 1, 2), (0, 1, 2)))
    return [dx[:, :56, :56], dw]


def make(tf, x, w, g):
    def gradients(x, w, g):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = tf.nn.conv2d(x, w, 2, "SAME")
        return tape.gradient(y, [x, w], output_gradients=g)

    return gradients, (tf.constant(x), tf.constant(w), tf.constant(g))


def make_jax(jax, x, w, g):
    def convolve(x, w):
        return jax.lax.conv_general_dilated(x, w, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    return (lambda x, w, g: jax.vjp(convolve, x, w)[1](g)), (x, w, g)


def make_torch(torch, x, w, g):
    def gradients(x, w, g):
        # One row and column of zeros come after the input.
        def convolve(x, w):
            return torch.nn.functional.conv2d(torch.nn.functional.pad(x, (0, 1, 0, 1)), w, stride=2)

        return torch.func.vjp(convolve, x, w)[1](g)

    args = images(torch, x), filters(torch, w), images(torch, g)
    return gradients, args, lambda r: [image_array(r[0]), filter_array(r[1])]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
