"""n-body: 256 bodies, all pairs, 10 steps; time per call."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "roots and quotients of all pairs"


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(256, 3)).astype(np.float32), np.zeros((256, 3), np.float32)


def step(lib, x, v):
    d = x[None, :, :] - x[:, None, :]
    r = lib.sum(d * d, 2) + np.float32(0.01)
    v = v + np.float32(1e-5) * lib.sum(d / lib.expand(r * lib.sqrt(r)), 1)
    return x + np.float32(1e-3) * v, v


class Numpy:
    sqrt, sum = np.sqrt, np.sum

    @staticmethod
    def expand(x):
        return x[:, :, None]


def oracle(x, v):
    for _ in range(10):
        x, v = step(Numpy, x, v)
    return [x]


def make(tf, x, v):
    class Library:
        sqrt, expand, sum = tf.sqrt, lambda x: x[:, :, None], lambda x, axis: tf.reduce_sum(x, axis)

    def run(x, v):
        for _ in tf.range(10):
            x, v = step(Library, x, v)
        return x

    return run, (tf.constant(x), tf.constant(v))


def make_jax(jax, x, v):
    jnp = jax.numpy

    class Library:
        sqrt, expand, sum = jnp.sqrt, lambda x: x[:, :, None], jnp.sum

    def run(x, v):
        return jax.lax.fori_loop(0, 10, lambda _, s: step(Library, *s), (x, v))[0]

    return run, (x, v)


def make_torch(torch, x, v):
    class Library:
        sqrt, expand, sum = torch.sqrt, lambda x: x[:, :, None], torch.sum

    def run(x, v):
        for _ in range(10):
            x, v = step(Library, x, v)
        return x

    return run, (torch.from_numpy(x), torch.from_numpy(v))


BUILDERS = {
    **tensorflow_like(make),
    **jax_like(make_jax),
    "numpy": lambda *i: (lambda: oracle(*i), lambda r: r),
    **torch_like(make_torch),
}
