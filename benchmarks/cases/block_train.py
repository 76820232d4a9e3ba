"""A training step of the transformer block, or of several of them: squared error, SGD on variables."""

import numpy as np

from cases import block_fwd
from cases._programs import Jax, Numpy, Torch
from cases._programs import tensorflow_like as library
from cases._steps import jax_steps, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "FMA rate, as the forward pass"
FLOPS = 3 * block_fwd.FLOPS
RATE = 1e-7  # so small that the loss of every call is that of the first


def inputs():
    target = np.random.default_rng(1).normal(size=(128, 512)).astype(np.float32)
    return target, *block_fwd.inputs()


def blocks(lib, x, *weights):
    """One block for each four weights."""
    for i in range(0, len(weights), 4):
        x = block_fwd.program(lib, x, *weights[i : i + 4])
    return x


def oracle(target, *args):
    return [np.asarray(np.mean(np.square(blocks(Numpy, *args) - target)))]


def make(tf, target, x, *weights):
    variables = [tf.Variable(w) for w in weights]
    lib = library(tf)

    def step(x, target):
        with tf.GradientTape() as tape:
            y = blocks(lib, x, *(v.read_value() for v in variables))
            loss = tf.reduce_mean(tf.square(y - target))
        for v, g in zip(variables, tape.gradient(loss, variables)):
            v.assign_sub(RATE * g)
        return loss

    return step, (tf.constant(x), tf.constant(target))


def make_jax(jax, target, x, *weights):
    lib = Jax(jax)

    def loss(state):
        return jax.numpy.mean(jax.numpy.square(blocks(lib, x, *state) - target))

    def step(state):
        value, gradients = jax.value_and_grad(loss)(state)
        return [v - RATE * g for v, g in zip(state, gradients)], value

    return step, list(weights)


def make_torch(torch, target, x, *weights):
    lib = Torch(torch)
    x, target = torch.from_numpy(x), torch.from_numpy(target)
    variables = tuple(torch.from_numpy(w.copy()) for w in weights)

    def loss(weights, x, target):
        return (blocks(lib, x, *weights) - target).square().mean()

    def step(x, target):
        gradients, value = torch.func.grad_and_value(loss)(variables, x, target)
        for v, g in zip(variables, gradients):
            v.sub_(RATE * g)
        return value

    return step, (x, target)


BUILDERS = {**tensorflow_like(make), **jax_steps(make_jax), **torch_like(make_torch)}
