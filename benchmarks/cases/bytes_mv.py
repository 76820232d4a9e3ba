"""One row times 4096 x 4096 weights in bytes, one output's weights after the other's, and a scale for each output."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import tensor, torch_like

TOLERANCE = 1e-3
LIMIT = "read bandwidth; a byte is a multiply-add"
BYTES, TRAFFIC = 4096 * 4096, "read"


def inputs():
    rng = np.random.default_rng(0)
    weights = rng.integers(-127, 128, (4096, 4096)).astype(np.int8)
    return rng.normal(size=(1, 4096)).astype(np.float32), weights, np.full(4096, 1e-3, np.float32)


def oracle(x, w, scale):
    return [(x.astype(np.float64) @ w.T.astype(np.float64) * scale).astype(np.float32)]


def make(tf, *arguments):
    def run(x, w, scale):
        return tf.matmul(x, tf.cast(w, tf.float32), transpose_b=True) * scale

    return run, tuple(tf.constant(x) for x in arguments)


def make_jax(jax, *arguments):
    return (lambda x, w, scale: x @ w.astype(x.dtype).T * scale), arguments


def make_torch(torch, *arguments):
    return (lambda x, w, scale: x @ w.to(x.dtype).t() * scale), tuple(tensor(torch, x) for x in arguments)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
