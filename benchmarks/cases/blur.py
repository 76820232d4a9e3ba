"""A blur of coloured images: depthwise conv2d NHWC 8 x 128 x 128 x 3, 7 x 7, valid."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import depthwise_filters, image_array, images, torch_like

TOLERANCE = 1e-4
LIMIT = "loads: each multiply-add of a window reads an element"
FLOPS = 2 * 8 * 122 * 122 * 3 * 49


def inputs():
    rng = np.random.default_rng(0)
    bell = np.hanning(9)[1:-1]
    kernel = np.repeat(np.outer(bell, bell)[:, :, None, None] / bell.sum() ** 2, 3, 2)
    return rng.normal(size=(8, 128, 128, 3)).astype(np.float32), kernel.astype(np.float32)


def oracle(x, w):
    return [sum(x[:, i : i + 122, j : j + 122] * w[i, j, :, 0] for i in range(7) for j in range(7))]


def make(tf, x, w):
    return (lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "VALID")), (tf.constant(x), tf.constant(w))


def make_jax(jax, x, w):
    return (
        lambda x, w: jax.lax.conv_general_dilated(
            x,
            w.reshape(7, 7, 1, 3),
            (1, 1),
            "VALID",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=3,
        )
    ), (x, w)


def make_torch(torch, x, w):
    def run(x, w):
        return torch.nn.functional.conv2d(x, w, groups=3)

    return run, (images(torch, x), depthwise_filters(torch, w)), lambda r: [image_array(r)]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
