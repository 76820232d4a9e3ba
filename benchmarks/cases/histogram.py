"""A histogram of a million numbers, 100 bins."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-3
LIMIT = "a count waits for the one before at the same place"
BYTES = 4 << 20
TRAFFIC = "read"


def inputs():
    return (np.random.default_rng(0).normal(size=1 << 20).astype(np.float32),)


def oracle(x):
    bins = np.floor(np.float32(100) * ((x + np.float32(4)) / np.float32(8))).clip(0, 99)
    return [np.bincount(bins.astype(np.int64), minlength=100).astype(np.int32)]


def make(tf, x):
    return (lambda x: tf.histogram_fixed_width(x, [-4.0, 4.0])), (tf.constant(x),)


def make_jax(jax, x):
    def histogram(x):
        bins = jax.numpy.clip(jax.numpy.floor(100 * ((x + 4) / 8)), 0, 99).astype("int32")
        return jax.numpy.bincount(bins, length=100)

    return histogram, (x,)


def make_torch(torch, x):
    def histogram(x):
        bins = (100 * ((x + 4) / 8)).floor().clamp(0, 99).long()
        return torch.zeros(100, dtype=torch.int32).scatter_add_(0, bins, torch.ones_like(bins, dtype=torch.int32))

    return histogram, (torch.from_numpy(x),)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
