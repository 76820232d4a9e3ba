"""The gradient of a [100000, 64] table from which a loop of 100 iterations takes 32 rows each: its sums by column."""

import numpy as np

from cases._steps import jax_like, tensorflow_like

TOLERANCE = 1e-3
LIMIT = "gathered rows; 25 MB of zeros"
STEPS = 100


def inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(100000, 64)).astype(np.float32) / 8, rng.integers(0, 100000, (STEPS, 32)).astype(np.int32)


def oracle(table, ids):
    states = [np.zeros((32, 64), np.float32)]
    for row in ids:
        states.append(np.tanh(states[-1] + table[row]))
    grad, g = np.zeros_like(table), np.ones((32, 64), np.float32)
    for i in reversed(range(STEPS)):
        g = g * (1 - states[i + 1] ** 2)
        np.add.at(grad, ids[i], g)
    return [grad.sum(0)]


def make(tf, table, ids):
    table = tf.Variable(table)

    def run(ids):
        with tf.GradientTape() as tape:
            s = tf.zeros([32, 64])
            for i in tf.range(STEPS):
                s = tf.tanh(s + tf.gather(table, ids[i]))
            total = tf.reduce_sum(s)
        return tf.reduce_sum(tf.convert_to_tensor(tape.gradient(total, table)), 0)

    return run, (tf.constant(ids),)


def make_jax(jax, table, ids):
    jnp = jax.numpy

    def total(table, ids):
        def step(s, at):
            return jnp.tanh(s + table[at]), None

        return jax.lax.scan(step, jnp.zeros((32, 64), jnp.float32), ids)[0].sum()

    def run(table, ids):
        return jax.grad(total)(table, ids).sum(0)

    return run, (table, ids)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax)}
