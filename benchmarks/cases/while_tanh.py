"""A data-dependent loop on ten elements: while sum(x) > t: x = tanh(x), 1000 iterations; time per call."""

import numpy as np

from cases._torch import torch_like

TOLERANCE = 1e-4
LIMIT = "latency of a sum of lanes and tanh, an iteration"


def inputs():
    x = np.linspace(0.1, 1.0, 10).astype(np.float32)
    y = x
    for _ in range(1000):
        y = np.tanh(y)
    return x, np.float32(y.sum())


def oracle(x, limit):
    while x.sum() > limit:
        x = np.tanh(x)
    return [x]


def build_tensorflow_like(tf):
    def build(x, limit):
        def shrink(x, limit):
            while tf.reduce_sum(x) > limit:
                x = tf.tanh(x)
            return x

        function, args = tf.function(shrink), (tf.constant(x), tf.constant(limit))
        return lambda: function(*args), lambda r: [r.numpy()]

    return build


def build_tfc(*inputs):
    import tfc

    return build_tensorflow_like(tfc)(*inputs)


def build_tf(*inputs):
    import tensorflow

    return build_tensorflow_like(tensorflow)(*inputs)


def build_jax(x, limit):
    import jax
    import jax.numpy as jnp

    function = jax.jit(lambda x, t: jax.lax.while_loop(lambda x: jnp.sum(x) > t, jnp.tanh, x))
    return lambda: jax.block_until_ready(function(x, limit)), lambda r: [np.asarray(r)]


def make_torch(torch, x, limit):
    from torch._higher_order_ops.while_loop import while_loop

    def shrink(x, limit):
        return while_loop(lambda x: x.sum() > limit, lambda x: (torch.tanh(x),), (x,))[0]

    return shrink, (torch.from_numpy(x), torch.tensor(limit))


BUILDERS = {
    "tfc": build_tfc,
    "tf": build_tf,
    "jax": build_jax,
    "numpy": lambda *i: (lambda: oracle(*i), lambda r: r),
    **torch_like(make_torch),
}
