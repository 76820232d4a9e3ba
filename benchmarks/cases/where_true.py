"""Positions of the true half of a million elements."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 0
LIMIT = "copy bandwidth; eight positions an instruction"


def inputs():
    return (np.random.default_rng(0).random(1 << 20) < 0.5,)


def oracle(x):
    return [np.argwhere(x)]


def build_numpy(x):
    return lambda: np.flatnonzero(x), lambda r: [r[:, np.newaxis]]


def make(tf, x):
    return (lambda x: tf.where(x)), (tf.constant(x),)


def make_jax(jax, x):
    count = int(x.sum())
    return (lambda x: jax.numpy.argwhere(x, size=count)), (x,)


def make_torch(torch, x):
    return (lambda x: torch.argwhere(x)), (torch.from_numpy(x),)


BUILDERS = {"numpy": build_numpy, **tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
