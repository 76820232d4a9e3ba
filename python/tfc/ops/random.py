"""`tf.random`: numbers by Philox4x32-10, bit for bit those of TensorFlow where it documents a seed.

Everything is composed of the primitive `random_bits`; state (of a `Generator`, or of an op with a seed) is a
variable that is read and assigned, so all of it works in traced functions.
"""

import os
import random as python_random
import weakref

import numpy as np

from tfc.core import Interpreter, Tensor, argument_error, current, executing_eagerly, outside
from tfc.dtypes import TensorShape, as_dtype, broadcast_static_shape, float32, float64, int32, int64, uint32
from tfc.ops import primitives as p
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor, integer, operand, static_value
from tfc.ops.distributions import (
    RESERVED,
    categorical_numbers,
    float_dtype,
    key_and_counter,
    normal_numbers,
    number,
    random_bits,
    truncated_normal_numbers,
    u64,
    uniform_numbers,
    wanted,
)
from tfc.ops.math import ndtri
from tfc.ops.random_state import THREEFRY, State, advance, algorithm_number
from tfc.ops.rejection import binomial_numbers, gamma_numbers, poisson_numbers
from tfc.ops.shapes import rank_of
from tfc.ops.sizes import Size, as_vector, counting, filled, groups, known, product, reshaped, sizes_of_tensor

_MAX_INT32 = 2**31 - 1
_DEFAULT_GRAPH_SEED = 87654321


# Stateless.


def stateless_uniform(shape, seed, minval=0, maxval=None, dtype=float32, name=None, alg="auto_select") -> Tensor:
    """Uniform numbers in [minval, maxval), a function of `seed` (two integers). Integers need `maxval`."""
    number_of = algorithm_number(alg)
    dtype = as_dtype(dtype)
    if dtype.is_integer and (maxval is None) != (minval is None):
        raise ValueError(f"For integer dtype {dtype!r} argument minval and maxval must be both None or not None.")
    drawn = key_and_counter(seed, number_of == THREEFRY)
    return uniform_numbers(*drawn, wanted(shape), minval, maxval, dtype)


def stateless_normal(shape, seed, mean=0.0, stddev=1.0, dtype=float32, name=None, alg="auto_select") -> Tensor:
    """Normally distributed numbers, a function of `seed` (two integers)."""
    drawn = key_and_counter(seed, algorithm_number(alg) == THREEFRY)
    return normal_numbers(*drawn, wanted(shape), mean, stddev, float_dtype(dtype, "normal"))


def stateless_truncated_normal(
    shape, seed, mean=0.0, stddev=1.0, dtype=float32, name=None, alg="auto_select"
) -> Tensor:
    """Normally distributed numbers at most 2 `stddev` from `mean`, a function of `seed`."""
    drawn = key_and_counter(seed, algorithm_number(alg) == THREEFRY)
    return truncated_normal_numbers(*drawn, wanted(shape), mean, stddev, float_dtype(dtype, "normal"))


def stateless_parameterized_truncated_normal(
    shape, seed, means=0.0, stddevs=1.0, minvals=-2.0, maxvals=2.0, name=None
) -> Tensor:
    """Normally distributed numbers between `minvals` and `maxvals`, a function of `seed`; parameters broadcast to
    `shape`. They are of TensorFlow's distribution, but not its numbers.
    """
    op = "stateless_parameterized_truncated_normal"
    given = [convert_to_tensor(v) for v in (means, stddevs, minvals, maxvals)]
    dtype = next((v.dtype for v in given if v.dtype.is_floating), float32)
    mean, deviation, low, high = (
        v if v.dtype is dtype else convert_to_tensor(w, dtype)
        for v, w in zip(given, (means, stddevs, minvals, maxvals), strict=True)
    )
    float_dtype(dtype, op)
    wide = [p.cast(v, dtype=float64) for v in (mean, deviation, low, high)]
    a, b = (p.div(p.sub(v, wide[0]), wide[1]) for v in wide[2:])
    # Beyond zero on the right the other tail is as long, and its probabilities do not cancel.
    turned = p.greater(a, number(0.0, float64))
    a, b = p.select(turned, p.neg(b), a), p.select(turned, p.neg(a), b)
    half, root = (p.constant(value=np.float64(v)) for v in (0.5, -np.sqrt(0.5)))
    below, above = (p.mul(half, p.erfc(p.mul(v, root))) for v in (a, b))
    u = stateless_uniform(shape, seed, dtype=float64)
    z = ndtri(p.add(below, p.mul(u, p.sub(above, below))))
    z = p.minimum(p.maximum(z, a), b)
    z = p.select(turned, p.neg(z), z)
    return p.cast(p.minimum(p.maximum(p.add(p.mul(z, wide[1]), wide[0]), wide[2]), wide[3]), dtype=dtype)


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


