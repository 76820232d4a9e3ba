"""How often each of 1000 numbers occurs among a million."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 0
LIMIT = "a count waits for the one before at the same place"
BYTES = 4 << 20
TRAFFIC = "read"


def inputs():
    return (np.random.default_rng(0).integers(0, 1000, size=1 << 20).astype(np.int32),)


def oracle(x):
    return [np.bincount(x, minlength=1000).astype(np.int32)]


def build_numpy(x):
    return lambda: np.bincount(x, minlength=1000), lambda r: [r.astype(np.int32)]


def make(tf, x):
    return (lambda x: tf.math.bincount(x, minlength=1000)), (tf.constant(x),)


def make_jax(jax, x):
    return (lambda x: jax.numpy.bincount(x, length=1000)), (x,)


def make_torch(torch, x):
    def count(x):
        return torch.zeros(1000, dtype=torch.int32).scatter_add_(0, x, torch.ones_like(x, dtype=torch.int32))

    return count, (torch.from_numpy(x.astype(np.int64)),)


BUILDERS = {"numpy": build_numpy, **tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
