"""Cosine transforms of long rows, by Fourier transforms of as many elements (Makhoul, "A fast cosine transform in one
and two dimensions", 1980).
"""

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import float64, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import zeros_like
from tfc.ops.fourier import complex_of, irfft, rfft
from tfc.ops.sizes import counting


def by_fourier(x, kind) -> Tensor:
    """The cosine transform of a kind, 1 to 4, of the last dimension, whose size is known."""
    n = x.shape_tuple[-1]
    if kind == 4:
        return _fourth(x, n) if n % 2 == 0 else _odd_fourth(x, n)
    return {1: _first, 2: _second, 3: _third}[kind](x, n)


def _first(x, n):
    mirrored = p.concat(x, _reversed(part(x, 1, n - 2)), axis=_last(x))
    return p.real(rfft(mirrored))


def _second(x, n):
    spectrum = p.mul(rfft(_even_then_odd(x, n)), _roots(x, 2, np.arange(n // 2 + 1), -2 * n))
    rest = part(p.imag(spectrum), 1, (n - 1) // 2)
    return p.concat(p.real(spectrum), p.neg(_reversed(rest)), axis=_last(x))


def _third(x, n):
    half = n // 2
    # Of the frequencies n, n - 1, ..., the first is zero.
    mirrored = _reversed(part(x, n - half, half))
    low = (0,) * _last(x)
    mirrored = p.pad(mirrored, convert_to_tensor(0, x.dtype), low=(*low, 1), high=(*low, 0))
    spectrum = p.complex_(part(x, 0, half + 1), p.neg(mirrored))
    y = irfft(p.mul(spectrum, _roots(x, n, np.arange(half + 1), 2 * n)), [n])
    first, others = part(y, 0, n - half), _reversed(part(y, n - half, half))
    return part(_woven(first, p.pad(others, convert_to_tensor(0, x.dtype), low=(*low, 0), high=(*low, n % 2))), 0, n)


def _fourth(x, n):
    at = 4 * np.arange(n // 2) + 1
    pairs = p.complex_(part(x, 0, n // 2, 2), _reversed(part(x, 1, n // 2, 2)))
    spectrum = p.fft(p.mul(pairs, _roots(x, 1, at, -4 * n)), inverse=False)
    spectrum = p.mul(spectrum, _roots(x, 2, at - 1, -4 * n))
    return _woven(p.real(spectrum), _reversed(p.neg(p.imag(spectrum))))


def _odd_fourth(x, n):
    low = (0,) * (_last(x) + 1)
    turned = p.mul(p.complex_(x, convert_to_tensor(0, x.dtype)), _roots(x, 1, np.arange(n), -2 * n))
    longer = p.pad(turned, convert_to_tensor(0, turned.dtype), low=low, high=(*low[1:], n))
    spectrum = part(p.fft(longer, inverse=False), 0, n)
    return p.real(p.mul(spectrum, _roots(x, 2, 2 * np.arange(n) + 1, -4 * n)))


def _last(x):
    return len(x.shape_tuple) - 1


def part(x, start, count, stride=1):
    """`count` elements of the last dimension."""
    before = _last(x)
    axes = x.shape_tuple[:-1]
    if None not in axes:
        return p.slice_(x, starts=(0,) * before + (start,), sizes=(*axes, count), strides=(1,) * before + (stride,))
    begin, end = np.zeros(before + 1, np.int64), np.zeros(before + 1, np.int64)
    begin[-1], end[-1] = start, start + (count - 1) * stride + 1 if count else start
    others = (1 << before) - 1
    strides = (1,) * before + (stride,)
    cut = p.dynamic_strided_slice(
        x, p.constant(value=begin), p.constant(value=end), strides=strides, begin_mask=others, end_mask=others
    )
    return p.ensure_shape(cut, shape=(*axes, count))


def _reversed(x):
    return p.reverse(x, axes=(_last(x),))


def _even_then_odd(x, n):
    return p.concat(part(x, 0, n - n // 2, 2), _reversed(part(x, 1, n // 2, 2)), axis=_last(x))


def _woven(x, y):
    """An element of `x`, one of `y`, and so on."""
    rank = _last(x) + 1
    pairs = p.concat(p.expand_dims(x, axes=(rank,)), p.expand_dims(y, axes=(rank,)), axis=rank)
    sizes = (*x.shape_tuple[:-1], 2 * x.shape_tuple[-1])
    if None not in sizes:
        return p.reshape(pairs, shape=sizes)
    woven = reshape(pairs, concat([shape(x)[:-1], sizes[-1:]], 0))
    return p.ensure_shape(woven, shape=sizes)


def _roots(x, scale, at, parts):
    """`scale` times e to the power of pi i `at` / `parts`."""
    return p.constant(value=(scale * np.exp(1j * np.pi * at / parts)).astype(complex_of(x.dtype).np_dtype))


# Rows whose size only run time knows are mirrored, or continued by zeros, to twice the size.


def of_any_size(x, kind, size) -> Tensor:
    """The cosine transform of a kind, 1 to 4, of the last dimension of any `size` (an integer scalar)."""
    if kind == 1:
        return p.real(rfft(p.concat(x, _between(_reversed(x), 1, -1), axis=_last(x))))
    zeros = zeros_like(x)
    if kind == 2:
        spectrum = _between(rfft(p.concat(x, _reversed(x), axis=_last(x))), 0, -1)
        return p.real(p.mul(spectrum, _turns(x, size, -2)))
    if kind == 3:
        turned = p.mul(p.complex_(x, zeros), _turns(x, size, 2))
        last = (0,) * _last(x)
        doubled = irfft(p.pad(turned, convert_to_tensor(0, turned.dtype), low=(*last, 0), high=(*last, 1)))
        whole = p.cast(p.mul(size, convert_to_tensor(2, size.dtype)), dtype=x.dtype)
        return p.mul(_before(doubled, size), whole)
    turned = p.mul(p.complex_(x, zeros), _turns(x, size, -2))
    longer = p.concat(turned, zeros_like(turned), axis=_last(x))
    spectrum = _before(p.fft(longer, inverse=False), size)
    twice = p.complex_(convert_to_tensor(2, x.dtype), convert_to_tensor(0, x.dtype))
    return p.real(p.mul(p.mul(spectrum, _turns(x, size, -4, 2, 1)), twice))


def _turns(x, size, parts, step=1, first=0):
    """e to the power of pi i `first`, `first + step`, ... / (`parts` `size`)."""
    at = p.cast(counting(size, int64), dtype=float64)
    at = p.add(p.mul(at, convert_to_tensor(step, float64)), convert_to_tensor(first, float64))
    whole = p.mul(p.cast(size, dtype=float64), convert_to_tensor(parts, float64))
    angles = p.div(p.mul(at, convert_to_tensor(np.pi, float64)), whole)
    return p.complex_(p.cast(p.cos(angles), dtype=x.dtype), p.cast(p.sin(angles), dtype=x.dtype))


def _before(x, end):
    """The elements of the last dimension before `end`, an integer scalar."""
    return _cut(x, p.constant(value=np.zeros(1, np.int64)), p.reshape(end, shape=(1,)))


def _between(x, start, end):
    return _cut(x, *(p.constant(value=np.array([n], np.int64)) for n in (start, end)))


def _cut(x, start, end):
    before = _last(x)
    if before:
        zeros = p.constant(value=np.zeros(before, np.int64))
        start, end = p.concat(zeros, start, axis=0), p.concat(zeros, end, axis=0)
    others = (1 << before) - 1
    return p.dynamic_strided_slice(x, start, end, strides=(1,) * (before + 1), begin_mask=others, end_mask=others)
