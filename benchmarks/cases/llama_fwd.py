"""A decoder block as in Llama: root mean squares, rotated positions, a causal mask, a gated unit; 256 positions."""

import numpy as np

from cases._programs import Numpy, builders

TOLERANCE = 1e-4
LIMIT = "FMA rate; weights are read once for 256 rows"
POSITIONS, FEATURES, HEADS, HIDDEN = 256, 256, 4, 688
SIZE = FEATURES // HEADS
FLOPS = 2 * POSITIONS * FEATURES * (4 * FEATURES + 3 * HIDDEN) + 4 * HEADS * POSITIONS**2 * SIZE
ANGLES = np.arange(POSITIONS)[:, None] / 10000.0 ** (np.arange(SIZE // 2) / (SIZE // 2))


def inputs():
    rng = np.random.default_rng(0)
    shapes = [(FEATURES, 3 * FEATURES), (FEATURES, FEATURES), *[(FEATURES, HIDDEN)] * 2, (HIDDEN, FEATURES)]
    weights = [(rng.normal(size=s) / np.sqrt(s[0])).astype(np.float32) for s in shapes]
    mask = np.triu(np.full((POSITIONS, POSITIONS), -1e9, np.float32), 1)
    x = rng.normal(size=(POSITIONS, FEATURES)).astype(np.float32)
    return x, np.cos(ANGLES).astype(np.float32), np.sin(ANGLES).astype(np.float32), mask, *weights


def norm(lib, x):
    return x / lib.sqrt(lib.mean(lib.square(x), axis=1, keepdims=True) + 1e-6)


def rotated(lib, x, cos, sin):
    a, b = x[..., : SIZE // 2], x[..., SIZE // 2 :]
    return lib.concat([a * cos - b * sin, b * cos + a * sin], -1)


def gated(lib, x, gate, up, down):
    hidden = lib.matmul(x, gate)
    return lib.matmul(hidden * lib.sigmoid(hidden) * lib.matmul(x, up), down)


def program(lib, x, cos, sin, mask, qkv, out, gate, up, down):
    def heads(x):
        return lib.transpose(lib.reshape(x, (POSITIONS, HEADS, SIZE)), (1, 0, 2))

    q, k, v = (heads(part) for part in lib.split(lib.matmul(norm(lib, x), qkv), 3))
    q, k = rotated(lib, q, cos, sin), rotated(lib, k, cos, sin)
    scores = lib.matmul(q, lib.transpose(k, (0, 2, 1))) * 0.125 + mask
    e = lib.exp(scores - lib.max(scores, axis=2, keepdims=True))
    mixed = lib.matmul(e / lib.sum(e, axis=2, keepdims=True), v)
    x = x + lib.matmul(lib.reshape(lib.transpose(mixed, (1, 0, 2)), (POSITIONS, FEATURES)), out)
    return x + gated(lib, norm(lib, x), gate, up, down)


def oracle(*args):
    return [program(Numpy, *args)]


BUILDERS = builders(program)
