"""conv2d in 32 groups, NHWC 4 x 28 x 28 x 128, 3 x 3, same: the forward pass and both gradients."""

import numpy as np

from cases._convolutions import conv, conv_grads
from cases._steps import tensorflow_like
from cases._torch import filter_array, filters, image_array, images, torch_like

TOLERANCE = 1e-4
LIMIT = "loads: four channels are a quarter of a vector"
GROUPS = 32
FLOPS = 3 * 2 * 4 * 28 * 28 * 128 * 4 * 9


def inputs():
    rng = np.random.default_rng(0)
    shapes = (4, 28, 28, 128), (3, 3, 4, 128), (4, 28, 28, 128)
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def oracle(x, w, g):
    each = [part.reshape(*part.shape[:-1], -1, 4) for part in (x, w, g)]
    parts = [tuple(part[..., i, :] for part in each) for i in range(GROUPS)]
    grads = [conv_grads(*part) for part in parts]
    whole = lambda values: np.concatenate(values, -1)
    return [whole([conv(x, w) for x, w, _ in parts]), whole([dx for dx, _ in grads]), whole([dw for _, dw in grads])]


def make(tf, x, w, g):
    def step(x, w, g):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = tf.nn.conv2d(x, w, 1, "SAME")
        return [y, *tape.gradient(y, [x, w], output_gradients=g)]

    return step, (tf.constant(x), tf.constant(w), tf.constant(g))


def make_torch(torch, x, w, g):
    def step(x, w, g):
        def convolve(x, w):
            return torch.nn.functional.conv2d(x, w, padding=1, groups=GROUPS)

        y, back = torch.func.vjp(convolve, x, w)
        return [y, *back(g)]

    args = images(torch, x), filters(torch, w), images(torch, g)
    return step, args, lambda r: [image_array(r[0]), image_array(r[1]), filter_array(r[2])]


BUILDERS = {**tensorflow_like(make), **torch_like(make_torch)}
