"""The names that network_models.py uses, for JAX."""

from __future__ import annotations

from types import SimpleNamespace


def jax_ops():
    import jax
    import jax.numpy as jnp
    from jax import lax

    def axes(axis):
        return tuple(axis) if isinstance(axis, list | tuple) else axis

    def matmul(a, b, transpose_b=False):
        return jnp.matmul(a, jnp.swapaxes(b, -1, -2) if transpose_b else b)

    def conv2d(x, filters, strides=1, padding="SAME"):
        names = ("NHWC", "HWIO", "NHWC")
        return lax.conv_general_dilated(x, filters, (strides, strides), padding, dimension_numbers=names)

    def depthwise_conv2d(x, filters, strides, padding):
        height, width, channels, _ = filters.shape
        return lax.conv_general_dilated(
            x,
            jnp.reshape(filters, (height, width, 1, channels)),
            strides[1:3],
            padding,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=channels,
        )

    def conv1d(x, filters, stride=1, padding="SAME", dilations=1):
        names = ("NWC", "WIO", "NWC")
        return lax.conv_general_dilated(
            x, filters, (stride,), padding, rhs_dilation=(dilations,), dimension_numbers=names
        )

    def max_pool2d(x, size, strides, padding):
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, size, size, 1), (1, strides, strides, 1), padding)

    def cross_entropy(labels, logits):
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], axis=-1)[..., 0]

    return SimpleNamespace(
        matmul=matmul,
        reshape=jnp.reshape,
        transpose=jnp.transpose,
        reduce_mean=lambda x, axis=None, keepdims=False: jnp.mean(x, axes(axis), keepdims=keepdims),
        square=jnp.square,
        tanh=jnp.tanh,
        sigmoid=jax.nn.sigmoid,
        concat=lambda values, axis: jnp.concatenate(values, axis),
        split=lambda x, count, axis: jnp.split(x, count, axis),
        gather=lambda values, indices: jnp.take(values, indices, axis=0),
        pad=jnp.pad,
        math=SimpleNamespace(rsqrt=lax.rsqrt),
        nn=SimpleNamespace(
            relu=jax.nn.relu,
            relu6=jax.nn.relu6,
            silu=jax.nn.silu,
            gelu=jax.nn.gelu,
            softmax=jax.nn.softmax,
            conv2d=conv2d,
            conv1d=conv1d,
            depthwise_conv2d=depthwise_conv2d,
            max_pool2d=max_pool2d,
            sparse_softmax_cross_entropy_with_logits=cross_entropy,
        ),
    )
