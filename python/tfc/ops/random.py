"""`tf.random`: numbers by Philox4x32-10, bit for bit those of TensorFlow where it documents a seed.

Everything is composed of the primitive `random_bits`; state (of a `Generator`, or of an op with a seed) is a
variable that is read and assigned, so all of it works in traced functions.
"""

import math
import os
import random as python_random
import weakref

import numpy as np

from tfc.core import Interpreter, Tensor, VariableStorage, current, executing_eagerly
from tfc.dtypes import as_dtype, float32, float64, int32, int64, uint16, uint32, uint64
from tfc.errors import InvalidArgumentError
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, operand
from tfc.ops.math import FLOAT
from tfc.ops.rows.random import philox
from tfc.ops.shapes import static_shape

_MAX_INT32 = 2**31 - 1
_DEFAULT_GRAPH_SEED = 87654321
# Each output may use this many blocks of the generator, as TensorFlow reserves them.
_RESERVED = 256


def _u64(*values) -> Tensor:
    return p.constant(value=np.array([v % 2**64 for v in values], np.uint64))


def _number(value, dtype) -> Tensor:
    return p.constant(value=np.array(value, dtype.np_dtype))


def _part(vector, start, stop) -> Tensor:
    return p.slice_(vector, starts=(start,), sizes=(stop - start,), strides=(1,))


def _static(shape) -> tuple:
    dims = static_shape(shape)
    if dims is None:
        raise NotImplementedError("random numbers need a shape that is known while tracing")
    return dims


# Stateless.


def _key_and_counter(seed):
    """The scrambled key (uint64[1]) and counter (uint64[2]) of a seed of two integers."""
    seed = convert_to_tensor(seed)
    if not seed.dtype.is_integer or seed.shape_tuple != (2,):
        raise InvalidArgumentError(None, "random", f"seed must be two integers, got {seed!r}")
    start = seed if seed.dtype is uint64 else p.cast(seed, dtype=uint64)
    mix = p.random_bits(_u64(0x3EC8F720 | 0x02461E29 << 32), start, shape=(2,), dtype=uint64)
    return _part(mix, 0, 1), p.concat(_u64(0), _part(mix, 1, 2), axis=0)


# By dtype: the width of the bits used, how many of them are the mantissa, and the exponent bits of 1.0.
_FLOATS = {
    "float16": (uint16, 10, 15),
    "bfloat16": (uint16, 7, 127),
    "float32": (uint32, 23, 127),
    "float64": (uint64, 52, 1023),
}


def _unit(key, counter, dims, dtype) -> Tensor:
    """Uniform floats in [0, 1): random mantissas of numbers in [1, 2), minus 1."""
    width, mantissa, one = _FLOATS[dtype.name]
    bits = p.random_bits(key, counter, shape=dims, dtype=uint64 if dtype is float64 else uint32)
    if dtype is float64:
        # The first word holds the high bits.
        low = p.right_shift(bits, _number(32, uint64))
        high = p.left_shift(p.bitwise_and(bits, _number(0xFFFFF, uint64)), _number(32, uint64))
        bits = p.bitwise_or(high, low)
    else:
        bits = p.bitwise_and(bits, _number(2**mantissa - 1, uint32))
        bits = bits if width is uint32 else p.cast(bits, dtype=width)
    ones = p.bitwise_or(bits, _number(one << mantissa, width))
    return p.sub(p.bitcast(ones, dtype=dtype), _number(1, dtype))


