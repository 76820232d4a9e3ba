"""A histogram of a million numbers, 100 bins."""

import numpy as np

from cases._steps import jax_like, tensorflow_like

TOLERANCE = 1e-3
LIMIT = "a count waits for the one before at the same place"
BYTES = 4 << 20
TRAFFIC = "read"


def inputs():
    return (np.random.default_rng(0).normal(size=1 << 20).astype(np.float32),)


def oracle(x):
    bins = np.floor(np.float32(100) * ((x + np.float32(4)) / np.float32(8))).clip(0, 99)
    return [np.bincount(bins.astype(np.int64), minlength=100).astype(np.int32)]


def make(tf, x):
    return (lambda x: tf.histogram_fixed_width(x, [-4.0, 4.0])), (tf.constant(x),)


def make_jax(jax, x):
    def histogram(x):
        bins = jax.numpy.clip(jax.numpy.floor(100 * ((x + 4) / 8)), 0, 99).astype("int32")
        return jax.numpy.bincount(bins, length=100)

    return histogram, (x,)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax)}
