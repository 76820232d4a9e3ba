"""A filter of grey images: conv2d NHWC 8 x 128 x 128 x 1, 5 x 5, same padding."""

import numpy as np

from cases._convolutions import conv, jax_conv
from cases._steps import jax_like, tensorflow_like
from cases._torch import filters, image_array, images, torch_like

TOLERANCE = 1e-4
LIMIT = "loads: each multiply-add of a window reads an element"
FLOPS = 2 * 8 * 128 * 128 * 25


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(8, 128, 128, 1)).astype(np.float32), rng.normal(size=(5, 5, 1, 1)).astype(np.float32)


def oracle(x, w):
    return [conv(x, w)]


def make(tf, x, w):
    return (lambda x, w: tf.nn.conv2d(x, w, 1, "SAME")), (tf.constant(x), tf.constant(w))


def make_jax(jax, x, w):
    return (lambda x, w: jax_conv(jax, x, w)), (x, w)


def make_torch(torch, x, w):
    def run(x, w):
        return torch.nn.functional.conv2d(x, w, padding=2)

    return run, (images(torch, x), filters(torch, w)), lambda r: [image_array(r)]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
