"""Gradients through compiled functions: those of the eager tape, and finite differences."""

import numpy as np
import pytest
import tfc as tf

STEPS = [
    lambda x, y: tf.sin(x) * y,
    lambda x, y: tf.matmul(x, y, transpose_b=True) @ y,
    lambda x, y: tf.exp(-tf.square(x)) + y[::-1],
    lambda x, y: tf.concat([x[:, 1:], y[:, :1]], 1),
    lambda x, y: x / (1.0 + tf.square(y)),
    lambda x, y: x - tf.reduce_mean(y, 0),
    lambda x, y: tf.cumsum(x, 1) * tf.sigmoid(y),
    lambda x, y: tf.gather(x, [2, 0, 1]) + tf.tanh(y),
    lambda x, y: tf.transpose(tf.reshape(x * y, (4, 3))),
    lambda x, y: tf.where(x > y, x, 2.0 * y),
]


def program(seed):
    rng = np.random.default_rng(seed)
    plan = [(rng.integers(len(STEPS)), *rng.integers(0, 2 + k, 2)) for k in range(rng.integers(2, 8))]

    def run(x, y):
        values = [x, y]
        for step, a, b in plan:
            values.append(tf.tanh(STEPS[step](values[a], values[b])))
        return tf.reduce_sum(values[-1]) + tf.reduce_sum(values[-2] * 0.5)

    return run, [tf.constant(rng.uniform(-1, 1, (3, 4))) for _ in range(2)]


def gradients(f, arguments):
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        out = f(*arguments)
    return tape.gradient(out, arguments, unconnected_gradients="zero")


def numeric(f, arguments, at, step=1e-6):
    x = arguments[at].numpy()
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        moved = []
        for sign in (1, -1):
            z = x.copy()
            z[i] += sign * step
            moved.append(f(*arguments[:at], tf.constant(z), *arguments[at + 1 :]).numpy())
        out[i] = (moved[0] - moved[1]) / (2 * step)
    return out


@pytest.mark.parametrize("seed", range(20))
def test_tape_over_a_function_is_the_eager_tape_and_finite_differences(seed):
    f, arguments = program(seed)
    compiled = tf.function(f, autograph=False)
    got, want = gradients(compiled, arguments), gradients(f, arguments)
    inside = tf.function(lambda *args: gradients(f, list(args)), autograph=False)(*arguments)
    for at, (g, w, i) in enumerate(zip(got, want, inside, strict=True)):
        np.testing.assert_allclose(g.numpy(), w.numpy(), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(i.numpy(), w.numpy(), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(g.numpy(), numeric(compiled, arguments, at), rtol=1e-4, atol=1e-6)