_global: dict = {"seed": None, "rng": python_random.Random()}
# Eager ops with the same seeds share one state; each op of a trace has its own, which lives with the trace.
_eager_states: dict = {}
_traced_states: "weakref.WeakKeyDictionary[Interpreter, list]" = weakref.WeakKeyDictionary()


def set_seed(seed) -> None:
    """The seed of the process: what `tf.random.uniform` and the like return from here on follows from it."""
    _global["seed"] = seed = integer(seed, "seed")
    _global["rng"] = python_random.Random(seed)
    _eager_states.clear()


def _seeds(op_seed) -> tuple[int, int]:
    """The key and the high counter of an op, from the process's seed and its own."""
    seed = _global["seed"]
    if seed is None and op_seed is None:
        return int.from_bytes(os.urandom(8), "little"), int.from_bytes(os.urandom(8), "little")
    if op_seed is None:
        # In a trace, the place of the op: functions that are alike draw alike.
        place = None if executing_eagerly() else len(_traced_states.get(current(), ()))
        op_seed = _global["rng"].randint(0, _MAX_INT32) if place is None else place + 1
    pair = ((_DEFAULT_GRAPH_SEED if seed is None else seed) % _MAX_INT32, integer(op_seed, "seed") % _MAX_INT32)
    return (0, _MAX_INT32) if pair == (0, 0) else pair


def host_seed(op_seed) -> int | None:
    """A seed for numbers of Python, from the process's and an own one; None if there is neither."""
    if _global["seed"] is None and op_seed is None:
        return None
    key, high = _seeds(op_seed)
    return key << 32 | high


def _drawn(op: str, dtype, op_seed, outputs: Size, reserved: int = RESERVED) -> tuple[Tensor, Tensor]:
    """The key and counter of an op that draws so many outputs."""
    if op_seed is None and executing_eagerly():
        key, high = _seeds(None)
        return u64(key), u64(0, high)
    return advance(_op_state(op, dtype, op_seed), outputs, reserved)


def _op_state(op: str, dtype, op_seed) -> State:
    key, high = _seeds(op_seed)
    return op_state((op, dtype, key, high), lambda: State([0, high, key]))


def op_state(key, make):
    """The state that `make` makes for an operation: of its own in a trace, else one for equal keys."""
    if executing_eagerly():
        return _eager_states[key] if key in _eager_states else _eager_states.setdefault(key, make())
    with outside():
        state = make()
    _traced_states.setdefault(current(), []).append(state)
    return state


def uniform(shape, minval=0, maxval=None, dtype=float32, seed=None, name=None) -> Tensor:
    """Uniform numbers in [minval, maxval), other ones at each call. Integer dtypes need `maxval`."""
    dtype, dims = as_dtype(dtype), wanted(shape)
    if dtype.is_integer and maxval is None:
        raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
    return uniform_numbers(*_drawn("uniform", dtype, seed, product(*dims)), dims, minval, maxval, dtype)


def normal(shape, mean=0.0, stddev=1.0, dtype=float32, seed=None, name=None) -> Tensor:
    """Normally distributed numbers, other ones at each call."""
    dtype, dims = float_dtype(dtype, "normal"), wanted(shape)
    return normal_numbers(*_drawn("normal", dtype, seed, product(*dims)), dims, mean, stddev, dtype)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=float32, seed=None, name=None) -> Tensor:
    """Normally distributed numbers at most 2 `stddev` from `mean`, other ones at each call."""
    dtype, dims = float_dtype(dtype, "normal"), wanted(shape)
    drawn = _drawn("truncated_normal", dtype, seed, product(*dims))
    return truncated_normal_numbers(*drawn, dims, mean, stddev, dtype)


