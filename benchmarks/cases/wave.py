"""50 steps of the wave equation on 256 x 256: the values before and those now change places."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-3
LIMIT = "second-level cache"
STEPS = 50


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=(256, 256)).astype(np.float32) for _ in range(2))


def inner(u):
    return u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]


def oracle(before, now):
    for _ in range(STEPS):
        before, now = now, 2 * now - before + 0.1 * np.pad(inner(now), 1)
    return [before, now]


def make(tf, before, now):
    def run(before, now):
        for _ in tf.range(STEPS):
            before, now = now, 2.0 * now - before + 0.1 * tf.pad(inner(now), [[1, 1], [1, 1]])
        return before, now

    return run, (tf.constant(before), tf.constant(now))


def make_jax(jax, before, now):
    def step(_, state):
        before, now = state
        return now, 2.0 * now - before + 0.1 * jax.numpy.pad(inner(now), 1)

    return lambda before, now: jax.lax.fori_loop(0, STEPS, step, (before, now)), (before, now)


def make_torch(torch, before, now):
    def run(before, now):
        for _ in range(STEPS):
            before, now = now, 2.0 * now - before + 0.1 * torch.nn.functional.pad(inner(now), (1, 1, 1, 1))
        return before, now

    return run, (torch.from_numpy(before), torch.from_numpy(now))


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
