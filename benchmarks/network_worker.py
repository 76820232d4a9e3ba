"""One implementation of one network, in a process of its own: says what the first call took, then times calls for each
line that it reads.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time

import numpy as np
from network_models import NETWORKS, Weights
from network_ops import jax_ops

RATE = 0.01


def jax_call(network, inputs, training):
    import jax
    import jax.numpy as jnp

    tf, weights = jax_ops(), Weights()
    jax.eval_shape(lambda *args: network(tf, weights, *args), *inputs)
    given, args = [jnp.asarray(w) for w in weights.made], [jnp.asarray(a) for a in inputs]

    def forward(given, *args):
        return network(tf, Weights(given), *args)

    def step(given, *args):
        loss, gradients = jax.value_and_grad(forward)(given, *args)
        return loss, [w - RATE * g for w, g in zip(given, gradients, strict=True)]

    if not training:
        compiled = jax.jit(forward)
        return lambda: jax.block_until_ready(compiled(given, *args))
    compiled, state = jax.jit(step, donate_argnums=0), [given]

    def call():
        loss, state[0] = compiled(state[0], *args)
        return jax.block_until_ready(loss)

    return call


def tensorflow_call(tf, network, inputs, training, **options):
    weights = Weights()
    specs = [tf.TensorSpec(a.shape, a.dtype) for a in inputs]
    tf.function(lambda *args: network(tf, weights, *args), autograph=False).get_concrete_function(*specs)
    variables, args = [tf.Variable(w) for w in weights.made], [tf.constant(a) for a in inputs]

    def forward(*args):
        return network(tf, Weights(variables), *args)

    def step(*args):
        with tf.GradientTape() as tape:
            loss = forward(*args)
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(RATE * gradient)
        return loss

    function = tf.function(step if training else forward, autograph=False, **options)
    return lambda: function(*args)


def main():
    implementation, name, seconds, result = sys.argv[1:]
    network, make_inputs, training = NETWORKS[name]
    if implementation == "jax":
        call = jax_call(network, make_inputs(), training)
    elif implementation == "tfc":
        import tfc

        call = tensorflow_call(tfc, network, make_inputs(), training)
    else:
        import tensorflow

        threads = int(os.environ["OMP_NUM_THREADS"])
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        options = {"jit_compile": True} if implementation == "tf_xla" else {}
        call = tensorflow_call(tensorflow, network, make_inputs(), training, **options)
    wall, processor = time.perf_counter(), time.process_time()
    first = np.asarray(call())
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    np.save(result, first)
    print(json.dumps({"first": wall, "first_cpu": processor}), flush=True)
    call()
    for _ in sys.stdin:
        times, end = [], time.perf_counter() + float(seconds)
        while time.perf_counter() < end or len(times) < 3:
            start = time.perf_counter()
            np.asarray(call())
            times.append(time.perf_counter() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"call": float(np.median(times)), "peak_mib": peak}), flush=True)


if __name__ == "__main__":
    main()
