"""Shortest paths between all pairs of 128 places: in step k a column and a row of the distances, written as slices."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-6
LIMIT = "the first- and second-level cache"
PLACES = 128


def inputs():
    return (np.random.default_rng(0).random((PLACES, PLACES), np.float32),)


def oracle(d):
    for k in range(PLACES):
        d = np.minimum(d, d[:, k : k + 1] + d[k : k + 1])
    return [d]


def make(tf, d):
    def run(d):
        for k in tf.range(PLACES):
            d = tf.minimum(d, d[:, k : k + 1] + d[k : k + 1])
        return d

    return run, (tf.constant(d),)


def make_jax(jax, d):
    def step(k, d):
        column = jax.lax.dynamic_slice(d, (0, k), (PLACES, 1))
        return jax.numpy.minimum(d, column + jax.lax.dynamic_slice(d, (k, 0), (1, PLACES)))

    return (lambda d: jax.lax.fori_loop(0, PLACES, step, d)), (d,)


def make_torch(torch, d):
    def run(d):
        for k in range(PLACES):
            d = torch.minimum(d, d[:, k : k + 1] + d[k : k + 1])
        return d

    return run, (torch.from_numpy(d),)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
