"""Three dense layers of 1024 units for 256 rows in bfloat16, weights given."""

import ml_dtypes
import numpy as np

from cases._steps import jax_like, tensorflow_like

TOLERANCE = 3e-2
LIMIT = "tiles of AMX and what becomes of their sums; copying the weights takes a seventh"
FLOPS = 3 * 2 * 256 * 1024 * 1024


def inputs():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(256, 1024)).astype(ml_dtypes.bfloat16)
    return x, *((rng.normal(size=(1024, 1024)) * 0.04).astype(ml_dtypes.bfloat16) for _ in range(3))


def oracle(x, *weights):
    for w in weights:
        x = np.maximum(x.astype(np.float32) @ w.astype(np.float32), 0).astype(ml_dtypes.bfloat16)
    return [x.astype(np.float32)]


def layers(relu, matmul):
    def run(x, *weights):
        for w in weights:
            x = relu(matmul(x, w))
        return x

    return run


def make(tf, *arguments):
    return layers(tf.nn.relu, tf.matmul), tuple(tf.constant(x) for x in arguments)


def make_jax(jax, *arguments):
    return layers(jax.nn.relu, jax.numpy.matmul), arguments


def build_torch(*arguments):
    import torch

    args = [torch.from_numpy(x.view(np.int16)).view(torch.bfloat16) for x in arguments]
    function = torch.compile(layers(torch.relu, torch.matmul))

    def call():
        with torch.no_grad():
            return function(*args)

    return call, lambda r: [r.float().numpy()]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), "torch_compile": build_torch}
