"""Ten steps of a fluid on a lattice of 128 x 128 with nine directions (lattice Boltzmann)."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "second-level cache"
STEPS, SIZE = 10, 128
DIRECTIONS = [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1)]
WEIGHTS = [4 / 9, *[1 / 9] * 4, *[1 / 36] * 4]


def inputs():
    rng = np.random.default_rng(0)
    return (rng.uniform(0.9, 1.1, (9, SIZE, SIZE)).astype(np.float32) * np.float32(WEIGHTS)[:, None, None],)


def step(roll, stack, flow):
    flow = [roll(flow[i], d, (0, 1)) for i, d in enumerate(DIRECTIONS)]
    mass = sum(flow[1:], start=flow[0])
    right, down = (
        sum(x * float(d[axis]) for x, d in zip(flow, DIRECTIONS, strict=True) if d[axis]) / mass for axis in (0, 1)
    )
    speed = right * right + down * down
    after = []
    for x, d, weight in zip(flow, DIRECTIONS, WEIGHTS, strict=True):
        along = d[0] * right + d[1] * down
        balance = weight * mass * (1 + 3 * along + 4.5 * along * along - 1.5 * speed)
        after.append(x + 0.6 * (balance - x))
    return stack(after)


def oracle(flow):
    for _ in range(STEPS):
        flow = step(np.roll, np.stack, flow)
    return [flow]


def make(tf, flow):
    def run(flow):
        for _ in tf.range(STEPS):
            flow = step(tf.roll, tf.stack, flow)
        return flow

    return run, (tf.constant(flow),)


def make_jax(jax, flow):
    jnp = jax.numpy
    return lambda flow: jax.lax.fori_loop(0, STEPS, lambda _, f: step(jnp.roll, jnp.stack, f), flow), (flow,)


def make_torch(torch, flow):
    def run(flow):
        for _ in range(STEPS):
            flow = step(torch.roll, torch.stack, flow)
        return flow

    return run, (torch.from_numpy(flow),)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
