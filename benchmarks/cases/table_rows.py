"""Writing 256 rows of a table of 1024 x 1024, as a new table."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 0
LIMIT = "copy bandwidth"
BYTES = 8 << 20


def inputs():
    rng = np.random.default_rng(0)
    x, rows = (rng.normal(size=(n, 1024)).astype(np.float32) for n in (1024, 256))
    return x, rng.permutation(1024)[:256].astype(np.int32), rows


def oracle(x, at, rows):
    result = x.copy()
    result[at] = rows
    return [result]


def build_numpy(x, at, rows):
    def run():
        result = x.copy()
        result[at] = rows
        return result

    return run, lambda r: [r]


def make(tf, x, at, rows):
    def run(x, at, rows):
        return tf.tensor_scatter_nd_update(x, at[:, tf.newaxis], rows)

    return run, tuple(map(tf.constant, (x, at, rows)))


def make_jax(jax, x, at, rows):
    return (lambda x, at, rows: x.at[at].set(rows)), (x, at, rows)


def make_torch(torch, x, at, rows):
    return (lambda x, at, rows: x.index_copy(0, at, rows)), tuple(map(torch.from_numpy, (x, at.astype(np.int64), rows)))


BUILDERS = {"numpy": build_numpy, **tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
