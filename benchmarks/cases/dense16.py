"""A dense layer with captured weights: 16 x 1024, 4096 units, bias, relu."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import tensor, torch_like

TOLERANCE = 1e-4
LIMIT = "read bandwidth of the weights: 16 rows use each of them"
FLOPS = 2 * 16 * 1024 * 4096


def inputs():
    rng = np.random.default_rng(0)
    shapes = (16, 1024), (1024, 4096), (4096,)
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def oracle(x, w, b):
    return [np.maximum(x.astype(np.float64) @ w + b, 0).astype(np.float32)]


def make(tf, x, w, b):
    weights, bias = tf.constant(w), tf.constant(b)
    return (lambda x: tf.nn.relu(tf.matmul(x, weights) + bias)), (tf.constant(x),)


def make_jax(jax, x, w, b):
    weights, bias = jax.numpy.asarray(w), jax.numpy.asarray(b)
    return (lambda x: jax.nn.relu(x @ weights + bias)), (x,)


def build_numpy(x, w, b):
    return lambda: np.maximum(x @ w + b, 0), lambda r: [r]


def make_torch(torch, *arguments):
    x, weights, bias = (tensor(torch, v) for v in arguments)
    return (lambda x: torch.relu(x @ weights + bias)), (x,)


BUILDERS = {"numpy": build_numpy, **tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
