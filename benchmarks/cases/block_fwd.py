"""A transformer block: 8 heads, 512 features, 128 positions."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 0.0001
LIMIT = "FMA rate; weights are read once, from the third-level cache, for 128 rows"
FLOPS = 2 * 128 * 512 * (1536 + 512 + 2048 + 2048) + 2 * 2 * 8 * 128 * 128 * 64


def inputs():
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(128, 512)).astype(np.float32),
        *(
            (rng.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32)
            for shape in [(512, 1536), (512, 512), (512, 2048), (2048, 512)]
        ),
    )


def program(lib, x, qkv, out, up, down):
    def normalize(x):
        centered = x - lib.mean(x, axis=1, keepdims=True)
        return centered / lib.sqrt(lib.mean(lib.square(centered), axis=1, keepdims=True) + 1e-5)

    def heads(x):
        return lib.transpose(lib.reshape(x, (128, 8, 64)), (1, 0, 2))

    q, k, v = lib.split(lib.matmul(normalize(x), qkv), 3)
    scores = lib.matmul(heads(q), lib.transpose(heads(k), (0, 2, 1))) * 0.125
    e = lib.exp(scores - lib.max(scores, axis=2, keepdims=True))
    mixed = lib.matmul(e / lib.sum(e, axis=2, keepdims=True), heads(v))
    x = x + lib.matmul(lib.reshape(lib.transpose(mixed, (1, 0, 2)), (128, 512)), out)
    hidden = lib.matmul(normalize(x), up)
    return x + lib.matmul(0.5 * hidden * (1 + lib.erf(hidden * 0.7071067811865476)), down)


def oracle(x, qkv, out, up, down):
    return [program(Numpy, x, qkv, out, up, down)]


BUILDERS = builders(program)
