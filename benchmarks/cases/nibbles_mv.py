"""One row times 4096 x 4096 weights of four bits, two in a byte, and a scale for each output."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import tensor, torch_like

TOLERANCE = 1e-3
LIMIT = "taking bytes apart: four instructions for each multiply-add of a vector"
BYTES, TRAFFIC = 2048 * 4096, "read"


def inputs():
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 256, (2048, 4096)).astype(np.uint8)
    return rng.normal(size=(1, 4096)).astype(np.float32), weights, np.full(4096, 1e-2, np.float32)


def oracle(x, w, scale):
    both = np.concatenate([w & 15, w >> 4]).astype(np.float64) - 8
    return [(x.astype(np.float64) @ both * scale).astype(np.float32)]


def make(tf, *arguments):
    def run(x, w, scale):
        low = tf.cast(tf.bitwise.bitwise_and(w, tf.constant(15, tf.uint8)), tf.float32) - 8.0
        high = tf.cast(tf.bitwise.right_shift(w, tf.constant(4, tf.uint8)), tf.float32) - 8.0
        return (tf.matmul(x[:, :2048], low) + tf.matmul(x[:, 2048:], high)) * scale

    return run, tuple(tf.constant(x) for x in arguments)


def make_jax(jax, *arguments):
    def run(x, w, scale):
        low, high = (w & 15).astype(x.dtype) - 8, (w >> 4).astype(x.dtype) - 8
        return (x[:, :2048] @ low + x[:, 2048:] @ high) * scale

    return run, arguments


def make_torch(torch, *arguments):
    def run(x, w, scale):
        low, high = (w & 15).to(x.dtype) - 8, (w >> 4).to(x.dtype) - 8
        return (x[:, :2048] @ low + x[:, 2048:] @ high) * scale

    return run, tuple(tensor(torch, x) for x in arguments)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
