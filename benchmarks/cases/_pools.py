"""The largest of 3 x 3 with steps of 2, same, and its gradient, of half zeros, of images of even sides."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import image_array, images, torch_like


def inputs(size):
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(8, size, size, 64)), rng.normal(size=(8, size // 2, size // 2, 64))
    return np.maximum(x, 0).astype(np.float32), g.astype(np.float32)


def oracle(x, g):
    size = x.shape[1]
    padded = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=-np.inf)
    windows = [padded[:, i : i + size - 1 : 2, j : j + size - 1 : 2] for i in range(3) for j in range(3)]
    first = np.argmax(windows, 0)
    dx = np.zeros_like(padded)
    for k in range(9):
        dx[:, k // 3 : k // 3 + size - 1 : 2, k % 3 : k % 3 + size - 1 : 2] += np.where(first == k, g, 0)
    return [np.max(windows, 0), dx[:, :size, :size]]


def make(tf, x, g):
    def step(x, g):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.nn.max_pool2d(x, 3, 2, "SAME")
        return [y, tape.gradient(y, x, output_gradients=g)]

    return step, (tf.constant(x), tf.constant(g))


def make_jax(jax, x, g):
    def pool(x):
        return jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")

    def step(x, g):
        y, back = jax.vjp(pool, x)
        return y, *back(g)

    return step, (x, g)


def make_torch(torch, x, g):
    def pool(x):
        padded = torch.nn.functional.pad(x, (0, 1, 0, 1), value=-float("inf"))
        return torch.nn.functional.max_pool2d(padded, 3, 2)

    def step(x, g):
        y, back = torch.func.vjp(pool, x)
        return y, *back(g)

    return step, (images(torch, x), images(torch, g)), lambda r: [image_array(v) for v in r]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
