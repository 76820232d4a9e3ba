"""Adding a million numbers into 1000 segments, some of which are left out."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-3
LIMIT = "an addition waits for the one before at the same place; places are read twice"
BYTES = 8 << 20
TRAFFIC = "read"


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=1 << 20).astype(np.float32), rng.integers(-1, 1000, size=1 << 20).astype(np.int32)


def oracle(x, segments):
    return [np.bincount(segments + 1, x, 1001)[1:].astype(np.float32)]


def build_numpy(x, segments):
    return lambda: np.bincount(segments + 1, x, 1001)[1:], lambda r: [r.astype(np.float32)]


def make(tf, x, segments):
    return (lambda x, s: tf.math.unsorted_segment_sum(x, s, 1000)), (tf.constant(x), tf.constant(segments))


def make_jax(jax, x, segments):
    return (lambda x, s: jax.ops.segment_sum(x, s, 1000)), (x, segments)


def make_torch(torch, x, segments):
    def run(x, s):  # its places are not negative
        return torch.zeros(1001).scatter_add_(0, s + 1, x)[1:]

    return run, (torch.from_numpy(x), torch.from_numpy(segments.astype(np.int64)))


BUILDERS = {"numpy": build_numpy, **tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
