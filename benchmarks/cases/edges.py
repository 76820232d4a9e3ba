"""A graph network's step: 200k weighted rows of 64 from the starts of edges, summed where the edges end."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "rows of both ends from anywhere in the second- and third-level cache"
NODES, EDGES, FEATURES = 20000, 200000, 64
BYTES = 4 * FEATURES * (2 * EDGES + 2 * NODES)


def inputs():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(NODES, FEATURES)).astype(np.float32)
    source, target = (rng.integers(0, NODES, size=EDGES).astype(np.int32) for _ in range(2))
    return x, source, target, rng.random(EDGES).astype(np.float32)


def oracle(x, source, target, weights):
    result = np.zeros((NODES, FEATURES))
    np.add.at(result, target, x[source].astype(np.float64) * weights[:, None])
    return [result.astype(np.float32)]


def make(tf, x, source, target, weights):
    def run(x, source, target, weights):
        return tf.math.unsorted_segment_sum(tf.gather(x, source) * weights[:, None], target, NODES)

    return run, tuple(map(tf.constant, (x, source, target, weights)))


def make_jax(jax, x, source, target, weights):
    def run(x, source, target, weights):
        return jax.ops.segment_sum(x[source] * weights[:, None], target, NODES)

    return run, (x, source, target, weights)


def make_torch(torch, x, source, target, weights):
    def run(x, source, target, weights):
        return torch.zeros(NODES, FEATURES).index_add_(0, target, x[source] * weights[:, None])

    return run, tuple(map(torch.from_numpy, (x, source, target, weights)))


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
