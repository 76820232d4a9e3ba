"""Prices of 100,000 options by the formula of Black and Scholes, and how they change with three of their arguments."""

import numpy as np

from cases._programs import Jax, Numpy, Torch
from cases._programs import tensorflow_like as library
from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "arithmetic of erf, logarithm and exponential"
COUNT = 100_000


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.uniform(0.5, 1, COUNT).astype(np.float32) for _ in range(4))


def below(lib, x):
    """How much of a normal distribution is below x."""
    return 0.5 * (1 + lib.erf(x * 0.7071067811865476))


def parts(lib, price, volatility, years, strike):
    spread = volatility * lib.sqrt(years)
    up = (lib.log(price / strike) + (0.02 + 0.5 * volatility * volatility) * years) / spread
    return up, up - spread, strike * lib.exp(-0.02 * years)


def value(lib, price, volatility, years, strike):
    up, down, now = parts(lib, price, volatility, years, strike)
    return price * below(lib, up) - now * below(lib, down)


def oracle(price, volatility, years, strike):
    up, down, now = parts(Numpy, price, volatility, years, strike)
    density = np.exp(-0.5 * up * up) * np.float32(1 / np.sqrt(2 * np.pi))
    vega = price * density * np.sqrt(years)
    theta = 0.5 * price * density * volatility / np.sqrt(years) + np.float32(0.02) * now * below(Numpy, down)
    return [value(Numpy, price, volatility, years, strike), below(Numpy, up), vega, theta]


def make(tf, *args):
    lib = library(tf)

    def run(*args):
        with tf.GradientTape() as tape:
            tape.watch(args[:3])
            values = value(lib, *args)
        return values, *tape.gradient(values, args[:3])

    return run, tuple(map(tf.constant, args))


def make_jax(jax, *args):
    def run(*args):
        def total(*args):
            values = value(Jax(jax), *args)
            return values.sum(), values

        (_, values), gradients = jax.value_and_grad(total, argnums=(0, 1, 2), has_aux=True)(*args)
        return values, *gradients

    return run, args


def make_torch(torch, *args):
    lib = Torch(torch)

    def run(*args):
        def total(first, strike):
            values = value(lib, *first, strike)
            return values.sum(), values

        gradients, (_, values) = torch.func.grad_and_value(total, has_aux=True)(args[:3], args[3])
        return values, *gradients

    return run, tuple(map(torch.from_numpy, args))


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
