"""Batch norm with an activation and its gradients, NHWC 8 x 28 x 28 x 128."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import array, image_array, images, tensor, torch_like

TOLERANCE = 1e-4
LIMIT = "second- and third-level cache: nine passes"
BYTES = 9 * 4 * 8 * 28 * 28 * 128


def inputs():
    rng = np.random.default_rng(0)
    shapes = (8, 28, 28, 128), (128,), (128,), (8, 28, 28, 128)
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def oracle(x, scale, offset, g):
    x, g = x.astype(np.float64), g.astype(np.float64)
    axes = 0, 1, 2
    factor = 1 / np.sqrt(x.var(axes) + 1e-3)
    normal = (x - x.mean(axes)) * factor
    y = normal * scale + offset
    g = g * (y > 0)
    along = g - g.mean(axes) - normal * (g * normal).mean(axes)
    return [np.maximum(y, 0), along * scale * factor, (g * normal).sum(axes), g.sum(axes)]


def make(tf, *args):
    def step(x, scale, offset, g):
        with tf.GradientTape() as tape:
            tape.watch([x, scale, offset])
            mean, variance = tf.nn.moments(x, [0, 1, 2])
            y = tf.nn.relu(tf.nn.batch_normalization(x, mean, variance, offset, scale, 1e-3))
        return [y, *tape.gradient(y, [x, scale, offset], output_gradients=g)]

    return step, tuple(map(tf.constant, args))


def make_jax(jax, *args):
    def layer(x, scale, offset):
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        return jax.nn.relu((x - mean) * jax.lax.rsqrt(variance + 1e-3) * scale + offset)

    def step(x, scale, offset, g):
        y, back = jax.vjp(layer, x, scale, offset)
        return [y, *back(g)]

    return step, args


def make_torch(torch, x, scale, offset, g):
    def layer(x, scale, offset):
        return torch.relu(torch.nn.functional.batch_norm(x, None, None, scale, offset, training=True, eps=1e-3))

    def step(x, scale, offset, g):
        y, back = torch.func.vjp(layer, x, scale, offset)
        return [y, *back(g)]

    args = images(torch, x), tensor(torch, scale), tensor(torch, offset), images(torch, g)
    return step, args, lambda r: [image_array(r[0]), image_array(r[1]), array(r[2]), array(r[3])]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
