"""What the cases of random numbers have in common: libraries draw other numbers, so moments are compared."""

import numpy as np

TOLERANCE = 0.01
COUNT = 2_000_000


def inputs():
    return (np.array([1, 2], np.int32),)


def moments(result):
    x = np.asarray(result, np.float64)
    return [np.array([x.mean(), np.square(x).mean()])]


def builders(kind, numpy_draw, torch_name):
    """`kind`: the suffix of TensorFlow's `stateless_*` and the name in `jax.random`; `numpy_draw(generator, count)`."""

    def build_numpy(seed):
        rng = np.random.default_rng(seed)
        return lambda: numpy_draw(rng, COUNT), moments

    def tensorflow_like(tf, seed, **options):
        seed = tf.constant(seed)
        draw = getattr(tf.random, f"stateless_{kind}")
        function = tf.function(lambda seed: draw([COUNT], seed), **options)
        return lambda: function(seed), moments

    def build_tfc(seed):
        import tfc

        return tensorflow_like(tfc, seed)

    def build_tensorflow(seed, jit=False):
        import tensorflow as tf

        return tensorflow_like(tf, seed, jit_compile=jit)

    def build_jax(seed):
        import jax

        draw = getattr(jax.random, kind)
        function = jax.jit(lambda key: draw(key, (COUNT,)))
        key = jax.random.key(int(seed[0]))
        return lambda: function(key).block_until_ready(), moments

    def build_torch(seed):
        import torch

        draw = getattr(torch, torch_name)
        return torch.compile(lambda: draw(COUNT)), moments

    return {
        "numpy": build_numpy,
        "tfc": build_tfc,
        "tf": build_tensorflow,
        "tf_xla": lambda seed: build_tensorflow(seed, jit=True),
        "jax": build_jax,
        "torch_compile": build_torch,
    }
