"""Call overhead of a trace: `f.get_concrete_function(...)(x)`, x + 1 of one element."""

import numpy as np

from cases._programs import _arrays

TOLERANCE = 0.0
LIMIT = "the call: two frames of Python"


def inputs():
    return (np.ones([1], np.float32),)


def oracle(x):
    return [x + 1]


def _like_tensorflow(tf, x):
    value = tf.constant(x)
    concrete = tf.function(lambda x: x + 1).get_concrete_function(tf.TensorSpec([1], tf.float32))
    return lambda: concrete(value), _arrays


def build_tfc(x):
    import tfc as tf

    return _like_tensorflow(tf, x)


def build_tensorflow(x):
    import tensorflow as tf

    return _like_tensorflow(tf, x)


def build_jax(x):
    import jax

    value = jax.numpy.asarray(x)
    compiled = jax.jit(lambda x: x + 1).lower(value).compile()
    return lambda: jax.block_until_ready(compiled(value)), _arrays


BUILDERS = {
    "numpy": lambda x: (lambda: x + 1, _arrays),
    "tfc": build_tfc,
    "tf": build_tensorflow,
    "jax": build_jax,
}
