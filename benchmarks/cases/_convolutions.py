"""Convolutions of NHWC images in numpy, one element of an odd window after the other; same padding, no strides."""

from __future__ import annotations

import numpy as np


def _padded(x, w):
    reach = [(k // 2, k // 2) for k in w.shape[:2]]
    return np.pad(x, ((0, 0), *reach, (0, 0)))


def _windows(x, w):
    for i, j in np.ndindex(*w.shape[:2]):
        yield (i, j), (slice(None), slice(i, i + x.shape[1]), slice(j, j + x.shape[2]))


def _inner(padded, x, w):
    top, left = w.shape[0] // 2, w.shape[1] // 2
    return padded[:, top : top + x.shape[1], left : left + x.shape[2]]


def conv(x, w):
    padded = _padded(x, w)
    return sum(padded[at] @ w[k] for k, at in _windows(x, w))


def conv_grads(x, w, g):
    """Of the image, and of the filter."""
    padded = _padded(x, w)
    dx, dw = np.zeros_like(padded), np.empty_like(w)
    for k, at in _windows(x, w):
        dx[at] += g @ w[k].T
        dw[k] = np.tensordot(padded[at], g, ((0, 1, 2), (0, 1, 2)))
    return _inner(dx, x, w), dw


def depthwise(x, w):
    padded = _padded(x, w)
    return sum(padded[at] * w[k][:, 0] for k, at in _windows(x, w))


def depthwise_grads(x, w, g):
    padded = _padded(x, w)
    dx, dw = np.zeros_like(padded), np.empty_like(w)
    for k, at in _windows(x, w):
        dx[at] += g * w[k][:, 0]
        dw[k][:, 0] = np.sum(padded[at] * g, (0, 1, 2))
    return _inner(dx, x, w), dw


def jax_conv(jax, x, w, groups=1):
    """In JAX, padded in the same way."""
    return jax.lax.conv_general_dilated(
        x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=groups
    )
