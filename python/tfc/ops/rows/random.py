"""The row of random bits: the counter-based generator Philox4x32-10."""

import math

import numpy as np

from tfc.dtypes import uint32
from tfc.ops import draws
from tfc.ops import primitives as p
from tfc.ops.table import NotDifferentiable, row


def philox(key: int, counter: int, blocks: int) -> np.ndarray:
    """`blocks` x 4 random uint32: Philox4x32-10 with a 64-bit key at consecutive 128-bit counters."""
    return draws.words(key, counter, 4 * blocks).reshape(-1, 4)


def _random_bits(key, counter, shape, dtype):
    count = math.prod(shape)
    start = int(counter[0]) | int(counter[1]) << 64
    if dtype is uint32:
        return draws.words(int(key[0]), start, count).reshape(shape)
    return draws.doubles_of_words(draws.words(int(key[0]), start, 2 * count)).reshape(shape)


row(p.random_bits, _random_bits, NotDifferentiable)
