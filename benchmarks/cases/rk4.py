"""100 steps of Runge-Kutta's method for 1,000 points of the Lorenz system, whose columns are put side by side."""

import numpy as np

from cases._steps import jax_like, tensorflow_like

TOLERANCE = 1e-2
LIMIT = "latency of 400 steps on 1,000 points"
STEPS, H = 100, 0.01


def inputs():
    return (np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float32),)


def step(slope, s):
    a = slope(s)
    b = slope(s + H / 2 * a)
    c = slope(s + H / 2 * b)
    d = slope(s + H * c)
    return s + H / 6 * (a + 2 * b + 2 * c + d)


def lorenz(stack):
    def slope(s):
        x, y, z = s[:, 0], s[:, 1], s[:, 2]
        return stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], 1)

    return slope


def oracle(s):
    for _ in range(STEPS):
        s = step(lorenz(np.stack), s)
    return [s]


def make(tf, s):
    def run(s):
        for _ in tf.range(STEPS):
            s = step(lorenz(tf.stack), s)
        return s

    return run, (tf.constant(s),)


def make_jax(jax, s):
    return lambda s: jax.lax.fori_loop(0, STEPS, lambda _, s: step(lorenz(jax.numpy.stack), s), s), (s,)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax)}
