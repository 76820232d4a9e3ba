"""Eight images 224 x 224 x 3 of bytes, from right to left, as numbers with a mean of zero."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-6
LIMIT = "copy bandwidth; lanes are picked from two vectors"
BYTES = 8 * 224 * 224 * 3 * (1 + 4)


def inputs():
    return (np.random.default_rng(0).integers(0, 256, (8, 224, 224, 3), np.uint8),)


def oracle(x):
    return [x[:, :, ::-1].astype(np.float32) * np.float32(1 / 127.5) - np.float32(1)]


def make(tf, x):
    return (lambda x: tf.cast(tf.image.flip_left_right(x), tf.float32) * (1 / 127.5) - 1.0), (tf.constant(x),)


def make_jax(jax, x):
    return (lambda x: x[:, :, ::-1].astype(np.float32) * (1 / 127.5) - 1.0), (x,)


def make_torch(torch, x):
    return (lambda x: x.flip(2).float() * (1 / 127.5) - 1.0), (torch.from_numpy(x),)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