def _uniform(key, counter, dims, minval, maxval, dtype) -> Tensor:
    if dtype.is_floating:
        low, high = (
            convert_to_tensor(minval, dtype),
            convert_to_tensor(1 if maxval is None else maxval, dtype),
        )
        return p.add(p.mul(_unit(key, counter, dims, dtype), p.sub(high, low)), low)
    if dtype not in (int32, int64, uint32, uint64):
        raise ValueError(
            f"Invalid dtype {dtype.name}: uniform numbers are floats, int32, int64, uint32 or uint64"
        )
    if (minval is None) != (maxval is None):
        raise ValueError(f"For integer dtype {dtype!r}, minval and maxval must be both None or both non-None")
    width = uint32 if dtype.size == 4 else uint64
    bits = p.random_bits(key, counter, shape=dims, dtype=width)
    if minval is None:
        return bits if width is dtype else p.bitcast(bits, dtype=dtype)
    low, high = convert_to_tensor(minval, dtype), convert_to_tensor(maxval, dtype)
    p.assert_(
        p.reduce_all(p.less(low, high), axes=tuple(range(len(low.shape_tuple))), keepdims=False),
        low,
        high,
        message="Need minval < maxval, got minval and maxval:",
        summarize=3,
    )
    span = p.sub(high, low)
    offset = p.floor_mod(bits, span if width is dtype else p.bitcast(span, dtype=width))
    return p.add(low, offset if width is dtype else p.bitcast(offset, dtype=dtype))


