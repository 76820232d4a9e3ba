"""The state of random numbers: a counter and a key, which every draw moves on."""

import enum

import numpy as np

from tfc.core import Tensor, VariableStorage, current, eager_tensor, executing_eagerly
from tfc.dtypes import float64, int64, uint64
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, static_value
from tfc.ops.distributions import RESERVED, part, u64
from tfc.ops.sizes import Size, product

THREEFRY = 2
_ALGORITHMS = {"philox": 1, "threefry": 2, "auto_select": 3}


def algorithm_number(alg) -> int:
    """The number of an algorithm: 1 Philox, 2 ThreeFry, 3 the best one, which is Philox."""
    if isinstance(alg, Algorithm):
        return alg.value
    if isinstance(alg, str):
        if alg not in _ALGORITHMS:
            raise ValueError(f"Argument `alg` got unsupported string value {alg}. Supported: {', '.join(_ALGORITHMS)}")
        return _ALGORITHMS[alg]
    value = int(np.asarray(static_value(alg) if isinstance(alg, Tensor) else alg))
    if value not in _ALGORITHMS.values():
        raise ValueError(f"Argument `alg` got the unknown number {value}. Supported: 1 (Philox), 2 (ThreeFry), 3")
    return value


class State(VariableStorage):
    """A counter (two words; one of ThreeFry) and a key, as int64."""

    trainable = False
    name = "random_state"

    def __init__(self, words):
        if not isinstance(words, Tensor):
            words = eager_tensor(np.array([(v + 2**63) % 2**64 - 2**63 for v in words], np.int64))
        if executing_eagerly():
            super().__init__(int64, words.shape_tuple, words)
        else:
            # Like a variable: it has this value when the function runs first.
            super().__init__(int64, words.shape_tuple)
            current().create_variable(self, words)


class Counts(VariableStorage):
    """How often each of `size` things was seen: once, to begin with."""

    trainable = False
    name = "counts"

    def __init__(self, size: int):
        super().__init__(float64, (size,), eager_tensor(np.ones(size)))


def advance(state, outputs: Size, reserved: int = RESERVED):
    """The key and counter now; the state moves on by what so many outputs may use, each `reserved` blocks."""
    if executing_eagerly() and not isinstance(outputs, Tensor):
        return _advance_now(state, outputs * reserved)
    words = p.bitcast(p.read_variable(state), dtype=uint64)
    step = product(outputs, reserved)
    step = p.reshape(p.cast(step, dtype=uint64), shape=(1,)) if isinstance(step, Tensor) else u64(step)
    if state.shape_tuple == (2,):
        counter, key = part(words, 0, 1), part(words, 1, 2)
        after = p.concat(p.add(counter, step), key, axis=0)
        p.assign_variable(state, p.bitcast(after, dtype=int64))
        return key, counter
    low, high, key = (part(words, i, i + 1) for i in range(3))
    next_low = p.add(low, step)
    carry = p.cast(p.less(next_low, low), dtype=uint64)
    after = p.concat(next_low, p.add(high, carry), key, axis=0)
    p.assign_variable(state, p.bitcast(after, dtype=int64))
    return key, p.concat(low, high, axis=0)


def _advance_now(state, step: int):
    *counter, key = (v % 2**64 for v in p.read_variable(state).numpy().tolist())
    at = sum(v << 64 * i for i, v in enumerate(counter)) + step
    after = [at >> 64 * i & 2**64 - 1 for i in range(len(counter))]
    p.assign_variable(state, p.bitcast(u64(*after, key), dtype=int64))
    return u64(key), u64(*counter)


class Algorithm(enum.Enum):
    """Generators by name: what `alg` arguments take."""

    PHILOX = 1
    THREEFRY = 2
    AUTO_SELECT = 3


def state_size(algorithm: int) -> int:
    return 2 if algorithm == THREEFRY else 3


def create_rng_state(seed, alg) -> Tensor:
    """The state of a generator with this seed, int64[3] (of ThreeFry int64[2])."""
    size = state_size(algorithm_number(alg))
    if isinstance(seed, int):
        words = [seed >> 64 * i & 2**64 - 1 for i in range(size)]
    else:
        known = static_value(seed) if isinstance(seed, Tensor) else seed
        if known is None:
            raise ValueError("the seed of a Generator has to be known while tracing: use from_state")
        words = [int(v) for v in np.asarray(known).reshape(-1)][:size]
        words = [0] * (size - len(words)) + words
    return convert_to_tensor(np.array([(w + 2**63) % 2**64 - 2**63 for w in words], np.int64))