def shuffle(value, seed=None, name=None) -> Tensor:
    """The slices along the first dimension in random order."""
    value = convert_to_tensor(value)
    n = (*sizes_of_tensor(value, "tf.random.shuffle"), 1)[0]
    drawn = _drawn("shuffle", value.dtype, seed, groups(n, 4), reserved=1)
    one = isinstance(n, int) and n <= 1
    return value if one else p.gather(value, shuffled(*drawn, n), axis=0, batch_dims=0)


def shuffled(key, counter, n: Size) -> Tensor:
    """The numbers below `n` in random order: each changes place with one of those from it on."""
    # Where nothing is left to exchange, there is still a draw: no vector has a negative size.
    steps = n - 1 if isinstance(n, int) else p.maximum(p.sub(n, number(1, int64)), number(0, int64))
    draws = random_bits(key, counter, (steps,), uint32)
    if executing_eagerly() and isinstance(n, int):
        order, left = list(range(n)), np.uint32(n) - np.arange(steps, dtype=np.uint32)
        for i, step in enumerate((draws.numpy() % left).tolist()):
            order[i], order[i + step] = order[i + step], order[i]
        return p.constant(value=np.array(order, np.int64))
    left = p.sub(p.cast(n, dtype=uint32) if isinstance(n, Tensor) else number(n, uint32), counting(steps, uint32))
    distances = p.cast(p.floor_mod(draws, left), dtype=int64)
    if executing_eagerly():
        order = np.arange(n)
        for i, step in enumerate(distances.numpy().tolist()):
            order[i], order[i + step] = order[i + step], order[i]
        return p.constant(value=order)

    def exchange(i, order):
        at = p.reshape(i, shape=(1,))
        both = p.concat(at, p.add(at, p.gather(distances, at, axis=0, batch_dims=0)), axis=0)
        values = p.reverse(p.gather(order, both, axis=0, batch_dims=0), axes=(0,))
        return p.add(i, number(1, int64)), p.scatter(order, p.expand_dims(both, axes=(1,)), values, mode="update")

    last = steps if isinstance(steps, Tensor) else number(steps, int64)
    start = counting(n, int64)
    return while_loop(lambda i, order: p.less(i, last), exchange, (number(0, int64), start))[1]


def _logits(op, logits, samples):
    x = operand(op, logits, "iuf")
    count = static_value(samples)
    if rank_of(x, op) != 2:
        raise argument_error(None, op, f"{op}: expected logits [batch, classes], got {x.shape}")
    if x.shape_tuple[1] == 0:
        raise argument_error(None, op, f"{op}: num_classes should be positive, got {x.shape_tuple[1]}")
    if count is None:
        wide = p.cast(convert_to_tensor(samples), dtype=int64)
        fits = p.greater_equal(wide, number(0, int64))
        p.assert_(fits, wide, message=f"{op}: num_samples should be non-negative, got", summarize=1)
        return x, wide
    if int(count) < 0:
        raise argument_error(None, op, f"{op}: num_samples should be non-negative, got {int(count)}")
    return x, int(count)


def categorical(logits, num_samples, dtype=None, seed=None, name=None) -> Tensor:
    """`[batch, num_samples]` classes at random, with probabilities softmax(logits)."""
    x, samples = _logits("categorical", logits, num_samples)
    outputs = product(sizes_of_tensor(x, "categorical")[0], groups(samples, 4), 8)
    drawn = _drawn("categorical", x.dtype, seed, outputs)
    return categorical_numbers(*drawn, x, samples, as_dtype(dtype or int64))


def stateless_categorical(logits, num_samples, seed, dtype=int64, name=None) -> Tensor:
    """`[batch, num_samples]` classes at random, with probabilities softmax(logits); a function of `seed`."""
    x, samples = _logits("stateless_categorical", logits, num_samples)
    return categorical_numbers(*key_and_counter(seed), x, samples, as_dtype(dtype))


