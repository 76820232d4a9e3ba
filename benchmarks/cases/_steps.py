"""Builders for programs with variables, loops or gradients: for TensorFlow's API, which is ours, and for JAX."""

from __future__ import annotations

import numpy as np


def tensorflow_like(make):
    """`make(tf, *inputs)` returns the function to call (not yet a tf.function) and its arguments."""

    def build(tf, inputs, **options):
        function, args = make(tf, *inputs)
        function = tf.function(function, **options)
        return lambda: function(*args), lambda r: [np.asarray(x) for x in (r if isinstance(r, (tuple, list)) else [r])]

    def build_tfc(*inputs):
        import tfc

        return build(tfc, inputs)

    def build_tf(*inputs):
        import tensorflow

        return build(tensorflow, inputs)

    def build_tf_xla(*inputs):
        import tensorflow

        return build(tensorflow, inputs, jit_compile=True)

    return {"tfc": build_tfc, "tf": build_tf, "tf_xla": build_tf_xla}


def jax_like(make):
    """`make(jax, *inputs)` returns the function to compile and its arguments."""

    def build(*inputs):
        import jax

        function, args = make(jax, *inputs)
        compiled = jax.jit(function)
        args = jax.tree_util.tree_map(jax.numpy.asarray, args)
        return lambda: jax.block_until_ready(compiled(*args)), lambda r: [
            np.asarray(x) for x in (r if isinstance(r, (tuple, list)) else [r])
        ]

    return {"jax": build}


def jax_steps(make):
    """`make(jax, *inputs)` returns `step(state) -> (state, results)` and the first state, which each call donates."""

    def build(*inputs):
        import jax

        step, state = make(jax, *inputs)
        compiled = jax.jit(step, donate_argnums=0)
        held = [jax.tree_util.tree_map(jax.numpy.array, state)]

        def call():
            held[0], results = compiled(held[0])
            return jax.block_until_ready(results)

        return call, lambda r: [np.asarray(x) for x in (r if isinstance(r, (tuple, list)) else [r])]

    return {"jax": build}
