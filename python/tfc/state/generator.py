"""`tf.random.Generator`: a stream of random numbers whose state is a variable."""

import os

import numpy as np

from tfc.core import Tensor, outside
from tfc.dtypes import as_dtype, float32, int32, int64, uint64
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, static_value
from tfc.ops.distributions import (
    float_dtype,
    normal_numbers,
    number,
    part,
    truncated_normal_numbers,
    uniform_numbers,
    wanted,
)
from tfc.ops.random import binomial_by
from tfc.ops.random_state import advance, algorithm_number, create_rng_state, state_size
from tfc.ops.sizes import plus, product
from tfc.state.variable import Variable


class Generator:
    """A stream of random numbers with a state of its own, made by `from_seed`, `from_state` and the like."""

    def __init__(self, copy_from=None, state=None, alg=None):
        if copy_from is not None:
            state = copy_from.state
        if state is None:
            raise ValueError("A Generator needs a state: use Generator.from_seed or from_non_deterministic_state")
        self._alg = copy_from.algorithm if copy_from is not None else algorithm_number(1 if alg is None else alg)
        if isinstance(state, Variable) and copy_from is None:
            # Generators that share a variable draw from one stream.
            self._state = state
            return
        count = state_size(self._alg)
        state = convert_to_tensor(state)
        state = state if state.dtype is int64 else p.cast(state, dtype=int64)
        sizes = state.shape_tuple
        if sizes is None or sizes[:1] in ((), (None,)):
            state = p.ensure_shape(state, shape=(count,))
        elif len(sizes) != 1 or sizes[0] < count:
            raise ValueError(f"the state of a Generator has {count} numbers, got the shape {state.shape}")
        self._state = Variable(part(state, 0, count), trainable=False, name="StateVar")

    @classmethod
    def from_seed(cls, seed, alg=None) -> "Generator":
        return cls(state=create_rng_state(seed, 1 if alg is None else alg), alg=alg)

    @classmethod
    def from_state(cls, state, alg) -> "Generator":
        return cls(state=state, alg=alg)

    @classmethod
    def from_key_counter(cls, key, counter, alg) -> "Generator":
        size = state_size(algorithm_number(alg)) - 1
        words = [int(v) for v in np.asarray(counter).reshape(-1)][:size]
        return cls(state=np.array([*words, *[0] * (size - len(words)), int(np.asarray(key))], np.int64), alg=alg)

    @classmethod
    def from_non_deterministic_state(cls, alg=None) -> "Generator":
        return cls(state=np.frombuffer(os.urandom(24), np.int64), alg=alg)

    def _trackable_children(self) -> dict:
        """What a checkpoint holds."""
        return {"_state_var": self._state}

    @property
    def state(self) -> Variable:
        """The counter and the key: a variable, int64[3] (of ThreeFry int64[2])."""
        return self._state

    @property
    def key(self) -> Tensor:
        size = state_size(self._alg)
        return p.squeeze(part(p.read_variable(self._state), size - 1, size), axes=(0,))

    @property
    def algorithm(self) -> int:
        return self._alg

    def reset(self, state) -> None:
        """Sets counter and key."""
        value = convert_to_tensor(state)
        self._state.assign(value if value.dtype is int64 else p.cast(value, dtype=int64))

    def reset_from_seed(self, seed) -> None:
        self.reset(create_rng_state(seed, self._alg))

    def reset_from_key_counter(self, key, counter) -> None:
        self.reset(p.concat(p.cast(convert_to_tensor(counter), dtype=int64), _vector(key), axis=0))

    def skip(self, delta) -> None:
        """Moves on as if `delta` numbers had been drawn."""
        known = static_value(delta)
        advance(self._state, p.cast(convert_to_tensor(delta), dtype=int64) if known is None else int(known))

    def uniform(self, shape, minval=0, maxval=None, dtype=float32, name=None) -> Tensor:
        """Uniform numbers in [minval, maxval); integer dtypes need `maxval`."""
        dtype, dims = as_dtype(dtype), wanted(shape)
        if dtype.is_integer and maxval is None:
            raise ValueError(f"For integer dtype {dtype!r} argument maxval must be given")
        return uniform_numbers(*advance(self._state, product(*dims)), dims, minval, maxval, dtype)

    def uniform_full_int(self, shape, dtype=uint64, name=None) -> Tensor:
        """Uniform integers over the whole range of the dtype."""
        dims = wanted(shape)
        return uniform_numbers(*advance(self._state, product(*dims)), dims, None, None, as_dtype(dtype))

    def normal(self, shape, mean=0.0, stddev=1.0, dtype=float32, name=None) -> Tensor:
        """Normally distributed numbers."""
        dims = wanted(shape)
        return normal_numbers(*advance(self._state, product(*dims)), dims, mean, stddev, float_dtype(dtype, "normal"))

    def truncated_normal(self, shape, mean=0.0, stddev=1.0, dtype=float32, name=None) -> Tensor:
        """Normally distributed numbers at most 2 `stddev` from `mean`."""
        dims = wanted(shape)
        drawn = advance(self._state, product(*dims))
        return truncated_normal_numbers(*drawn, dims, mean, stddev, float_dtype(dtype, "normal"))

    def binomial(self, shape, counts, probs, dtype=int32, name=None) -> Tensor:
        """Numbers of successes in `counts` trials of chance `probs`; `shape` ends in their shape."""

        def draw(samples, sets):
            # What TensorFlow reserves for them.
            return advance(self._state, product(sets, 50, plus(samples, 3)))

        return binomial_by("binomial", draw, shape, counts, probs, dtype)

    def make_seeds(self, count=1) -> Tensor:
        """`[2, count]` seeds for stateless functions."""
        rows = p.expand_dims(self.uniform_full_int([count], int64), axes=(0,))
        return p.concat(rows, p.mul(rows, number(0, int64)), axis=0)

    def split(self, count=1) -> list["Generator"]:
        """Independent generators."""
        keys = self.uniform_full_int([count], int64).numpy()
        words = [0] * (state_size(self._alg) - 1)
        return [Generator(state=np.array([*words, k], np.int64), alg=self._alg) for k in keys]

    def __repr__(self):
        return "<tf.random.Generator>"


def _vector(value) -> Tensor:
    return p.reshape(p.cast(convert_to_tensor(value), dtype=int64), shape=(1,))


# The generator of the process, once it was asked for.
_of_process: list = []


def get_global_generator() -> Generator:
    """The generator of the process, made at its first use."""
    if not _of_process:
        with outside():
            _of_process.append(Generator.from_non_deterministic_state())
    return _of_process[0]


def set_global_generator(generator: Generator) -> None:
    _of_process[:] = [generator]