def _nothing(sizes) -> bool:
    """Whether there are no numbers to draw, as far as it is known."""
    return known(sizes) and product(*sizes) == 0


def _flat(parameter) -> Tensor:
    return p.reshape(parameter, shape=(None,))


def _gamma(drawn, samples, alpha, beta, sizes, dtype) -> Tensor:
    """`drawn` (key and counter) as gamma numbers of these sizes, for parameters of one shape."""
    if _nothing(sizes):
        return filled(number(0, dtype), sizes)
    out = reshaped(p.cast(gamma_numbers(*drawn, _flat(alpha), samples), dtype=dtype), sizes)
    # Numbers too small for the dtype become its least, not zero.
    return p.maximum(number(np.finfo(dtype.np_dtype).tiny if dtype.kind == "f" else 0, dtype), p.div(out, beta))


def _parameters(op, dtype, alpha, beta):
    """Both stretched to one shape, and its sizes."""
    dtype = float_dtype(dtype, op)
    alpha = convert_to_tensor(alpha, dtype)
    beta = convert_to_tensor(1 if beta is None else beta, dtype)
    sizes = _common_sizes(op, alpha, beta)
    return filled(alpha, sizes), filled(beta, sizes), sizes, dtype


def _common_sizes(op, a, b) -> tuple:
    """The sizes that two tensors broadcast to."""
    dims = broadcast_static_shape(a.shape, b.shape).dims
    return dims if dims is not None and None not in dims else sizes_of_tensor(p.add(a, b), op)


def gamma(shape, alpha, beta=None, dtype=float32, seed=None, name=None) -> Tensor:
    """`shape` gamma distributed numbers for each `alpha` (and rate `beta`): `shape + alpha.shape`."""
    alpha, beta, last, dtype = _parameters("gamma", dtype, alpha, beta)
    lead = wanted(shape)
    drawn = _drawn("gamma", dtype, seed, product(*lead, *last))
    return _gamma(drawn, product(*lead), alpha, beta, (*lead, *last), dtype)


def _lead(op, shape, last) -> tuple:
    """The sizes before those of the parameters."""
    sizes = wanted(shape)
    ending = sizes[len(sizes) - len(last) :]
    message = f"{op}: the shape must end in that of its parameters"
    if len(sizes) < len(last) or known(sizes) and known(last) and ending != last:
        raise argument_error(None, op, f"{message}, {list(last)}, got {sizes}")
    if not (known(sizes) and known(last)) and last:
        same = p.reduce_all(p.equal(as_vector(ending), as_vector(last)), axes=(0,), keepdims=False)
        p.assert_(same, as_vector(last), as_vector(sizes), message=message, summarize=8)
    return sizes[: len(sizes) - len(last)]


def stateless_gamma(shape, seed, alpha, beta=None, dtype=float32, name=None) -> Tensor:
    """Gamma distributed numbers of `shape`, which ends in the shape of `alpha` and `beta`; a function of `seed`."""
    alpha, beta, last, dtype = _parameters("stateless_gamma", dtype, alpha, beta)
    lead = _lead("stateless_gamma", shape, last)
    return _gamma(key_and_counter(seed), product(*lead), alpha, beta, (*lead, *last), dtype)


def _poisson(drawn, samples, lam, sizes, dtype) -> Tensor:
    if _nothing(sizes):
        return filled(number(0, dtype), sizes)
    return reshaped(p.cast(poisson_numbers(*drawn, _flat(lam), samples), dtype=dtype), sizes)


def _rates(op, lam):
    lam = operand(op, lam, "iuf")
    return lam, sizes_of_tensor(lam, f"tf.random.{op}")


def poisson(shape, lam, dtype=float32, seed=None, name=None) -> Tensor:
    """`shape` Poisson distributed numbers for each rate: `shape + lam.shape`."""
    lam, last = _rates("poisson", lam)
    dtype, lead = as_dtype(dtype), wanted(shape)
    drawn = _drawn("poisson", dtype, seed, product(*lead, *last))
    return _poisson(drawn, product(*lead), lam, (*lead, *last), dtype)


