"""2M normal random numbers, of which mean and square mean are compared."""

import numpy as np

TOLERANCE = 0.01
COUNT = 2_000_000
SEED = np.array([1, 2], np.int32)


def inputs():
    return (SEED,)


def moments(result):
    x = np.asarray(result, np.float64)
    return [np.array([x.mean(), np.square(x).mean()])]


def oracle(seed):
    return [np.array([0, 1])]


def build_numpy(seed):
    rng = np.random.default_rng(seed)
    return lambda: rng.standard_normal(COUNT, np.float32), moments


def tensorflow_like(tf, seed, **options):
    seed = tf.constant(seed)
    function = tf.function(lambda seed: tf.random.stateless_normal([COUNT], seed), **options)
    return lambda: function(seed), moments


def build_tfc(seed):
    import tfc

    return tensorflow_like(tfc, seed)


def build_tensorflow(seed, jit=False):
    import tensorflow as tf

    return tensorflow_like(tf, seed, jit_compile=jit)


def build_jax(seed):
    import jax

    function = jax.jit(lambda key: jax.random.normal(key, (COUNT,)))
    key = jax.random.key(int(seed[0]))
    return lambda: function(key).block_until_ready(), moments


def build_torch(seed):
    import torch

    function = torch.compile(lambda: torch.randn(COUNT))
    return function, moments


BUILDERS = {
    "numpy": build_numpy,
    "tfc": build_tfc,
    "tf": build_tensorflow,
    "tf_xla": lambda seed: build_tensorflow(seed, jit=True),
    "jax": build_jax,
    "torch_compile": build_torch,
}
