"""Loss and gradients of a residual block, NHWC 4 x 28 x 28 x 256: 1 x 1 to 64 channels, 3 x 3, 1 x 1 back to 256."""

import numpy as np

from cases._convolutions import conv, conv_grads, jax_conv
from cases._steps import jax_like, tensorflow_like
from cases._torch import array, filter_array, filters, image_array, images, torch_like

TOLERANCE = 1e-4
LIMIT = "FMA rate"
FLOPS = 3 * 2 * 4 * 28 * 28 * 64 * (256 + 9 * 64 + 256)


def inputs():
    rng = np.random.default_rng(0)
    shapes = (4, 28, 28, 256), (1, 1, 256, 64), (3, 3, 64, 64), (1, 1, 64, 256)
    scales = 1, 0.1, 0.06, 0.1
    return tuple((rng.normal(size=s) * k).astype(np.float32) for s, k in zip(shapes, scales, strict=True))


def oracle(x, u, w, v):
    a = np.maximum(conv(x, u), 0)
    b = np.maximum(conv(a, w), 0)
    y = np.maximum(x + conv(b, v), 0)
    g = 2 * y / y.size
    db, dv = conv_grads(b, v, g)
    da, dw = conv_grads(a, w, db * (b > 0))
    dx, du = conv_grads(x, u, da * (a > 0))
    return [np.mean(y * y), g + dx, du, dw, dv]


def make(tf, *args):
    def step(x, u, w, v):
        with tf.GradientTape() as tape:
            tape.watch([x, u, w, v])
            h = tf.nn.relu(tf.nn.conv2d(x, u, 1, "SAME"))
            h = tf.nn.relu(tf.nn.conv2d(h, w, 1, "SAME"))
            y = tf.nn.relu(x + tf.nn.conv2d(h, v, 1, "SAME"))
            loss = tf.reduce_mean(y * y)
        return [loss, *tape.gradient(loss, [x, u, w, v])]

    return step, tuple(map(tf.constant, args))


def make_jax(jax, *args):
    def block(x, u, w, v):
        h = jax.nn.relu(jax_conv(jax, x, u))
        h = jax.nn.relu(jax_conv(jax, h, w))
        y = jax.nn.relu(x + jax_conv(jax, h, v))
        return (y * y).mean()

    def step(*args):
        loss, gradients = jax.value_and_grad(block, argnums=(0, 1, 2, 3))(*args)
        return [loss, *gradients]

    return step, args


def make_torch(torch, x, u, w, v):
    conv2d, relu = torch.nn.functional.conv2d, torch.relu

    def block(args):
        x, u, w, v = args
        y = relu(x + conv2d(relu(conv2d(relu(conv2d(x, u)), w, padding=1)), v))
        return (y * y).mean()

    def step(*args):
        gradients, loss = torch.func.grad_and_value(block)(args)
        return [loss, *gradients]

    args = images(torch, x), *(filters(torch, k) for k in (u, w, v))
    return step, args, lambda r: [array(r[0]), image_array(r[1]), *map(filter_array, r[2:])]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
