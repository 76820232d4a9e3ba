"""A selective state space as in Mamba: 256 steps of 128 features, each with 16 numbers of state."""

import numpy as np

from cases._steps import jax_like, tensorflow_like

TOLERANCE = 1e-4
LIMIT = "exponentials: 256 x 128 x 16"
STEPS, FEATURES, STATE = 256, 128, 16


def inputs():
    rng = np.random.default_rng(0)
    x, b, c = (rng.normal(size=(STEPS, n)).astype(np.float32) for n in (FEATURES, STATE, STATE))
    rate = rng.uniform(0.01, 0.2, (STEPS, FEATURES)).astype(np.float32)
    decay = -rng.uniform(0.5, 4, (FEATURES, STATE)).astype(np.float32)
    return x, rate, b, c, decay


def step(exp, total, state, x, rate, b, c, decay):
    """The next state, and what is seen of it."""
    state = exp(rate[:, None] * decay) * state + (rate * x)[:, None] * b
    return state, total(state * c, 1)


def oracle(x, rate, b, c, decay):
    state, seen = np.zeros((FEATURES, STATE), np.float32), []
    for row in zip(x, rate, b, c, strict=True):
        state, y = step(np.exp, np.sum, state, *row, decay)
        seen.append(y)
    return [np.stack(seen), state]


def make(tf, *args):
    def run(x, rate, b, c, decay):
        state = tf.zeros((FEATURES, STATE))
        seen = tf.TensorArray(tf.float32, STEPS)
        for i in tf.range(STEPS):
            state, y = step(tf.exp, tf.reduce_sum, state, x[i], rate[i], b[i], c[i], decay)
            seen = seen.write(i, y)
        return seen.stack(), state

    return run, tuple(map(tf.constant, args))


def make_jax(jax, *args):
    def run(x, rate, b, c, decay):
        def one(state, row):
            return step(jax.numpy.exp, jax.numpy.sum, state, *row, decay)

        state, seen = jax.lax.scan(one, jax.numpy.zeros((FEATURES, STATE)), (x, rate, b, c))
        return seen, state

    return run, args


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax)}
