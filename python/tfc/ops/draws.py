"""Random numbers that are drawn at once, with numpy: the same bits as the primitives of `distributions` give, without
their fifty calls.
"""

import math

import numpy as np

from tfc import _native
from tfc.ops import primitives as p


def words(key: int, counter: int, count: int, step: int = 1) -> np.ndarray:
    """Random uint32 of Philox4x32-10, from a 128-bit counter on, whose blocks are so far apart."""
    out = np.empty(count, np.uint32)
    _native.fill_philox(out, key & 2**64 - 1, counter & 2**64 - 1, counter >> 64 & 2**64 - 1, step)
    return out


def blocks(key: int, low: np.ndarray, high: np.ndarray) -> list[np.ndarray]:
    """The four words of the blocks at counters `high:low`."""
    low, high = (np.ascontiguousarray(v) for v in np.broadcast_arrays(low, high))
    out = np.empty((low.size, 4), np.uint32)
    _native.philox_at(out, key, low, high)
    return [out[:, i].reshape(low.shape) for i in range(4)]


def doubles_of_words(pairs: np.ndarray) -> np.ndarray:
    """uint64 of two words each, the first one below."""
    wide = pairs.reshape(-1, 2).astype(np.uint64)
    return wide[:, 0] | wide[:, 1] << np.uint64(32)


def _unit(word: np.ndarray) -> np.ndarray:
    """float32 in [0, 1)."""
    return ((word & np.uint32(0x7FFFFF)) | np.uint32(127 << 23)).view(np.float32) - np.float32(1)


def _unit_double(pairs: np.ndarray) -> np.ndarray:
    """float64 in [0, 1): the first word has the high bits."""
    wide = pairs.reshape(-1, 2).astype(np.uint64)
    bits = (wide[:, 0] & np.uint64(0xFFFFF)) << np.uint64(32) | wide[:, 1] | np.uint64(1023 << 52)
    return bits.view(np.float64) - 1.0


def uniform(key: int, counter: int, shape: tuple, low, high, dtype) -> np.ndarray:
    """Floats in [low, high); float32 or float64."""
    count, kind = math.prod(shape), dtype.np_dtype.type
    wide = dtype.size == 8
    unit = (_unit_double if wide else _unit)(words(key, counter, 2 * count if wide else count))
    return (unit * (kind(high) - kind(low)) + kind(low)).reshape(shape)


def uniform_integers(key: int, counter: int, shape: tuple, low: int, high: int, dtype) -> np.ndarray:
    """Integers of 4 or 8 bytes in [low, high)."""
    count, unsigned = math.prod(shape), np.dtype(f"u{dtype.size}").type
    wide = dtype.size == 8
    bits = words(key, counter, 2 * count if wide else count)
    bits = doubles_of_words(bits) if wide else bits
    offset = bits % unsigned(high - low)
    return (offset + unsigned(low % 2 ** (8 * dtype.size))).view(dtype.np_dtype).reshape(shape)


def normal(key: int, counter: int, shape: tuple, mean, deviation, dtype) -> np.ndarray:
    """Box and Muller's transform of pairs of uniform numbers; float32 or float64."""
    count, kind = math.prod(shape), dtype.np_dtype.type
    pairs = -(-count // 2)
    if dtype.size == 8:
        unit = _unit_double(words(key, counter, 4 * pairs))
    else:
        unit = _unit(words(key, counter, 2 * pairs))
    out = np.empty(2 * pairs, kind)
    out[::2], out[1::2] = _box_muller(unit[::2], unit[1::2])
    return (out[:count] * kind(deviation) + kind(mean)).reshape(shape)


def _box_muller(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two normal numbers of two uniform ones: what eager ops compute, to the last bit."""
    kind = first.dtype.type
    radius = p.sqrt.meaning(kind(-2) * p.log.meaning(np.maximum(first, kind(1e-7))))
    angle = kind(2 * np.pi) * second
    return p.sin.meaning(angle) * radius, p.cos.meaning(angle) * radius


def truncated_normal(
    key: int, counter: int, shape: tuple, mean, deviation, dtype, reserved: int, most: int
) -> np.ndarray:
    """Normal numbers within 2 of 0, of groups that have `reserved` blocks for each output, and look at `most` at the
    most; float32 or float64.
    """
    count, kind = math.prod(shape), dtype.np_dtype.type
    wide = dtype.size == 8
    size = 2 if wide else 4
    groups = -(-count // size)
    out, found = np.zeros((groups, size), kind), np.zeros(groups, np.int64)
    for block in range(most):
        if (found >= size).all():
            break
        drawn = words(key, counter + block, 4 * groups, step=reserved * size // 4).reshape(-1, 4)
        if wide:
            draws = _box_muller(_unit_double(drawn[:, :2]), _unit_double(drawn[:, 2:]))
        else:
            unit = _unit(drawn)
            draws = *_box_muller(unit[:, 0], unit[:, 1]), *_box_muller(unit[:, 2], unit[:, 3])
        for draw in draws:
            good = np.abs(draw) < 2
            at = np.flatnonzero(good & (found < size))
            out[at, found[at]] = draw[at]
            found += good
    return (out.reshape(-1)[:count] * kind(deviation) + kind(mean)).reshape(shape)
