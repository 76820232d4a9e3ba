"""Loss and gradients of an inverted residual block, NHWC 8 x 28 x 28 x 32: 1 x 1 to 128, depthwise 3 x 3, 1 x 1."""

import numpy as np

from cases._convolutions import conv, conv_grads, depthwise, depthwise_grads, jax_conv
from cases._steps import jax_like, tensorflow_like
from cases._torch import (
    array,
    depthwise_array,
    depthwise_filters,
    filter_array,
    filters,
    image_array,
    images,
    torch_like,
)

TOLERANCE = 1e-4
LIMIT = "FMA rate of 1 x 1, second- and third-level cache"
FLOPS = 3 * 2 * 8 * 28 * 28 * 128 * (32 + 9 + 32)


def inputs():
    rng = np.random.default_rng(0)
    shapes = (8, 28, 28, 32), (1, 1, 32, 128), (3, 3, 128, 1), (1, 1, 128, 32)
    scales = 1, 0.3, 0.5, 0.2
    return tuple((rng.normal(size=s) * k).astype(np.float32) for s, k in zip(shapes, scales, strict=True))


def oracle(x, u, w, v):
    def clip(a):
        return np.minimum(np.maximum(a, 0), 6)

    a = conv(x, u)
    b = depthwise(clip(a), w)
    y = x + conv(clip(b), v)
    g = 2 * y / y.size
    db, dv = conv_grads(clip(b), v, g)
    da, dw = depthwise_grads(clip(a), w, db * ((b > 0) & (b < 6)))
    dx, du = conv_grads(x, u, da * ((a > 0) & (a < 6)))
    return [np.mean(y * y), g + dx, du, dw, dv]


def make(tf, *args):
    def step(x, u, w, v):
        with tf.GradientTape() as tape:
            tape.watch([x, u, w, v])
            h = tf.nn.relu6(tf.nn.conv2d(x, u, 1, "SAME"))
            h = tf.nn.relu6(tf.nn.depthwise_conv2d(h, w, [1, 1, 1, 1], "SAME"))
            y = x + tf.nn.conv2d(h, v, 1, "SAME")
            loss = tf.reduce_mean(y * y)
        return [loss, *tape.gradient(loss, [x, u, w, v])]

    return step, tuple(map(tf.constant, args))


def make_jax(jax, *args):
    def block(x, u, w, v):
        h = jax.nn.relu6(jax_conv(jax, x, u))
        h = jax.nn.relu6(jax_conv(jax, h, w.reshape(3, 3, 1, 128), 128))
        y = x + jax_conv(jax, h, v)
        return (y * y).mean()

    def step(*args):
        loss, gradients = jax.value_and_grad(block, argnums=(0, 1, 2, 3))(*args)
        return [loss, *gradients]

    return step, args


def make_torch(torch, x, u, w, v):
    conv2d, relu6 = torch.nn.functional.conv2d, torch.nn.functional.relu6

    def block(args):
        x, u, w, v = args
        y = x + conv2d(relu6(conv2d(relu6(conv2d(x, u)), w, padding=1, groups=128)), v)
        return (y * y).mean()

    def step(*args):
        gradients, loss = torch.func.grad_and_value(block)(args)
        return [loss, *gradients]

    def fetch(r):
        return [array(r[0]), image_array(r[1]), filter_array(r[2]), depthwise_array(r[3]), filter_array(r[4])]

    return step, (images(torch, x), filters(torch, u), depthwise_filters(torch, w), filters(torch, v)), fetch


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
