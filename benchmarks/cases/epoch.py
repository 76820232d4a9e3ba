"""One epoch of linear regression: 64 batches of 32 of 2,048 rows of 128, taken as slices x[i * 32:(i + 1) * 32]."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "latency of a step: 64 sums of 32 rows"
BATCH, BATCHES = 32, 64


def inputs():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH * BATCHES, 128)).astype(np.float32)
    return x, x @ rng.normal(size=(128, 1)).astype(np.float32)


def oracle(x, y):
    w = np.zeros((128, 1), np.float32)
    for i in range(BATCHES):
        rows, targets = x[i * BATCH : (i + 1) * BATCH], y[i * BATCH : (i + 1) * BATCH]
        w = w - np.float32(0.05 / BATCH) * (rows.T @ (rows @ w - targets))
    return [w]


def make(tf, x, y):
    def run(x, y):
        w = tf.zeros([128, 1])
        for i in tf.range(BATCHES):
            rows, targets = x[i * BATCH : (i + 1) * BATCH], y[i * BATCH : (i + 1) * BATCH]
            w = w - 0.05 / BATCH * tf.matmul(rows, rows @ w - targets, transpose_a=True)
        return w

    return run, (tf.constant(x), tf.constant(y))


def make_jax(jax, x, y):
    def run(x, y):
        def step(i, w):
            rows = jax.lax.dynamic_slice(x, (i * BATCH, 0), (BATCH, 128))
            targets = jax.lax.dynamic_slice(y, (i * BATCH, 0), (BATCH, 1))
            return w - 0.05 / BATCH * (rows.T @ (rows @ w - targets))

        return jax.lax.fori_loop(0, BATCHES, step, jax.numpy.zeros((128, 1), jax.numpy.float32))

    return run, (x, y)


def make_torch(torch, x, y):
    def run(x, y):
        w = torch.zeros(128, 1)
        for i in range(BATCHES):
            rows, targets = x[i * BATCH : (i + 1) * BATCH], y[i * BATCH : (i + 1) * BATCH]
            w = w - 0.05 / BATCH * (rows.t() @ (rows @ w - targets))
        return w

    return run, (torch.from_numpy(x), torch.from_numpy(y))


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
