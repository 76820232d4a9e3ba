"""Depthwise conv2d NHWC 8 x 28 x 28 x 128, 5 x 5, same, with bias and activation, and its gradients."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import array, depthwise_array, depthwise_filters, image_array, images, tensor, torch_like

TOLERANCE = 1e-4
LIMIT = "second- and third-level cache"
FLOPS = 3 * 2 * 8 * 28 * 28 * 128 * 25


def inputs():
    rng = np.random.default_rng(0)
    shapes = (8, 28, 28, 128), (5, 5, 128, 1), (128,), (8, 28, 28, 128)
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def oracle(x, w, b, g):
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    windows = [(i, j, (slice(None), slice(i, i + 28), slice(j, j + 28))) for i in range(5) for j in range(5)]
    y = sum(padded[at] * w[i, j, :, 0] for i, j, at in windows) + b
    g = g * (y > 0)
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    for i, j, at in windows:
        dx[at] += g * w[i, j, :, 0]
        dw[i, j, :, 0] = np.sum(padded[at] * g, (0, 1, 2))
    return [np.maximum(y, 0), dx[:, 2:30, 2:30], dw, np.sum(g, (0, 1, 2))]


def make(tf, x, w, b, g):
    def step(x, w, b, g):
        with tf.GradientTape() as tape:
            tape.watch([x, w, b])
            y = tf.nn.relu(tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME") + b)
        return [y, *tape.gradient(y, [x, w, b], output_gradients=g)]

    return step, (tf.constant(x), tf.constant(w), tf.constant(b), tf.constant(g))


def make_jax(jax, x, w, b, g):
    def layer(x, w, b):
        y = jax.lax.conv_general_dilated(
            x,
            w.reshape(5, 5, 1, 128),
            (1, 1),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=128,
        )
        return jax.nn.relu(y + b)

    def step(x, w, b, g):
        y, back = jax.vjp(layer, x, w, b)
        return [y, *back(g)]

    return step, (x, w, b, g)


def make_torch(torch, x, w, b, g):
    def layer(x, w, b):
        return torch.relu(torch.nn.functional.conv2d(x, w, b, padding=2, groups=128))

    def step(x, w, b, g):
        y, back = torch.func.vjp(layer, x, w, b)
        return [y, *back(g)]

    args = images(torch, x), depthwise_filters(torch, w), tensor(torch, b), images(torch, g)
    return step, args, lambda r: [image_array(r[0]), image_array(r[1]), depthwise_array(r[2]), array(r[3])]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
