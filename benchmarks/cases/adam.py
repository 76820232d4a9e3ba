"""Adam's step for 4M weights: both moments, and the weights from them."""

import numpy as np

from cases._steps import jax_steps, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-5
LIMIT = "bandwidth: seven arrays of 16 MiB are read or written"
BYTES = 7 * 4 * 4 * 2**20
TRAFFIC = "update"


def inputs():
    # The moments are those of a gradient that does not change, and the weights hardly move.
    gradient = np.random.default_rng(0).normal(size=4 * 2**20).astype(np.float32)
    return np.full_like(gradient, 1e6), gradient, gradient * gradient, gradient


def oracle(weights, first, second, gradient):
    return [weights[:3], first[:3], second[:3]]


def make(tf, weights, first, second, gradient):
    weights, first, second = map(tf.Variable, (weights, first, second))

    def update(gradient):
        first.assign(0.9 * first + 0.1 * gradient)
        second.assign(0.999 * second + 0.001 * gradient * gradient)
        weights.assign_sub(0.001 * first / (tf.sqrt(second) + 1e-8))
        return weights[:3], first[:3], second[:3]

    return update, (tf.constant(gradient),)


def make_jax(jax, weights, first, second, gradient):
    def step(state):
        weights, first, second, gradient = state
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient * gradient
        weights = weights - 0.001 * first / (jax.numpy.sqrt(second) + 1e-8)
        return (weights, first, second, gradient), (weights[:3], first[:3], second[:3])

    return step, (weights, first, second, gradient)


def make_torch(torch, weights, first, second, gradient):
    weights, first, second, gradient = (torch.from_numpy(x.copy()) for x in (weights, first, second, gradient))

    def update(gradient):
        first.mul_(0.9).add_(0.1 * gradient)
        second.mul_(0.999).add_(0.001 * gradient * gradient)
        weights.sub_(0.001 * first / (second.sqrt() + 1e-8))
        return weights[:3].clone(), first[:3].clone(), second[:3].clone()

    return update, (gradient,)


BUILDERS = {**tensorflow_like(make), **jax_steps(make_jax), **torch_like(make_torch)}
