"""Mandelbrot, 512 x 512, 50 iterations: `where` in a range loop."""

import numpy as np

from cases._steps import jax_like, tensorflow_like

TOLERANCE = 1e-2  # points on the border change sides by a rounding
LIMIT = "arithmetic: 50 iterations of every point"


def inputs():
    x, y = np.meshgrid(np.linspace(-2, 0.6, 512, dtype=np.float32), np.linspace(-1.3, 1.3, 512, dtype=np.float32))
    return x, y


def oracle(x, y):
    zx, zy, count = np.zeros_like(x), np.zeros_like(y), np.zeros(x.shape, np.int32)
    with np.errstate(all="ignore"):
        for _ in range(50):
            inside = zx * zx + zy * zy < 4
            zx, zy = np.where(inside, zx * zx - zy * zy + x, zx), np.where(inside, 2 * zx * zy + y, zy)
            count = count + inside
    return [np.asarray(count.mean(), np.float32)]


def make(tf, x, y):
    def run(x, y):
        zx, zy, count = tf.zeros_like(x), tf.zeros_like(y), tf.zeros(x.shape, tf.int32)
        for _ in tf.range(50):
            inside = zx * zx + zy * zy < 4.0
            nx = tf.where(inside, zx * zx - zy * zy + x, zx)
            zy = tf.where(inside, 2.0 * zx * zy + y, zy)
            zx = nx
            count += tf.cast(inside, tf.int32)
        return tf.reduce_mean(tf.cast(count, tf.float32))

    return run, (tf.constant(x), tf.constant(y))


def make_jax(jax, x, y):
    jnp = jax.numpy

    def run(x, y):
        def body(_, state):
            zx, zy, count = state
            inside = zx * zx + zy * zy < 4
            return (jnp.where(inside, zx * zx - zy * zy + x, zx), jnp.where(inside, 2 * zx * zy + y, zy),
                    count + inside)  # fmt: skip

        start = jnp.zeros_like(x), jnp.zeros_like(y), jnp.zeros(x.shape, jnp.int32)
        return jax.lax.fori_loop(0, 50, body, start)[2].astype(jnp.float32).mean()

    return run, (x, y)


# torch.compile unrolls the loop, and takes minutes for it.
BUILDERS = {**tensorflow_like(make), **jax_like(make_jax)}
