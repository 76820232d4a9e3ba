"""The gradient of a loop of 1,000 iterations that indexes its input: s = tanh(s + x[i]), rows of 64."""

import numpy as np

from cases._steps import jax_like, tensorflow_like

TOLERANCE = 1e-4
LIMIT = "latency of tanh, a thousand times, and back"
STEPS = 1000


def inputs():
    return (np.random.default_rng(0).normal(size=(STEPS, 64)).astype(np.float32) / 4,)


def oracle(x):
    states = [np.zeros(64, np.float32)]
    for row in x:
        states.append(np.tanh(states[-1] + row))
    grad, g = np.zeros_like(x), np.ones(64, np.float32)
    for i in reversed(range(STEPS)):
        g = g * (1 - states[i + 1] ** 2)
        grad[i] = g
    return [grad]


def make(tf, x):
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            s = tf.zeros([64])
            for i in tf.range(STEPS):
                s = tf.tanh(s + x[i])
            total = tf.reduce_sum(s)
        return tf.convert_to_tensor(tape.gradient(total, x))

    return run, (tf.constant(x),)


def make_jax(jax, x):
    jnp = jax.numpy

    def total(x):
        return jax.lax.scan(lambda s, row: (jnp.tanh(s + row), None), jnp.zeros(64, jnp.float32), x)[0].sum()

    return jax.grad(total), (x,)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax)}
