"""Adding a million numbers into 100k segments, whose numbers are sorted."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "additions that wait for each other; places are read three times"
BYTES = 8 << 20
TRAFFIC = "read"


def inputs():
    rng = np.random.default_rng(0)
    segments = np.sort(rng.integers(0, 100000, size=1 << 20)).astype(np.int32)
    segments[-1] = 99999
    return rng.normal(size=1 << 20).astype(np.float32), segments


def oracle(x, segments):
    return [np.bincount(segments, x, 100000).astype(np.float32)]


def build_numpy(x, segments):
    return lambda: np.bincount(segments, x, 100000), lambda r: [r.astype(np.float32)]


def make(tf, x, segments):
    return (lambda x, s: tf.math.segment_sum(x, s)), (tf.constant(x), tf.constant(segments))


def make_jax(jax, x, segments):
    return (lambda x, s: jax.ops.segment_sum(x, s, 100000, indices_are_sorted=True)), (x, segments)


def make_torch(torch, x, segments):
    def run(x, s):
        return torch.zeros(100000).scatter_add_(0, s, x)

    return run, (torch.from_numpy(x), torch.from_numpy(segments.astype(np.int64)))


BUILDERS = {"numpy": build_numpy, **tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
