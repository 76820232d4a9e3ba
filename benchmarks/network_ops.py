"""The names that network_models.py uses, for JAX and torch."""

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
        float32=jnp.float32,
        cast=lambda x, dtype: jnp.asarray(x).astype(dtype),
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


def torch_ops():
    import torch
    from torch.nn import functional

    def axes(axis):
        return tuple(axis) if isinstance(axis, list | tuple) else axis

    def tensor(x):
        return x if isinstance(x, torch.Tensor) else torch.as_tensor(x)

    def matmul(a, b, transpose_b=False):
        return torch.matmul(a, b.transpose(-1, -2) if transpose_b else b)

    def reduce_mean(x, axis=None, keepdims=False):
        return torch.mean(x, axes(axis), keepdim=keepdims) if axis is not None else torch.mean(x)

    def margins(size, window, stride):
        total = max((-(-size // stride) - 1) * stride + window - size, 0)
        return total // 2, total - total // 2

    def padded(x, window, stride, padding, value=0.0):
        """Channels are the second dimension; the margins, if they are equal, or an image that has them."""
        if padding == "VALID":
            return x, 0
        low, high = (margins(x.shape[axis], window, stride) for axis in (-2, -1))
        if low[0] == low[1] and high[0] == high[1]:
            return x, (low[0], high[0])
        return functional.pad(x, (*high, *low), value=value), 0

    def conv2d(x, filters, strides=1, padding="SAME", groups=1):
        x, margin = padded(x.permute(0, 3, 1, 2), filters.shape[0], strides, padding)
        return functional.conv2d(x, filters.permute(3, 2, 0, 1), None, strides, margin, 1, groups).permute(0, 2, 3, 1)

    def depthwise_conv2d(x, filters, strides, padding):
        return conv2d(x, filters.transpose(2, 3), strides[1], padding, filters.shape[2])

    def conv1d(x, filters, stride=1, padding="SAME", dilations=1):
        x = x.permute(0, 2, 1)
        if padding == "SAME":
            x = functional.pad(x, margins(x.shape[2], filters.shape[0], stride))
        return functional.conv1d(x, filters.permute(2, 1, 0), None, stride, 0, dilations).permute(0, 2, 1)

    def max_pool2d(x, size, strides, padding):
        x, margin = padded(x.permute(0, 3, 1, 2), size, strides, padding, -torch.inf)
        return functional.max_pool2d(x, size, strides, margin).permute(0, 2, 3, 1)

    def cross_entropy(labels, logits):
        return functional.cross_entropy(logits, labels.long(), reduction="none")

    return SimpleNamespace(
        float32=torch.float32,
        cast=lambda x, dtype: tensor(x).to(dtype),
        matmul=matmul,
        reshape=torch.reshape,
        transpose=torch.permute,
        reduce_mean=reduce_mean,
        square=torch.square,
        tanh=torch.tanh,
        sigmoid=torch.sigmoid,
        concat=lambda values, axis: torch.cat(list(values), axis),
        split=lambda x, count, axis: torch.split(x, x.shape[axis] // count, axis),
        gather=lambda values, indices: values[indices],
        pad=lambda x, widths: functional.pad(x, [n for pair in reversed(widths) for n in pair]),
        math=SimpleNamespace(rsqrt=torch.rsqrt),
        nn=SimpleNamespace(
            relu=functional.relu,
            relu6=functional.relu6,
            silu=functional.silu,
            gelu=lambda x, approximate: functional.gelu(x, approximate="tanh" if approximate else "none"),
            softmax=lambda x: functional.softmax(x, -1),
            conv2d=conv2d,
            conv1d=conv1d,
            depthwise_conv2d=depthwise_conv2d,
            max_pool2d=max_pool2d,
            sparse_softmax_cross_entropy_with_logits=cross_entropy,
        ),
    )
