"""Philox4x32-10 composed of elementwise ops: blocks at counters that are data, as each number needs its own.

`random_bits` is the primitive for blocks that follow each other.
"""

import numpy as np

from tfc.core import Tensor, at_once, eager_tensor
from tfc.dtypes import float32, float64, uint32, uint64
from tfc.ops import draws
from tfc.ops import primitives as p


def number(value, dtype) -> Tensor:
    return p.constant(value=np.array(value % 2 ** (8 * dtype.size), dtype.np_dtype))


def _wide(x) -> Tensor:
    return p.cast(x, dtype=uint64)


def _halves(x):
    return p.cast(x, dtype=uint32), p.cast(p.right_shift(x, number(32, uint64)), dtype=uint32)


def blocks(key, low, high) -> list[Tensor]:
    """The four words (uint32) of the blocks at 128-bit counters `high:low`, for a key; all uint64.

    Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    """
    if at_once(key, low, high):
        return list(map(eager_tensor, draws.blocks(int(key), low.numpy(), high.numpy())))
    c = [*_halves(low), *_halves(high)]
    k0, k1 = _halves(key)
    m0, m1 = number(0xD2511F53, uint64), number(0xCD9E8D57, uint64)
    for _ in range(10):
        a_low, a_high = _halves(p.mul(_wide(c[0]), m0))
        b_low, b_high = _halves(p.mul(_wide(c[2]), m1))
        c = [
            p.bitwise_xor(p.bitwise_xor(b_high, c[1]), k0),
            b_low,
            p.bitwise_xor(p.bitwise_xor(a_high, c[3]), k1),
            a_low,
        ]
        k0, k1 = p.add(k0, number(0x9E3779B9, uint32)), p.add(k1, number(0xBB67AE85, uint32))
    return c


def ends(counter) -> tuple:
    """(low, high) of a counter uint64[2]."""
    return tuple(p.squeeze(p.slice_(counter, starts=(i,), sizes=(1,), strides=(1,)), axes=(0,)) for i in (0, 1))


def moved(counter, steps):
    """(low, high) of a counter, uint64[2] or its ends, moved on by `steps`, uint64 of any shape."""
    low, high = counter if isinstance(counter, tuple) else ends(counter)
    after = p.add(low, steps)
    return after, p.add(high, p.cast(p.less(after, low), dtype=uint64))


def unit_float(word) -> Tensor:
    """A float32 in [0, 1) from one word: a random mantissa of a number in [1, 2), minus 1."""
    bits = p.bitwise_or(p.bitwise_and(word, number(0x7FFFFF, uint32)), number(127 << 23, uint32))
    return p.sub(p.bitcast(bits, dtype=float32), p.constant(value=np.float32(1)))


def unit_double(first, second) -> Tensor:
    """A float64 in [0, 1) from two words, the first with the high bits."""
    top = p.left_shift(p.bitwise_and(_wide(first), number(0xFFFFF, uint64)), number(32, uint64))
    bits = p.bitwise_or(p.bitwise_or(top, _wide(second)), number(1023 << 52, uint64))
    return p.sub(p.bitcast(bits, dtype=float64), p.constant(value=np.float64(1)))


def box_muller(first, second) -> tuple[Tensor, Tensor]:
    """Two normal numbers from two uniform ones."""
    dtype = first.dtype
    least, two, turn = (p.constant(value=np.array(v, dtype.np_dtype)) for v in (1e-7, -2, 2 * np.pi))
    radius = p.sqrt(p.mul(two, p.log(p.maximum(first, least))))
    angle = p.mul(turn, second)
    return p.mul(p.sin(angle), radius), p.mul(p.cos(angle), radius)
