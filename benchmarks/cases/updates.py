"""Two independent variables of 4M elements, each updated 8 times: v = 0.9 v + 0.1."""

import numpy as np

from cases._steps import jax_steps, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-5
LIMIT = "bandwidth of one pass for eight updates"
BYTES = 2 * 2 * 4 * 4 * 2**20
TRAFFIC = "update"


def inputs():
    return np.ones(4 * 2**20, np.float32), np.ones(4 * 2**20, np.float32)  # a fixed point


def oracle(v, w):
    return [v[:3], w[:3]]


def make(tf, v, w):
    first, second = tf.Variable(v), tf.Variable(w)

    def update():
        for _ in range(8):
            first.assign(0.9 * first + 0.1)
            second.assign(0.9 * second + 0.1)
        return first[:3], second[:3]

    return update, ()


def make_jax(jax, v, w):
    def step(state):
        first, second = state
        for _ in range(8):
            first, second = 0.9 * first + 0.1, 0.9 * second + 0.1
        return (first, second), (first[:3], second[:3])

    return step, (v, w)


def make_torch(torch, v, w):
    first, second = torch.from_numpy(v.copy()), torch.from_numpy(w.copy())

    def update():
        for _ in range(8):
            first.copy_(0.9 * first + 0.1)
            second.copy_(0.9 * second + 0.1)
        return first[:3].clone(), second[:3].clone()

    return update, ()


BUILDERS = {**tensorflow_like(make), **jax_steps(make_jax), **torch_like(make_torch)}
