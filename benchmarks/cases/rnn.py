"""A simple RNN with a TensorArray in a range loop: 200 steps, 64 units, batch 16; time per call."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "latency of a step: a product of 16 rows and tanh"


def inputs():
    rng = np.random.default_rng(0)
    f = np.float32
    return (rng.normal(size=(200, 16, 64)).astype(f), np.zeros((16, 64), f),
            (rng.normal(size=(64, 64)) / 8).astype(f), (rng.normal(size=(64, 64)) / 8).astype(f))  # fmt: skip


def oracle(xs, h, w, u):
    outputs = []
    for x in xs:
        h = np.tanh(x @ w + h @ u)
        outputs.append(h)
    return [np.stack(outputs)]


def make(tf, *args):
    def run(xs, h, w, u):
        outputs = tf.TensorArray(tf.float32, 200)
        for i in tf.range(200):
            h = tf.tanh(tf.matmul(xs[i], w) + tf.matmul(h, u))
            outputs = outputs.write(i, h)
        return outputs.stack()

    return run, tuple(tf.constant(a) for a in args)


def make_jax(jax, *args):
    jnp = jax.numpy

    def run(xs, h, w, u):
        def step(h, x):
            h = jnp.tanh(x @ w + h @ u)
            return h, h

        return jax.lax.scan(step, h, xs)[1]

    return run, args


def make_torch(torch, *args):
    def run(xs, h, w, u):
        outputs = []
        for x in xs.unbind():
            h = torch.tanh(x @ w + h @ u)
            outputs.append(h)
        return torch.stack(outputs)

    return run, tuple(map(torch.from_numpy, args))


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
