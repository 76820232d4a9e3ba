"""A scalar loop of integers: the Collatz steps of 837799 (524 iterations); time per call."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 0
LIMIT = "latency of eight integer instructions an iteration"


def inputs():
    return (np.int64(837799),)


def oracle(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return [np.asarray(steps)]


def make(tf, n):
    def count(n):
        steps = tf.constant(0, tf.int64)
        while n != 1:
            if n % 2 == 0:
                n = n // 2
            else:
                n = 3 * n + 1
            steps += 1
        return steps

    return count, (tf.constant(n, tf.int64),)


def make_jax(jax, n):
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy

    def count(n):
        def body(state):
            n, steps = state
            return jnp.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

        return jax.lax.while_loop(lambda s: s[0] != 1, body, (n, jnp.int64(0)))[1]

    return count, (n,)


def build_numba(n):
    import numba

    @numba.njit
    def count(n):
        steps = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        return steps

    return lambda: count(n), lambda r: [np.asarray(r)]


def make_torch(torch, n):
    from torch._higher_order_ops.while_loop import while_loop

    def count(n):
        def body(n, steps):
            return torch.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

        return while_loop(lambda n, steps: n != 1, body, (n, torch.zeros((), dtype=torch.int64)))[1]

    return count, (torch.tensor(n),)


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), "numba": build_numba, **torch_like(make_torch)}
