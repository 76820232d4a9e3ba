"""The row of random bits: the counter-based generator Philox4x32-10."""

import math

import numpy as np

from tfc.dtypes import uint32
from tfc.ops import primitives as p
from tfc.ops.table import NotDifferentiable, row

# Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)


def philox(key: int, counter: int, blocks: int) -> np.ndarray:
    """`blocks` x 4 random uint32: Philox4x32-10 with a 64-bit key at consecutive 128-bit counters."""
    return philox_at(key, counter, np.arange(blocks, dtype=np.uint64))


def philox_at(key: int, counter: int, offsets: np.ndarray) -> np.ndarray:
    """The blocks at these distances (uint64) from a counter."""
    low, high = counter & (2**64 - 1), counter >> 64
    with np.errstate(over="ignore"):
        lows = np.uint64(low) + offsets
        highs = np.uint64(high) + (lows < np.uint64(low)).astype(np.uint64)
        c = [lows & _LOW, lows >> np.uint64(32), highs & _LOW, highs >> np.uint64(32)]
        k0, k1 = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32 & 0xFFFFFFFF)
        for _ in range(10):
            a, b = c[0] * _M0, c[2] * _M1
            c = [
                (b >> np.uint64(32)) ^ c[1] ^ np.uint64(k0),
                b & _LOW,
                (a >> np.uint64(32)) ^ c[3] ^ np.uint64(k1),
                a & _LOW,
            ]
            k0, k1 = np.uint32(k0 + _W0), np.uint32(k1 + _W1)
    return np.stack(c, axis=1).astype(np.uint32)


def _random_bits(key, counter, shape, dtype):
    words = math.prod(shape) * (1 if dtype is uint32 else 2)
    start = int(counter[0]) | int(counter[1]) << 64
    bits = philox(int(key[0]), start, -(-words // 4)).reshape(-1)[:words]
    if dtype is uint32:
        return bits.reshape(shape)
    pairs = bits.reshape(-1, 2).astype(np.uint64)
    return (pairs[:, 0] | pairs[:, 1] << np.uint64(32)).reshape(shape)


row(p.random_bits, _random_bits, NotDifferentiable)
