"""A quantized layer, 128 x 768 x 3072: int8 times int8 weights of each output; scales, bias and ReLU."""

import numpy as np

from cases._steps import jax_like, tensorflow_like

TOLERANCE = 1e-4
LIMIT = "copying the weights; tiles of AMX"
FLOPS = 2 * 128 * 768 * 3072


def inputs():
    rng = np.random.default_rng(0)
    x = rng.integers(-127, 128, (128, 768)).astype(np.int8)
    weights = rng.integers(-127, 128, (3072, 768)).astype(np.int8)
    return x, weights, rng.random(3072).astype(np.float32) * 1e-4, rng.normal(size=3072).astype(np.float32)


def oracle(x, weights, scale, bias):
    sums = x.astype(np.float64) @ weights.T.astype(np.float64)
    return [np.maximum(sums * scale + bias, 0).astype(np.float32)]


def make(tf, *arguments):
    def run(x, weights, scale, bias):
        sums = tf.matmul(x, weights, transpose_b=True, output_type=tf.int32)
        return tf.nn.relu(tf.cast(sums, tf.float32) * scale + bias)

    return run, tuple(tf.constant(x) for x in arguments)


def make_jax(jax, *arguments):
    def run(x, weights, scale, bias):
        sums = jax.numpy.matmul(x, weights.T, preferred_element_type=jax.numpy.int32)
        return jax.nn.relu(sums.astype(jax.numpy.float32) * scale + bias)

    return run, arguments


def build_torch(*arguments):
    import torch

    args = [torch.from_numpy(x) for x in arguments]

    def run(x, weights, scale, bias):
        return torch.relu(torch._int_mm(x, weights.t()).float() * scale + bias)

    function = torch.compile(run)

    def call():
        with torch.no_grad():
            return function(*args)

    return call, lambda r: [r.numpy()]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), "torch_compile": build_torch}
