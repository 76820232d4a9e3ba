"""ThreeFry2x32-20, composed of elementwise ops: the generator that XLA uses, bit for bit.

TensorFlow computes it in functions with `jit_compile=True` only, here it works everywhere. A counter of one word marks
it; Philox has two.
"""

import math

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import uint32, uint64
from tfc.ops import primitives as p
from tfc.ops.philox import number

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def _rotated(x, by) -> Tensor:
    left, right = p.left_shift(x, number(by, uint32)), p.right_shift(x, number(32 - by, uint32))
    return p.bitwise_or(left, right)


def _halves(x) -> tuple[Tensor, Tensor]:
    return p.cast(x, dtype=uint32), p.cast(p.right_shift(x, number(32, uint64)), dtype=uint32)


def blocks(key, counter) -> tuple[Tensor, Tensor]:
    """Two words (uint32) for each counter (uint64, any shape) and a key (uint64).

    Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    """
    first, second = _halves(key)
    keys = first, second, p.bitwise_xor(p.bitwise_xor(first, second), number(0x1BD11BDA, uint32))
    low, high = _halves(counter)
    x, y = p.add(low, keys[0]), p.add(high, keys[1])
    for i in range(5):
        for by in _ROTATIONS[i % 2]:
            x = p.add(x, y)
            y = p.bitwise_xor(_rotated(y, by), x)
        x = p.add(x, keys[(i + 1) % 3])
        y = p.add(p.add(y, keys[(i + 2) % 3]), number(i + 1, uint32))
    return x, y


def bits(key, counter, dims, dtype) -> Tensor:
    """Random uint32 or uint64 of shape `dims`, from a key and the first counter (uint64[1] each).

    Two uint32 come from one counter: they are neighbours along the first dimension of even size, or else the largest.
    """
    key, counter = (p.squeeze(t, axes=(0,)) for t in (key, counter))
    if math.prod(dims) == 0:
        return p.broadcast_to(number(0, dtype), shape=dims)
    if dtype is uint64:
        low, high = blocks(key, _counters(counter, dims))
        wide = p.left_shift(p.cast(high, dtype=uint64), number(32, uint64))
        return p.bitwise_or(p.cast(low, dtype=uint64), wide)
    if not dims:
        return blocks(key, counter)[0]
    return joined(*blocks(key, _counters(counter, _halved(dims)[1])), dims)


def _halved(dims) -> tuple[int, tuple]:
    """The axis along which pairs are neighbours, and the shape of one of each pair."""
    even = [i for i, n in enumerate(dims) if n % 2 == 0]
    axis = even[0] if even else int(np.argmax(dims))
    return axis, (*dims[:axis], -(-dims[axis] // 2), *dims[axis + 1 :])


def joined(first, second, dims) -> Tensor:
    """A tensor of shape `dims` whose neighbours are pairs of elements of two, which are half as large."""
    axis, half = _halved(dims or (1,))
    both = (p.expand_dims(word, axes=(axis + 1,)) for word in (first, second))
    wide = (*half[:axis], 2 * half[axis], *half[axis + 1 :])
    whole = p.reshape(p.concat(*both, axis=axis + 1), shape=wide)
    if wide == dims:
        return whole
    sizes = dims or (1,)
    part = p.slice_(whole, starts=(0,) * len(sizes), sizes=sizes, strides=(1,) * len(sizes))
    return part if dims else p.reshape(part, shape=())


def pairs(dims) -> tuple:
    """The shape of two numbers for each of what `joined` takes: the pairs are along an axis of their own."""
    axis, half = _halved(dims or (1,))
    return (*half[: axis + 1], 2, *half[axis + 1 :])


def parts(values, dims) -> tuple[Tensor, Tensor]:
    """The first and the second of each pair."""
    axis, _ = _halved(dims or (1,))
    shape = values.shape_tuple
    starts = [tuple(i if at == axis + 1 else 0 for at in range(len(shape))) for i in (0, 1)]
    sizes = tuple(1 if at == axis + 1 else n for at, n in enumerate(shape))
    first, second = (p.slice_(values, starts=s, sizes=sizes, strides=(1,) * len(shape)) for s in starts)
    return p.squeeze(first, axes=(axis + 1,)), p.squeeze(second, axes=(axis + 1,))


def _counters(first, dims) -> Tensor:
    flat = p.iota(shape=(math.prod(dims),), axis=0, dtype=uint64)
    return p.add(first, p.reshape(flat, shape=tuple(dims)))