def stateless_poisson(shape, seed, lam, dtype=int32, name=None) -> Tensor:
    """Poisson distributed numbers of `shape`, which ends in the shape of `lam`; a function of `seed`."""
    lam, last = _rates("stateless_poisson", lam)
    lead = _lead("stateless_poisson", shape, last)
    return _poisson(key_and_counter(seed), product(*lead), lam, (*lead, *last), as_dtype(dtype))


def binomial_by(op, draw, shape, counts, probs, dtype) -> Tensor:
    """`draw(samples, sets)` gives the key and the counter for so many numbers of each set of parameters."""
    counts, probs = (operand(op, v, "iuf") for v in (counts, probs))
    counts, probs = (v if v.dtype is float64 else p.cast(v, dtype=float64) for v in (counts, probs))
    last = _common_sizes(f"tf.random.{op}", counts, probs)
    lead, dtype = _lead(op, shape, last), as_dtype(dtype)
    samples = product(*lead)
    drawn = draw(samples, product(*last))
    if _nothing((*lead, *last)):
        return filled(number(0, dtype), (*lead, *last))
    flat = [_flat(filled(v, last)) for v in (counts, probs)]
    return reshaped(p.cast(binomial_numbers(*drawn, *flat, samples), dtype=dtype), (*lead, *last))


def stateless_binomial(shape, seed, counts, probs, output_dtype=int32, name=None) -> Tensor:
    """Numbers of successes in `counts` trials of chance `probs`; `shape` ends in their shape; a function of `seed`."""
    return binomial_by("stateless_binomial", lambda *_: key_and_counter(seed), shape, counts, probs, output_dtype)


def dropout(x, rate, noise_shape=None, seed=None, name=None) -> Tensor:
    """Elements set to 0 with probability `rate`, the others scaled by 1 / (1 - rate). (`tf.nn.dropout`)"""

    def sample(sizes, dtype):
        return uniform(sizes, dtype=dtype, seed=seed)

    return _dropout(x, rate, noise_shape, sample)


def stateless_dropout(x, rate, seed, rng_alg=None, noise_shape=None, name=None) -> Tensor:
    """`tf.nn.dropout` as a function of `seed` (two integers)."""
    alg = rng_alg or "auto_select"
    return _dropout(x, rate, noise_shape, lambda sizes, dtype: stateless_uniform(sizes, seed, dtype=dtype, alg=alg))


def general_dropout(x, rate, uniform_sampler, noise_shape=None, name=None) -> Tensor:
    """`tf.nn.dropout` with `uniform_sampler(shape=, dtype=)` as the source of uniform numbers in [0, 1)."""
    return _dropout(x, rate, noise_shape, lambda sizes, dtype: uniform_sampler(shape=sizes, dtype=dtype))


def _noise_sizes(noise_shape, sizes) -> tuple:
    """What a shape of noise, in which None stands for the size of the argument, says."""
    if isinstance(noise_shape, TensorShape):
        noise_shape = noise_shape.as_list()
    if not isinstance(noise_shape, (list, tuple)):
        return wanted(noise_shape)
    if len(noise_shape) != len(sizes):
        return wanted(noise_shape)  # it may broadcast
    return wanted([n if m is None else m for m, n in zip(noise_shape, sizes, strict=True)])


def _dropout(x, rate, noise_shape, sample) -> Tensor:
    x = convert_to_tensor(x)
    if not x.dtype.is_floating:
        raise ValueError(
            f"`x.dtype` must be a floating point tensor as `x` will be scaled. Received: x_dtype={x.dtype!r}"
        )
    if isinstance(rate, (int, float)) and not 0 <= rate < 1:
        raise ValueError(f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}")
    if isinstance(rate, (int, float)) and rate == 0:
        return x
    sizes = sizes_of_tensor(x, "tf.nn.dropout")
    if noise_shape is not None:
        sizes = _noise_sizes(noise_shape, sizes)
    rate = convert_to_tensor(rate, x.dtype)
    one = number(1, x.dtype)
    keep = p.greater_equal(sample(sizes, x.dtype), rate)
    return p.select(keep, p.mul(x, p.div(one, p.sub(one, rate))), number(0, x.dtype))
