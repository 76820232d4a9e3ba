"""Matrix product of int8 with sums of 32 bits, 1024 x 1024 x 1024."""

import numpy as np

from cases._steps import jax_like, tensorflow_like

TOLERANCE = 0
LIMIT = "tiles of AMX, twice the multiplications of bf16; copying both operands"
FLOPS = 2 * 1024**3


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.integers(-128, 128, (1024, 1024)).astype(np.int8) for _ in range(2))


def oracle(a, b):
    # Sums below 2^53 are exact in float64.
    return [(a.astype(np.float64) @ b.astype(np.float64)).astype(np.int32)]


def make(tf, *arguments):
    return (lambda a, b: tf.matmul(a, b, output_type=tf.int32)), tuple(tf.constant(x) for x in arguments)


def make_jax(jax, *arguments):
    return (lambda a, b: jax.numpy.matmul(a, b, preferred_element_type=jax.numpy.int32)), arguments


def build_torch(*arguments):
    import torch

    args = [torch.from_numpy(x) for x in arguments]
    function = torch.compile(torch._int_mm)
    return lambda: function(*args), lambda r: [r.numpy()]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), "torch_compile": build_torch}
