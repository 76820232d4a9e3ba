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
from network_ops import jax_ops, torch_ops

RATE = 0.01


def given_in(values, dtype):
    import ml_dtypes

    return [v.astype(ml_dtypes.bfloat16) if dtype == "bfloat16" and v.dtype == np.float32 else v for v in values]


def jax_call(network, inputs, training, dtype):
    import jax
    import jax.numpy as jnp

    tf, weights = jax_ops(), Weights()
    low = jnp.float32 if dtype == "float32" else jnp.bfloat16
    jax.eval_shape(lambda *args: network(tf, weights, *args), *inputs)
    stored = "bfloat16" if dtype == "bfloat16" and not training else "float32"
    given = [jnp.asarray(w) for w in given_in(weights.made, stored)]
    args = [jnp.asarray(a) for a in (inputs if dtype == "float32" else given_in(inputs, "bfloat16"))]

    def cast(value, wide):
        return value.astype(jnp.float32 if wide else low)

    def forward(given, *args):
        return network(tf, Weights(given, cast), *args)

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


def tensorflow_call(tf, network, inputs, training, dtype, **options):
    weights = Weights()
    low = tf.float32 if dtype == "float32" else tf.bfloat16
    specs = [tf.TensorSpec(a.shape, a.dtype) for a in inputs]
    tf.function(lambda *args: network(tf, weights, *args), autograph=False).get_concrete_function(*specs)
    stored = "bfloat16" if dtype == "bfloat16" and not training else "float32"
    variables = [tf.Variable(w) for w in given_in(weights.made, stored)]
    args = [tf.constant(a) for a in (inputs if dtype == "float32" else given_in(inputs, "bfloat16"))]

    def cast(value, wide):
        return tf.cast(value, tf.float32 if wide else low)

    def forward(*args):
        return network(tf, Weights(variables, cast), *args)

    def step(*args):
        with tf.GradientTape() as tape:
            loss = forward(*args)
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(RATE * gradient)
        return loss

    function = tf.function(step if training else forward, autograph=False, **options)
    return lambda: function(*args)


def torch_call(network, inputs, training, dtype, compiled):
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    tf, weights = torch_ops(), Weights()
    low = torch.float32 if dtype == "float32" else torch.bfloat16
    made_of = [torch.from_numpy(a) for a in inputs]
    with torch.no_grad():
        network(tf, lambda *shape, wide=False, **how: torch.from_numpy(weights(*shape, **how)), *made_of)
    given = [torch.from_numpy(w) for w in weights.made]
    # Filters lie as the convolutions of torch like them best.
    given = [
        w.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last).permute(2, 3, 1, 0) if w.ndim == 4 else w
        for w in given
    ]
    if dtype == "bfloat16" and not training:
        given = [w.to(low) for w in given]
    given = [w.requires_grad_(training) for w in given]
    args = [a.to(low) if a.is_floating_point() else a for a in made_of]

    def cast(value, wide):
        return value.to(torch.float32 if wide else low)

    def forward(*args):
        return network(tf, Weights(given, cast), *args)

    function = torch.compile(forward) if compiled else forward

    def call():
        if not training:
            with torch.no_grad():
                return function(*args).float()
        loss = function(*args)
        loss.backward()
        with torch.no_grad():
            for weight in given:
                weight.sub_(RATE * weight.grad)
                weight.grad = None
        return loss.detach()

    return call


def main():
    implementation, name, dtype, seconds, result = sys.argv[1:]
    network, make_inputs, training = NETWORKS[name]
    if implementation == "jax":
        call = jax_call(network, make_inputs(), training, dtype)
    elif implementation in ("torch", "torch_compile"):
        call = torch_call(network, make_inputs(), training, dtype, implementation == "torch_compile")
    elif implementation == "tfc":
        import tfc

        call = tensorflow_call(tfc, network, make_inputs(), training, dtype)
    else:
        import tensorflow

        threads = int(os.environ["OMP_NUM_THREADS"])
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        options = {"jit_compile": True} if implementation == "tf_xla" else {}
        call = tensorflow_call(tensorflow, network, make_inputs(), training, dtype, **options)
    wall, processor = time.perf_counter(), time.process_time()
    first = np.asarray(call()).astype(np.float32)
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
