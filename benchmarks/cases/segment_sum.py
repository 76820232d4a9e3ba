"""Adding 100k rows of 64 into 50k segments, unsorted."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "random rows of the result"
BYTES = 4 * 64 * (100000 + 2 * 50000)


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(100000, 64)).astype(np.float32), rng.integers(0, 50000, size=100000).astype(np.int32)


def oracle(x, segments):
    result = np.zeros((50000, 64), np.float32)
    np.add.at(result, segments, x)
    return [result]


def make(tf, x, segments):
    def run(x, segments):
        return tf.math.unsorted_segment_sum(x, segments, 50000)

    return run, (tf.constant(x), tf.constant(segments))


def make_jax(jax, x, segments):
    return (lambda x, s: jax.ops.segment_sum(x, s, 50000)), (x, segments)


def make_torch(torch, x, segments):
    return (lambda x, s: torch.zeros(50000, 64).index_add_(0, s, x)), (torch.from_numpy(x), torch.from_numpy(segments))


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
