"""Loss and gradients of a small U-Net, NHWC 2 x 64 x 64 x 32: 3 x 3, pool, 3 x 3, transposed 2 x 2, concat, 3 x 3."""

import numpy as np

from cases._convolutions import conv, conv_grads, jax_conv
from cases._steps import jax_like, tensorflow_like
from cases._torch import array, filter_array, filters, images, torch_like

TOLERANCE = 1e-4
LIMIT = "FMA rate"
FLOPS = 3 * 2 * 2 * 64 * 64 * (9 * 32 * 32 + 9 * 32 * 64 // 4 + 64 * 32 + 9 * 64 * 32)


def inputs():
    rng = np.random.default_rng(0)
    shapes = (2, 64, 64, 32), (3, 3, 32, 32), (3, 3, 32, 64), (2, 2, 32, 64), (3, 3, 64, 32)
    scales = 1, 0.08, 0.08, 0.18, 0.06
    return tuple((rng.normal(size=s) * k).astype(np.float32) for s, k in zip(shapes, scales, strict=True))


def oracle(x, w1, w2, up, w3):
    a = np.maximum(conv(x, w1), 0)
    n, h, w, c = a.shape
    blocks = a.reshape(n, h // 2, 2, w // 2, 2, c)
    pooled = blocks.max((2, 4))
    b = np.maximum(conv(pooled, w2), 0)
    raised = np.einsum("nhwc,ijfc->nhiwjf", b, up).reshape(n, h, w, 32)
    both = np.concatenate([a, raised], 3)
    y = conv(both, w3)
    g = 2 * y / y.size
    dboth, dw3 = conv_grads(both, w3, g)
    draised = dboth[..., 32:].reshape(n, h // 2, 2, w // 2, 2, 32)
    dup = np.einsum("nhiwjf,nhwc->ijfc", draised, b)
    db = np.einsum("nhiwjf,ijfc->nhwc", draised, up)
    dpooled, dw2 = conv_grads(pooled, w2, db * (b > 0))
    # Where several are the largest they are 0, which no gradient goes through.
    largest = blocks == pooled[:, :, None, :, None]
    da = dboth[..., :32] + (largest * dpooled[:, :, None, :, None]).reshape(a.shape)
    dw1 = conv_grads(x, w1, da * (a > 0))[1]
    return [np.mean(y * y), dw1, dw2, dup, dw3]


def make(tf, *args):
    def step(x, w1, w2, up, w3):
        with tf.GradientTape() as tape:
            tape.watch([w1, w2, up, w3])
            a = tf.nn.relu(tf.nn.conv2d(x, w1, 1, "SAME"))
            b = tf.nn.relu(tf.nn.conv2d(tf.nn.max_pool2d(a, 2, 2, "VALID"), w2, 1, "SAME"))
            raised = tf.nn.conv2d_transpose(b, up, (2, 64, 64, 32), 2, "SAME")
            y = tf.nn.conv2d(tf.concat([a, raised], 3), w3, 1, "SAME")
            loss = tf.reduce_mean(y * y)
        return [loss, *tape.gradient(loss, [w1, w2, up, w3])]

    return step, tuple(map(tf.constant, args))


def make_jax(jax, x, *weights):
    def net(weights, x):
        w1, w2, up, w3 = weights
        a = jax.nn.relu(jax_conv(jax, x, w1))
        pooled = jax.lax.reduce_window(a, -jax.numpy.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        b = jax.nn.relu(jax_conv(jax, pooled, w2))
        raised = jax.lax.conv_transpose(
            b, up, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), transpose_kernel=True
        )
        y = jax_conv(jax, jax.numpy.concatenate([a, raised], 3), w3)
        return (y * y).mean()

    def step(x, *weights):
        loss, gradients = jax.value_and_grad(net)(weights, x)
        return [loss, *gradients]

    return step, (x, *weights)


def make_torch(torch, x, *weights):
    conv2d, relu = torch.nn.functional.conv2d, torch.relu

    def net(weights, x):
        w1, w2, up, w3 = weights
        a = relu(conv2d(x, w1, padding=1))
        b = relu(conv2d(torch.nn.functional.max_pool2d(a, 2), w2, padding=1))
        raised = torch.nn.functional.conv_transpose2d(b, up, stride=2)
        y = conv2d(torch.cat([a, raised], 1), w3, padding=1)
        return (y * y).mean()

    def step(x, *weights):
        gradients, loss = torch.func.grad_and_value(net)(weights, x)
        return [loss, *gradients]

    args = images(torch, x), *(filters(torch, w) for w in weights)
    return step, args, lambda r: [array(r[0]), *map(filter_array, r[1:])]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
