"""numpy meanings of convolution and pooling: sliding windows over [batch, spatial..., channels].

Element k of the window at place o of a spatial dimension lies at `o * stride + k * dilation - before`. `padding` has
two entries, before and after, for each spatial dimension; or none: then it is as much as makes the number of places
ceil(size / stride), the odd element after.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from tfc.errors import InvalidArgumentError


class Slide(NamedTuple):
    """How the window slides along one spatial dimension."""

    size: int
    window: int
    stride: int
    dilation: int
    before: int
    after: int
    places: int

    def at(self, k: int) -> slice:
        """What element k of the window meets at each place, of the padded dimension."""
        start = k * self.dilation
        return slice(start, start + (self.places - 1) * self.stride + 1 if self.places else start, self.stride)


def slides(sizes, window, strides, dilations, padding) -> list[Slide]:
    """The geometry of each spatial dimension; `InvalidArgumentError` if the window does not fit."""
    result = []
    for i, (size, k, stride, dilation) in enumerate(zip(sizes, window, strides, dilations, strict=True)):
        reach = (k - 1) * dilation
        if padding:
            before, after = padding[2 * i : 2 * i + 2]
            room = size + before + after - reach
            if room < 1 or k < 1:
                raise InvalidArgumentError(
                    f"the window of extent {reach + 1} does not fit in spatial dimension {i} "
                    f"of padded size {size + before + after}"
                )
            places = -(-room // stride)
        else:
            places = -(-size // stride)
            total = max(0, (places - 1) * stride + reach + 1 - size) if k > 1 else 0
            before, after = total // 2, total - total // 2
        result.append(Slide(size, k, stride, dilation, before, after, places))
    return result


def _pad(x, dims, value=0):
    if not any(d.before or d.after for d in dims):
        return x
    shape = (x.shape[0], *(d.before + d.size + d.after for d in dims), x.shape[-1])
    out = np.full(shape, value, x.dtype)
    out[_inner(dims)] = x
    return out


def _inner(dims) -> tuple:
    return (slice(None), *(slice(d.before, d.before + d.size) for d in dims))


def _elements(dims):
    """Each element of the window: its index, and the slices of the padded tensor that it meets."""
    for k in itertools.product(*(range(d.window) for d in dims)):
        yield k, (slice(None), *(d.at(i) for d, i in zip(dims, k, strict=True)))


def _wide(x):
    """Half precision is summed up in float32."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 and x.dtype.kind not in "iu" else x


# Convolution.


def _check_rank(name, x, rank):
    if x.ndim != rank:
        raise InvalidArgumentError(f"expected {name} of rank {rank}, got shape {list(x.shape)}")


def _conv_slides(x_shape, filter_shape, strides, dilations, padding, groups):
    if x_shape[-1] != filter_shape[-2] * groups:
        raise InvalidArgumentError(
            f"expected channels of the filter times {groups} groups to be the input's {x_shape[-1]}, "
            f"got {filter_shape[-2]}: input {list(x_shape)}, filter {list(filter_shape)}"
        )
    if filter_shape[-1] % groups:
        raise InvalidArgumentError(f"expected {groups} groups to divide the number of features, {filter_shape[-1]}")
    return slides(x_shape[1:-1], filter_shape[:-2], strides, dilations, padding)


def _patches(x, dims, groups):
    """What each window sees, as [group, batch and place, window and channel]."""
    seen = np.empty((x.shape[0], *(d.places for d in dims), *(d.window for d in dims), x.shape[-1]), x.dtype)
    padded, lead = _pad(x, dims), (slice(None),) * (1 + len(dims))
    for k, box in _elements(dims):
        seen[(*lead, *k)] = padded[box]
    m, kd = x.shape[0] * math.prod(d.places for d in dims), math.prod(d.window for d in dims)
    depth = x.shape[-1] // groups
    grouped = np.moveaxis(seen.reshape(m, kd, groups, depth), 2, 0)
    return grouped.reshape(groups, m, kd * depth)


