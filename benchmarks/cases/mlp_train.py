"""A training step: MLP 784-512-512-10, batch 128, cross-entropy, SGD on variables."""

import numpy as np

from cases._steps import jax_steps, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "FMA rate; weights and gradients pass through the second-level cache"
SIZES = [784, 512, 512, 10]
FLOPS = 2 * 128 * (3 * (784 * 512 + 512 * 512 + 512 * 10) - 784 * 512)
RATE = 1e-6  # so small that the loss of every call is that of the first


def inputs():
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=s).astype(np.float32) / np.sqrt(s[0], dtype=np.float32) for s in zip(SIZES, SIZES[1:])]
    return rng.normal(size=(128, 784)).astype(np.float32), rng.integers(0, 10, size=128), *weights


def oracle(x, labels, *weights):
    for i, w in enumerate(weights):
        x = np.maximum(x, 0) @ w if i else x @ w
    x = x - x.max(1, keepdims=True)
    return [np.asarray(np.mean(np.log(np.exp(x).sum(1)) - x[np.arange(128), labels]))]


def make(tf, x, labels, *weights):
    ws = [tf.Variable(w) for w in weights]
    bs = [tf.Variable(np.zeros(w.shape[1], np.float32)) for w in weights]
    x, hot = tf.constant(x), tf.constant(np.eye(10, dtype=np.float32)[labels])

    def step(x, hot):
        with tf.GradientTape() as tape:
            h = x
            for i, (w, b) in enumerate(zip(ws, bs)):
                h = tf.matmul(tf.nn.relu(h) if i else h, w) + b
            h = h - tf.stop_gradient(tf.reduce_max(h, axis=1, keepdims=True))
            losses = tf.math.log(tf.reduce_sum(tf.exp(h), axis=1)) - tf.reduce_sum(h * hot, axis=1)
            loss = tf.reduce_mean(losses)
        for v, g in zip(ws + bs, tape.gradient(loss, ws + bs)):
            v.assign_sub(RATE * g)
        return loss

    return step, (x, hot)


def make_jax(jax, x, labels, *weights):
    jnp = jax.numpy
    hot = np.eye(10, dtype=np.float32)[labels]

    def loss(state):
        h = x
        for i, (w, b) in enumerate(state):
            h = (jnp.maximum(h, 0) if i else h) @ w + b
        h = h - jax.lax.stop_gradient(h.max(1, keepdims=True))
        return jnp.mean(jnp.log(jnp.exp(h).sum(1)) - (h * hot).sum(1))

    def step(state):
        value, gradients = jax.value_and_grad(loss)(state)
        return jax.tree_util.tree_map(lambda v, g: v - RATE * g, state, gradients), value

    return step, [(w, np.zeros(w.shape[1], np.float32)) for w in weights]


def make_torch(torch, x, labels, *weights):
    ws = tuple(torch.from_numpy(w.copy()) for w in weights)
    bs = tuple(torch.zeros(w.shape[1]) for w in weights)

    def loss(state, x, labels):
        h = x
        for i, (w, b) in enumerate(zip(*state)):
            h = (torch.relu(h) if i else h) @ w + b
        return torch.nn.functional.cross_entropy(h, labels)

    def step(x, labels):
        gradients, value = torch.func.grad_and_value(loss)((ws, bs), x, labels)
        for variables, changes in zip((ws, bs), gradients):
            for v, g in zip(variables, changes):
                v.sub_(RATE * g)
        return value

    return step, (torch.from_numpy(x), torch.from_numpy(labels))


BUILDERS = {**tensorflow_like(make), **jax_steps(make_jax), **torch_like(make_torch)}
