"""50 steps of Jacobi's method on 256 x 256: four slices of the grid are added and padded with zeros."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "second-level cache: nine passes of 256 KiB a step"
STEPS = 50


def inputs():
    return (np.random.default_rng(0).normal(size=(256, 256)).astype(np.float32),)


def inner(u):
    return 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])


def oracle(u):
    for _ in range(STEPS):
        u = np.pad(inner(u), 1)
    return [u]


def make(tf, u):
    def run(u):
        for _ in tf.range(STEPS):
            u = tf.pad(inner(u), [[1, 1], [1, 1]])
        return u

    return run, (tf.constant(u),)


def make_jax(jax, u):
    def run(u):
        return jax.lax.fori_loop(0, STEPS, lambda _, u: jax.numpy.pad(inner(u), 1), u)

    return run, (u,)


def make_torch(torch, u):
    def run(u):
        for _ in range(STEPS):
            u = torch.nn.functional.pad(inner(u), (1, 1, 1, 1))
        return u

    return run, (torch.from_numpy(u),)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
