"""Layer norm of 4096 x 1024 in bfloat16, whose means are computed in float32."""

import ml_dtypes
import numpy as np

from cases._steps import jax_like, tensorflow_like

TOLERANCE = 5e-2
LIMIT = "rounding to bfloat16, three times, takes longer than the rest"
BYTES = 2 * 2 * 4096 * 1024


def inputs():
    rng = np.random.default_rng(0)
    shapes = (4096, 1024), (1024,), (1024,)
    return tuple(rng.normal(size=shape).astype(ml_dtypes.bfloat16) for shape in shapes)


def oracle(x, scale, offset):
    x, scale, offset = (v.astype(np.float64) for v in (x, scale, offset))
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return [((x - mean) / np.sqrt(variance + 1e-5) * scale + offset).astype(np.float32)]


def make(tf, *arguments):
    def run(x, scale, offset):
        wide = tf.cast(x, tf.float32)
        d = wide - tf.reduce_mean(wide, -1, keepdims=True)
        variance = tf.reduce_mean(d * d, -1, keepdims=True)
        return tf.cast(d * tf.math.rsqrt(variance + 1e-5), x.dtype) * scale + offset

    return run, tuple(tf.constant(v) for v in arguments)


def make_jax(jax, *arguments):
    jnp = jax.numpy

    def run(x, scale, offset):
        wide = x.astype(jnp.float32)
        d = wide - jnp.mean(wide, -1, keepdims=True)
        variance = jnp.mean(d * d, -1, keepdims=True)
        return (d * jax.lax.rsqrt(variance + 1e-5)).astype(x.dtype) * scale + offset

    return run, arguments


def build_torch(*arguments):
    import torch

    args = [torch.from_numpy(v.view(np.int16)).view(torch.bfloat16) for v in arguments]
    function = torch.compile(lambda x, w, b: torch.nn.functional.layer_norm(x, (1024,), w, b))

    def call():
        with torch.no_grad():
            return function(*args)

    return call, lambda r: [r.float().numpy()]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), "torch_compile": build_torch}