def _normal(key, counter, dims, mean, stddev, dtype) -> Tensor:
    """Box and Muller's transform of pairs of uniform numbers."""
    inner = float64 if dtype is float64 else float32
    count = math.prod(dims)
    pairs = -(-count // 2)
    unit = _unit(key, counter, (pairs, 2), inner)
    first = p.slice_(unit, starts=(0, 0), sizes=(pairs, 1), strides=(1, 1))
    second = p.slice_(unit, starts=(0, 1), sizes=(pairs, 1), strides=(1, 1))
    radius = p.sqrt(p.mul(_number(-2, inner), p.log(p.maximum(first, _number(1e-7, inner)))))
    angle = p.mul(_number(2 * math.pi, inner), second)
    both = p.reshape(
        p.concat(p.mul(p.sin(angle), radius), p.mul(p.cos(angle), radius), axis=1), shape=(2 * pairs,)
    )
    out = p.reshape(_part(both, 0, count), shape=dims)
    out = out if dtype is inner else p.cast(out, dtype=dtype)
    return p.add(p.mul(out, convert_to_tensor(stddev, dtype)), convert_to_tensor(mean, dtype))


def _float(dtype, what):
    dtype = as_dtype(dtype)
    if not dtype.is_floating:
        raise TypeError(f"{what} numbers are floats, got dtype {dtype.name}")
    return dtype


def stateless_uniform(
    shape, seed, minval=0, maxval=None, dtype=float32, name=None, alg="auto_select"
) -> Tensor:
    """Uniform numbers in [minval, maxval), a function of `seed` (two integers). Integers need `maxval`."""
    _algorithm(alg)
    dtype = as_dtype(dtype)
    if dtype.is_integer and (maxval is None) != (minval is None):
        raise ValueError(
            f"For integer dtype {dtype!r} argument minval and maxval must be both None or not None."
        )
    return _uniform(*_key_and_counter(seed), _static(shape), minval, maxval, dtype)


def stateless_normal(
    shape, seed, mean=0.0, stddev=1.0, dtype=float32, name=None, alg="auto_select"
) -> Tensor:
    """Normally distributed numbers, a function of `seed` (two integers)."""
    _algorithm(alg)
    return _normal(*_key_and_counter(seed), _static(shape), mean, stddev, _float(dtype, "normal"))


def split(seed, num=2, alg="auto_select") -> Tensor:
    """`num` independent seeds `[num, 2]` from one."""
    seed = convert_to_tensor(seed)
    return stateless_uniform([num, 2], seed, minval=None, maxval=None, dtype=seed.dtype, alg=alg)


def fold_in(seed, data, alg="auto_select") -> Tensor:
    """Another seed from a seed and an integer."""
    seed, data = convert_to_tensor(seed), convert_to_tensor(data)
    first = stateless_uniform([1], seed, minval=None, maxval=None, dtype=seed.dtype, alg=alg)
    data = data if data.dtype is seed.dtype else p.cast(data, dtype=seed.dtype)
    return p.concat(first, p.reshape(data, shape=(1,)), axis=0)


def _algorithm(alg) -> None:
    if alg not in ("philox", "auto_select", 1, 3, "1", "3"):
        raise NotImplementedError(f"the random number algorithm {alg!r} is not supported: 'philox' is")


# State.


class _State(VariableStorage):
    """A counter (two words) and a key, as int64[3]."""

    trainable = False
    name = "random_state"

    def __init__(self, words):
        words = [(v + 2**63) % 2**64 - 2**63 for v in words]
        super().__init__(int64, (3,), convert_to_tensor(np.array(words, np.int64)))


def _advance(state, outputs: int):
    """The key and counter now; the state moves on by what so many outputs may use."""
    words = p.bitcast(p.read_variable(state), dtype=uint64)
    low, high, key = (_part(words, i, i + 1) for i in range(3))
    next_low = p.add(low, _u64(outputs * _RESERVED))
    carry = p.cast(p.less(next_low, low), dtype=uint64)
    after = p.concat(next_low, p.add(high, carry), key, axis=0)
    p.assign_variable(state, p.bitcast(after, dtype=int64))
    return key, p.concat(low, high, axis=0)


class Generator:
    """A stream of random numbers with a state of its own, made by `from_seed`, `from_state` and the like."""

    def __init__(self, copy_from=None, state=None, alg=None):
        if copy_from is not None:
            state = convert_to_tensor(copy_from.state)
        if state is None:
            raise ValueError(
                "A Generator needs a state: use Generator.from_seed or from_non_deterministic_state"
            )
        _algorithm(1 if alg is None else alg)
        if not executing_eagerly():
            raise ValueError("tf.random.Generator must be created outside of a traced function")
        words = np.asarray(state, np.int64).reshape(-1)
        if words.size < 3:
            raise ValueError(f"the state of a Generator has 3 numbers, got {words.tolist()}")
        self._storage = _State([int(w) for w in words[:3]])

    @classmethod
    def from_seed(cls, seed, alg=None) -> "Generator":
        return cls(state=create_rng_state(seed, 1 if alg is None else alg), alg=alg)

    @classmethod
    def from_state(cls, state, alg) -> "Generator":
        return cls(state=np.asarray(convert_to_tensor(state)), alg=alg)

    @classmethod
    def from_key_counter(cls, key, counter, alg) -> "Generator":
        words = [int(v) for v in np.asarray(counter).reshape(-1)][:2]
        return cls(state=np.array([*words, *[0] * (2 - len(words)), int(np.asarray(key))], np.int64), alg=alg)

    @classmethod
    def from_non_deterministic_state(cls, alg=None) -> "Generator":
        return cls(state=np.frombuffer(os.urandom(24), np.int64), alg=alg)

    @property
    def state(self) -> Tensor:
        """The counter and the key, int64[3]."""
        return p.read_variable(self._storage)

    @property
    def key(self) -> Tensor:
        return p.squeeze(_part(self.state, 2, 3), axes=(0,))

    @property
    def algorithm(self) -> int:
        return 1

    def reset(self, state) -> None:
        """Sets counter and key."""
        value = convert_to_tensor(state)
        p.assign_variable(self._storage, value if value.dtype is int64 else p.cast(value, dtype=int64))

    def reset_from_seed(self, seed) -> None:
        self.reset(create_rng_state(seed, 1))

    def reset_from_key_counter(self, key, counter) -> None:
        self.reset(p.concat(p.cast(convert_to_tensor(counter), dtype=int64), _vector(key), axis=0))

    def skip(self, delta) -> None:
        """Moves on as if `delta` numbers had been drawn."""
        _advance(self._storage, int(np.asarray(delta)))

    def uniform(self, shape, minval=0, maxval=None, dtype=float32, name=None) -> Tensor:
        """Uniform numbers in [minval, maxval); integer dtypes need `maxval`."""
        dtype, dims = as_dtype(dtype), _static(shape)
        if dtype.is_integer and maxval is None:
            raise ValueError(f"For integer dtype {dtype!r} argument maxval must be given")
        return _uniform(*_advance(self._storage, math.prod(dims)), dims, minval, maxval, dtype)

    def uniform_full_int(self, shape, dtype=uint64, name=None) -> Tensor:
        """Uniform integers over the whole range of the dtype."""
        dims = _static(shape)
        return _uniform(*_advance(self._storage, math.prod(dims)), dims, None, None, as_dtype(dtype))

    def normal(self, shape, mean=0.0, stddev=1.0, dtype=float32, name=None) -> Tensor:
        """Normally distributed numbers."""
        dims = _static(shape)
        return _normal(*_advance(self._storage, math.prod(dims)), dims, mean, stddev, _float(dtype, "normal"))

    def make_seeds(self, count=1) -> Tensor:
        """`[2, count]` seeds for stateless functions."""
        keys = self.uniform_full_int([count], int64)
        rows = p.expand_dims(keys, axes=(0,))
        return p.concat(rows, p.broadcast_to(_number(0, int64), shape=(1, count)), axis=0)

    def split(self, count=1) -> list["Generator"]:
        """Independent generators."""
        keys = self.uniform_full_int([count], int64).numpy()
        return [Generator(state=np.array([0, 0, k], np.int64)) for k in keys]

    def __repr__(self):
        return "<tf.random.Generator>"


def _vector(value) -> Tensor:
    return p.reshape(p.cast(convert_to_tensor(value), dtype=int64), shape=(1,))


def create_rng_state(seed, alg) -> Tensor:
    """The state of a generator with this seed, int64[3]."""
    _algorithm(alg)
    if isinstance(seed, int):
        words = [seed >> 64 * i & 2**64 - 1 for i in range(3)]
    else:
        words = [int(v) for v in np.asarray(convert_to_tensor(seed)).reshape(-1)][:3]
        words = [0] * (3 - len(words)) + words
    return convert_to_tensor(np.array([(w + 2**63) % 2**64 - 2**63 for w in words], np.int64))


_global: dict = {"seed": None, "rng": python_random.Random(), "generator": None}
# Eager ops with the same seeds share one state; each op of a trace has its own, which lives with the trace.
_eager_states: dict = {}
_traced_states: "weakref.WeakKeyDictionary[Interpreter, list]" = weakref.WeakKeyDictionary()


def set_seed(seed) -> None:
    """The seed of the process: what `tf.random.uniform` and the like return from here on follows from it."""
    _global["seed"] = int(seed)
    _global["rng"] = python_random.Random(int(seed))
    _eager_states.clear()


def get_global_generator() -> Generator:
    """The generator of the process, made at its first use."""
    if _global["generator"] is None:
        _global["generator"] = Generator.from_non_deterministic_state()
    return _global["generator"]


def set_global_generator(generator: Generator) -> None:
    _global["generator"] = generator


def _seeds(op_seed) -> tuple[int, int]:
    """The key and the high counter of an op, from the process's seed and its own."""
    seed = _global["seed"]
    if seed is None and op_seed is None:
        return int.from_bytes(os.urandom(8), "little"), int.from_bytes(os.urandom(8), "little")
    if op_seed is None:
        op_seed = _global["rng"].randint(0, _MAX_INT32)
    pair = ((_DEFAULT_GRAPH_SEED if seed is None else seed) % _MAX_INT32, int(op_seed) % _MAX_INT32)
    return (0, _MAX_INT32) if pair == (0, 0) else pair


def _op_state(op: str, dtype, op_seed) -> _State:
    key, high = _seeds(op_seed)
    if not executing_eagerly():
        state = _State([0, high, key])
        _traced_states.setdefault(current(), []).append(state)
        return state
    if op_seed is None:
        return _State([0, high, key])
    return _eager_states.setdefault((op, dtype, key, high), _State([0, high, key]))


def uniform(shape, minval=0, maxval=None, dtype=float32, seed=None, name=None) -> Tensor:
    """Uniform numbers in [minval, maxval), other ones at each call. Integer dtypes need `maxval`."""
    dtype, dims = as_dtype(dtype), _static(shape)
    if dtype.is_integer and maxval is None:
        raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
    state = _op_state("uniform", dtype, seed)
    return _uniform(*_advance(state, math.prod(dims)), dims, minval, maxval, dtype)


def normal(shape, mean=0.0, stddev=1.0, dtype=float32, seed=None, name=None) -> Tensor:
    """Normally distributed numbers, other ones at each call."""
    dtype, dims = _float(dtype, "normal"), _static(shape)
    return _normal(*_advance(_op_state("normal", dtype, seed), math.prod(dims)), dims, mean, stddev, dtype)


def shuffle(value, seed=None, name=None) -> Tensor:
    """The slices along the first dimension in random order. Eager only."""
    value = convert_to_tensor(value)
    if not executing_eagerly():
        raise NotImplementedError(
            "tf.random.shuffle is not supported in a traced function: gather at "
            "tf.argsort(tf.random.uniform([n])) instead"
        )
    n = value.shape_tuple[0] if value.shape_tuple else 1
    key, counter = (np.asarray(v) for v in _advance(_op_state("shuffle", value.dtype, seed), 0))
    draws = philox(int(key[0]), int(counter[0]) | int(counter[1]) << 64, -(-n // 4)).reshape(-1)
    order = np.arange(n)
    for i in range(n - 1):
        j = i + int(draws[i]) % (n - i)
        order[i], order[j] = order[j], order[i]
    return p.gather(value, p.constant(value=order), axis=0, batch_dims=0) if n > 1 else value


def _not_supported(name):
    def function(*args, **kwargs):
        raise NotImplementedError(f"tf.random.{name} is not supported yet: use uniform or normal numbers")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Not supported yet: raises `NotImplementedError`."
    return function


truncated_normal = _not_supported("truncated_normal")
stateless_truncated_normal = _not_supported("stateless_truncated_normal")
categorical = _not_supported("categorical")
gamma = _not_supported("gamma")
poisson = _not_supported("poisson")


def dropout(x, rate, noise_shape=None, seed=None, name=None) -> Tensor:
    """Elements set to 0 with probability `rate`, the others scaled by 1 / (1 - rate). (`tf.nn.dropout`)"""

    def sample(dims, dtype):
        return uniform(dims, dtype=dtype, seed=seed)

    return _dropout(x, rate, noise_shape, sample)


def stateless_dropout(x, rate, seed, rng_alg="auto_select", noise_shape=None, name=None) -> Tensor:
    """`tf.nn.dropout` as a function of `seed` (two integers)."""
    return _dropout(
        x, rate, noise_shape, lambda dims, dtype: stateless_uniform(dims, seed, dtype=dtype, alg=rng_alg)
    )


def _dropout(x, rate, noise_shape, sample) -> Tensor:
    x = operand("dropout", x, FLOAT)
    if isinstance(rate, (int, float)) and not 0 <= rate < 1:
        raise ValueError(
            f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}"
        )
    if isinstance(rate, (int, float)) and rate == 0:
        return x
    dims = x.shape_tuple if noise_shape is None else static_shape(noise_shape)
    if dims is None or None in dims:
        raise NotImplementedError("tf.nn.dropout needs a shape that is known while tracing")
    rate = convert_to_tensor(rate, x.dtype)
    one = _number(1, x.dtype)
    keep = p.greater_equal(sample(dims, x.dtype), rate)
    return p.select(keep, p.mul(x, p.div(one, p.sub(one, rate))), _number(0, x.dtype))
