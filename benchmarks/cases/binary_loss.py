"""Cross entropy of 4096 x 256 sigmoids, and its gradient: log(1 + exp(-|x|)) and a sigmoid of each logit."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import tensor, torch_like

TOLERANCE = 1e-4
LIMIT = "arithmetic of an exponential, a logarithm and a quotient, in three passes"
BYTES = 3 * 4 * 4096 * 256


def inputs():
    rng = np.random.default_rng(0)
    logits = (4 * rng.normal(size=(4096, 256))).astype(np.float32)
    return logits, (rng.uniform(size=logits.shape) < 0.3).astype(np.float32)


def oracle(logits, labels):
    e = np.exp(-np.abs(logits))
    loss = np.mean(np.maximum(logits, 0) - logits * labels + np.log1p(e))
    return [loss, (np.where(logits >= 0, 1, e) / (1 + e) - labels) / logits.size]


def make(tf, logits, labels):
    def run(logits, labels):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))
        return loss, tape.gradient(loss, logits)

    return run, (tf.constant(logits), tf.constant(labels))


def make_jax(jax, logits, labels):
    def loss(logits, labels):
        x = jax.numpy
        return x.mean(x.maximum(logits, 0) - logits * labels + x.log1p(x.exp(-x.abs(logits))))

    return jax.value_and_grad(loss), (logits, labels)


def make_torch(torch, *args):
    def loss(logits, labels):
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)

    def run(logits, labels):
        gradient, value = torch.func.grad_and_value(loss)(logits, labels)
        return value, gradient

    return run, tuple(tensor(torch, x) for x in args)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
