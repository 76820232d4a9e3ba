"""Programs whose compile time matters, not their run time: see cold_start.py."""

from types import SimpleNamespace

import numpy as np
from cases import block_train
from cases._programs import builders


def chain(length):
    """So many elementwise operations, unrolled."""

    def program(lib, x):
        for i in range(length // 4):
            x = lib.tanh(x * 1.01 + 0.01 * (i % 7)) - 0.5 * x
        return x

    return SimpleNamespace(inputs=lambda: (np.ones(64, np.float32),), BUILDERS=builders(program))


def mlp(layers):
    def program(lib, x, *weights):
        for w in weights:
            x = lib.maximum(lib.matmul(x, w), 0.0)
        return x

    rng = np.random.default_rng(0)
    weights = [(rng.normal(size=(64, 64)) / 6).astype(np.float32) for _ in range(layers)]
    return SimpleNamespace(inputs=lambda: (np.ones((32, 64), np.float32), *weights), BUILDERS=builders(program))


def blocks(count):
    """A training step of so many transformer blocks."""

    def inputs():
        target, x, *weights = block_train.inputs()
        return (target, x, *(weights * count))

    return SimpleNamespace(inputs=inputs, BUILDERS=block_train.BUILDERS)


CASES = {
    "chain1000": chain(1000),
    "chain5000": chain(5000),
    "mlp50": mlp(50),
    "blocks6_train": blocks(6),
}
