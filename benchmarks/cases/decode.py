"""One more token for the decoder block of `llama_fwd`: keys and values of 256 positions are in variables."""

import numpy as np

from cases import llama_fwd
from cases._programs import Jax, Numpy, Torch
from cases._programs import tensorflow_like as library
from cases._steps import jax_steps, tensorflow_like
from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "read bandwidth: weights and keys are read once"
AT = 100
HEADS, SIZE, POSITIONS = llama_fwd.HEADS, llama_fwd.SIZE, llama_fwd.POSITIONS


def inputs():
    rng = np.random.default_rng(1)
    x, cos, sin, _, *weights = llama_fwd.inputs()
    caches = (rng.normal(size=(POSITIONS, HEADS, SIZE)).astype(np.float32) for _ in range(2))
    return np.int32(AT), x[:1], cos, sin, *caches, *weights


def projected(lib, at, x, cos, sin, qkv):
    """Query, key and value of the token, with a row for each head."""
    q, k, v = (lib.reshape(part, (HEADS, SIZE)) for part in lib.split(lib.matmul(llama_fwd.norm(lib, x), qkv), 3))
    return llama_fwd.rotated(lib, q, cos[at], sin[at]), llama_fwd.rotated(lib, k, cos[at], sin[at]), v


def attended(lib, x, q, keys, values, is_future, out, gate, up, down):
    q = lib.reshape(q, (HEADS, 1, SIZE))
    scores = lib.matmul(q, lib.transpose(keys, (1, 2, 0))) * 0.125 + lib.where(is_future, -1e9, 0.0)
    e = lib.exp(scores - lib.max(scores, axis=2, keepdims=True))
    mixed = lib.matmul(e / lib.sum(e, axis=2, keepdims=True), lib.transpose(values, (1, 0, 2)))
    x = x + lib.matmul(lib.reshape(mixed, (1, HEADS * SIZE)), out)
    return x + llama_fwd.gated(lib, llama_fwd.norm(lib, x), gate, up, down)


def oracle(at, x, cos, sin, keys, values, qkv, *weights):
    q, k, v = projected(Numpy, at, x, cos, sin, qkv)
    keys, values = keys.copy(), values.copy()
    keys[at], values[at] = k, v
    return [attended(Numpy, x, q, keys, values, np.arange(POSITIONS) > at, *weights).astype(np.float32)]


def make(tf, at, x, cos, sin, keys, values, qkv, *weights):
    lib = library(tf)
    keys, values = tf.Variable(keys), tf.Variable(values)
    qkv, *weights = map(tf.constant, (qkv, *weights))

    def step(at, x, cos, sin):
        q, k, v = projected(lib, at, x, cos, sin, qkv)
        for cache, row in ((keys, k), (values, v)):
            cache.assign(tf.tensor_scatter_nd_update(cache, [[at]], row[None]))
        return attended(lib, x, q, keys.read_value(), values.read_value(), tf.range(POSITIONS) > at, *weights)

    return step, tuple(map(tf.constant, (at, x, cos, sin)))


def make_jax(jax, at, x, cos, sin, keys, values, qkv, *weights):
    lib = Jax(jax)
    x, cos, sin, qkv, *weights = map(jax.numpy.asarray, (x, cos, sin, qkv, *weights))

    def step(state):
        at, keys, values = state
        q, k, v = projected(lib, at, x, cos, sin, qkv)
        keys, values = keys.at[at].set(k), values.at[at].set(v)
        future = jax.numpy.arange(POSITIONS) > at
        return [at, keys, values], attended(lib, x, q, keys, values, future, *weights)

    return step, [at, keys, values]


def make_torch(torch, at, x, cos, sin, keys, values, qkv, *weights):
    lib = Torch(torch)
    keys, values = torch.from_numpy(keys.copy()), torch.from_numpy(values.copy())
    at, x, cos, sin, qkv, *weights = (torch.from_numpy(np.asarray(v)) for v in (at, x, cos, sin, qkv, *weights))

    def step(at, x, cos, sin, qkv, *weights):
        q, k, v = projected(lib, at, x, cos, sin, qkv)
        keys.index_copy_(0, at[None], k[None])
        values.index_copy_(0, at[None], v[None])
        return attended(lib, x, q, keys, values, torch.arange(POSITIONS) > at, *weights)

    return step, (at.long(), x, cos, sin, qkv, *weights)


BUILDERS = {**tensorflow_like(make), **jax_steps(make_jax), **torch_like(make_torch)}