def _split(x, groups):
    """[rows, group * features] as [group, rows, features]."""
    x = x.reshape(math.prod(x.shape[:-1]), groups, x.shape[-1] // groups)
    return np.moveaxis(x, 1, 0)


def conv(x, filter, strides, dilations, padding, groups):
    """[batch, places..., features]."""
    rank = len(strides) + 2
    _check_rank("input", x, rank)
    _check_rank("filter", filter, rank)
    dims = _conv_slides(x.shape, filter.shape, strides, dilations, padding, groups)
    out = np.matmul(_patches(_wide(x), dims, groups), _split(_wide(filter), groups))
    shape = (x.shape[0], *(d.places for d in dims), filter.shape[-1])
    return np.moveaxis(out, 0, 1).reshape(shape).astype(x.dtype)


def _check_gradient(g, batch, dims, features):
    want = (batch, *(d.places for d in dims), features)
    if g.shape != want:
        raise InvalidArgumentError(f"expected a gradient of shape {list(want)}, got {list(g.shape)}")


def conv_input_grad(g, filter, shape, strides, dilations, padding, groups):
    """The gradient of `conv` with respect to an input of this shape."""
    rank = len(strides) + 2
    _check_rank("gradient", g, rank)
    _check_rank("filter", filter, rank)
    shape = tuple(int(d) for d in shape)
    if len(shape) != rank or min(shape) < 0:
        raise InvalidArgumentError(f"expected a shape of {rank} sizes, got {list(shape)}")
    dims = _conv_slides(shape, filter.shape, strides, dilations, padding, groups)
    _check_gradient(g, shape[0], dims, filter.shape[-1])
    seen = np.matmul(_split(_wide(g), groups), np.swapaxes(_split(_wide(filter), groups), 1, 2))
    places, window = (d.places for d in dims), (d.window for d in dims)
    seen = np.moveaxis(seen, 0, 1).reshape(shape[0], *places, groups, *window, shape[-1] // groups)
    out = np.zeros((shape[0], *(d.before + d.size + d.after for d in dims), shape[-1]), seen.dtype)
    lead = (slice(None),) * rank
    for k, box in _elements(dims):
        part = seen[(*lead, *k)]
        out[box] += part.reshape(*part.shape[:-2], shape[-1])
    return out[_inner(dims)].astype(g.dtype)


def conv_filter_grad(x, g, shape, strides, dilations, padding, groups):
    """The gradient of `conv` with respect to a filter of this shape."""
    rank = len(strides) + 2
    _check_rank("input", x, rank)
    _check_rank("gradient", g, rank)
    shape = tuple(int(d) for d in shape)
    if len(shape) != rank or min(shape) < 0:
        raise InvalidArgumentError(f"expected a shape of {rank} sizes, got {list(shape)}")
    dims = _conv_slides(x.shape, shape, strides, dilations, padding, groups)
    _check_gradient(g, x.shape[0], dims, shape[-1])
    out = np.matmul(np.swapaxes(_patches(_wide(x), dims, groups), 1, 2), _split(_wide(g), groups))
    return np.moveaxis(out, 0, 1).reshape(shape).astype(x.dtype)


# Pooling.


def _pool_slides(name, shape, window, strides, dilations, padding):
    if len(shape) != len(window) + 2:
        raise InvalidArgumentError(f"expected {name} of rank {len(window) + 2}, got shape {list(shape)}")
    for i, size in enumerate(padding):
        extent = (window[i // 2] - 1) * dilations[i // 2] + 1
        if size >= extent:
            raise InvalidArgumentError(f"expected padding less than the window's extent {extent}, got {size}")
    return slides(shape[1:-1], window, strides, dilations, padding)


def _lowest(dtype):
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def max_pool(x, window, strides, dilations, padding):
    """The largest element of each window, NaN if there is one."""
    dims = _pool_slides("input", x.shape, window, strides, dilations, padding)
    padded = _pad(x, dims, _lowest(x.dtype))
    out = np.full((x.shape[0], *(d.places for d in dims), x.shape[-1]), _lowest(x.dtype), x.dtype)
    for _, box in _elements(dims):
        out = np.maximum(out, padded[box])
    return out


def argmax_pool(x, window, strides, dilations, padding):
    """The position in `x`, flat, of the first of the largest elements of each window."""
    dims = _pool_slides("input", x.shape, window, strides, dilations, padding)
    value = x.astype(np.float32) if x.dtype.kind == "V" else x
    padded = _pad(value, dims, _lowest(value.dtype))
    positions = _pad(np.arange(x.size).reshape(x.shape), dims, -1)
    shape = (x.shape[0], *(d.places for d in dims), x.shape[-1])
    best, out = np.full(shape, _lowest(value.dtype), value.dtype), np.full(shape, -1, np.int64)
    for _, box in _elements(dims):
        here, at = padded[box], positions[box]
        better = (here > best) | (np.isnan(here) & ~np.isnan(best)) | (out < 0)
        better &= at >= 0
        best, out = np.where(better, here, best), np.where(better, at, out)
    return out


def _counts(dims):
    """How many elements of each window are no padding, with a dimension for the channels."""
    total = np.ones((), np.int64)
    for d in dims:
        at = np.arange(d.places)[:, None] * d.stride + np.arange(d.window) * d.dilation - d.before
        total = np.multiply.outer(total, ((at >= 0) & (at < d.size)).sum(1))
    return total[..., None]


def avg_pool(x, window, strides, dilations, padding):
    """The mean of each window's elements that are no padding."""
    dims = _pool_slides("input", x.shape, window, strides, dilations, padding)
    padded = _pad(_wide(x), dims)
    out = np.zeros((x.shape[0], *(d.places for d in dims), x.shape[-1]), padded.dtype)
    for _, box in _elements(dims):
        out += padded[box]
    return (out / _counts(dims).astype(out.dtype)).astype(x.dtype)


def avg_pool_grad(g, shape, window, strides, dilations, padding):
    """The gradient of `avg_pool` of a tensor of this shape."""
    shape = tuple(int(d) for d in shape)
    dims = _pool_slides("shape", shape, window, strides, dilations, padding)
    _check_gradient(g, shape[0], dims, shape[-1])
    share = _wide(g)
    share = share / _counts(dims).astype(share.dtype)
    out = np.zeros((shape[0], *(d.before + d.size + d.after for d in dims), shape[-1]), share.dtype)
    for _, box in _elements(dims):
        out[box] += share
    return out[_inner(dims)].astype(g.dtype)
