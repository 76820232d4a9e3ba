"""A training step of the decoder block of `llama_fwd`: squared error, SGD on variables."""

import numpy as np

from cases import llama_fwd
from cases._programs import Jax, Numpy, Torch
from cases._programs import tensorflow_like as library
from cases._steps import jax_steps, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "FMA rate, as the forward pass"
FLOPS = 3 * llama_fwd.FLOPS
RATE = 1e-7  # so small that the loss of every call is that of the first


def inputs():
    x, *rest = llama_fwd.inputs()
    return np.random.default_rng(1).normal(size=x.shape).astype(np.float32), x, *rest


def oracle(target, *args):
    return [np.asarray(np.mean(np.square(llama_fwd.program(Numpy, *args) - target)))]


def make(tf, target, x, cos, sin, mask, *weights):
    variables = [tf.Variable(w) for w in weights]
    lib = library(tf)

    def step(target, x, cos, sin, mask):
        with tf.GradientTape() as tape:
            y = llama_fwd.program(lib, x, cos, sin, mask, *(v.read_value() for v in variables))
            loss = tf.reduce_mean(tf.square(y - target))
        for v, g in zip(variables, tape.gradient(loss, variables)):
            v.assign_sub(RATE * g)
        return loss

    return step, tuple(map(tf.constant, (target, x, cos, sin, mask)))


def make_jax(jax, target, x, cos, sin, mask, *weights):
    lib = Jax(jax)

    def loss(state):
        return jax.numpy.mean(jax.numpy.square(llama_fwd.program(lib, x, cos, sin, mask, *state) - target))

    def step(state):
        value, gradients = jax.value_and_grad(loss)(state)
        return [v - RATE * g for v, g in zip(state, gradients)], value

    return step, list(weights)


def make_torch(torch, target, x, cos, sin, mask, *weights):
    lib = Torch(torch)
    args = tuple(map(torch.from_numpy, (target, x, cos, sin, mask)))
    variables = tuple(torch.from_numpy(w.copy()) for w in weights)

    def loss(weights, target, x, cos, sin, mask):
        return (llama_fwd.program(lib, x, cos, sin, mask, *weights) - target).square().mean()

    def step(*args):
        gradients, value = torch.func.grad_and_value(loss)(variables, *args)
        for v, g in zip(variables, gradients):
            v.sub_(RATE * g)
        return value

    return step, args


BUILDERS = {**tensorflow_like(make), **jax_steps(make_jax), **torch_like(make_torch)}
