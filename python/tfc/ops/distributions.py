"""Random numbers as functions of a key and a counter of Philox4x32-10, bit for bit TensorFlow's."""

import math

import numpy as np

from tfc.core import Tensor, argument_error, executing_eagerly
from tfc.dtypes import DType, as_dtype, float32, float64, int32, int64, uint16, uint32, uint64
from tfc.ops import draws, philox, threefry
from tfc.ops import primitives as p
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor
from tfc.ops.sizes import counting, filled, first, groups, known, product, reshaped, sizes_of, sizes_of_tensor

# The key that scrambles a seed.
_SCRAMBLE = 0x3EC8F720 | 0x02461E29 << 32
# Each output may use this many blocks of the generator, as TensorFlow reserves them.
RESERVED = 256


def u64(*values) -> Tensor:
    return p.constant(value=np.array([v % 2**64 for v in values], np.uint64))


def number(value, dtype) -> Tensor:
    return p.constant(value=np.array(value, dtype.np_dtype))


def part(vector, start, stop) -> Tensor:
    return p.slice_(vector, starts=(start,), sizes=(stop - start,), strides=(1,))


def wanted(shape) -> tuple:
    """A shape argument as sizes."""
    return sizes_of(shape, "random numbers")


def random_bits(key, counter, sizes, dtype) -> Tensor:
    """uint32 or uint64 of the algorithm that the counter's size says: two words Philox, one ThreeFry."""
    if counter.shape_tuple == (1,):
        return threefry.bits(key, counter, _known_only(sizes), dtype)
    if known(sizes):
        return p.random_bits(key, counter, shape=tuple(sizes), dtype=dtype)
    return reshaped(_counted_bits(key, counter, product(*sizes), dtype), sizes)


def _known_only(sizes) -> tuple:
    if not known(sizes):
        raise NotImplementedError("numbers of the algorithm 'threefry' need a shape that is known: 'philox' does not")
    return tuple(sizes)


def _counted_bits(key, counter, count, dtype) -> Tensor:
    """A vector of random bits, whose size the code finds out when it runs: the words of as many blocks as it takes."""
    each = 4 if dtype is uint32 else 2
    at = counting(groups(count, each), uint64)
    words = philox.blocks(p.squeeze(key, axes=(0,)), *philox.moved(counter, at))
    if dtype is uint64:
        wide = [p.cast(w, dtype=uint64) for w in words]
        words = [p.bitwise_or(wide[i], p.left_shift(wide[i + 1], number(32, uint64))) for i in (0, 2)]
    table = p.concat(*(p.expand_dims(w, axes=(1,)) for w in words), axis=1)
    return first(p.reshape(table, shape=(None,)), count)


def key_and_counter(seed, is_threefry=False):
    """The key (uint64[1]) and counter (uint64[2], of ThreeFry uint64[1]) of a seed of two integers.

    Philox scrambles the seed; the key of ThreeFry is the low words of both integers.
    """
    seed = convert_to_tensor(seed)
    if not seed.dtype.is_integer or seed.shape_tuple != (2,):
        raise argument_error(None, "random", f"seed must be two integers, got {seed!r}")
    if executing_eagerly() and not is_threefry:
        first, second = (v % 2**64 for v in seed.numpy().tolist())
        mix = draws.doubles_of_words(draws.words(_SCRAMBLE, first | second << 64, 4)).tolist()
        return u64(mix[0]), u64(0, mix[1])
    start = seed if seed.dtype is uint64 else p.cast(seed, dtype=uint64)
    if is_threefry:
        low = p.bitwise_and(start, u64(0xFFFFFFFF))
        high = p.left_shift(part(low, 1, 2), u64(32))
        return p.bitwise_or(part(low, 0, 1), high), u64(0)
    mix = p.random_bits(u64(_SCRAMBLE), start, shape=(2,), dtype=uint64)
    return part(mix, 0, 1), p.concat(u64(0), part(mix, 1, 2), axis=0)


# By dtype: the width of the bits used, how many of them are the mantissa, and the exponent bits of 1.0.
_FLOATS = {
    "float16": (uint16, 10, 15),
    "bfloat16": (uint16, 7, 127),
    "float32": (uint32, 23, 127),
    "float64": (uint64, 52, 1023),
}


def _unit(key, counter, sizes, dtype) -> Tensor:
    """Uniform floats in [0, 1): random mantissas of numbers in [1, 2), minus 1."""
    width, mantissa, one = _FLOATS[dtype.name]
    if counter.shape_tuple == (1,):
        return _threefry_unit(key, counter, sizes, dtype)
    bits = random_bits(key, counter, sizes, uint64 if dtype is float64 else uint32)
    if dtype is float64:
        # The first word holds the high bits.
        low = p.right_shift(bits, number(32, uint64))
        high = p.left_shift(p.bitwise_and(bits, number(0xFFFFF, uint64)), number(32, uint64))
        bits = p.bitwise_or(high, low)
    else:
        bits = p.bitwise_and(bits, number(2**mantissa - 1, uint32))
        bits = bits if width is uint32 else p.cast(bits, dtype=width)
    ones = p.bitwise_or(bits, number(one << mantissa, width))
    return p.sub(p.bitcast(ones, dtype=dtype), number(1, dtype))


def _threefry_unit(key, counter, sizes, dtype) -> Tensor:
    """As XLA: the upper bits are the mantissa; float16 takes the lower ones, bfloat16 is a float32 cut off."""
    if dtype.name == "bfloat16":
        wide = p.bitcast(_threefry_unit(key, counter, sizes, float32), dtype=uint32)
        short = p.cast(p.right_shift(wide, number(16, uint32)), dtype=uint16)
        return p.bitcast(short, dtype=dtype)
    width, mantissa, one = _FLOATS[dtype.name]
    bits = threefry.bits(key, counter, _known_only(sizes), uint64 if dtype is float64 else uint32)
    if width is uint16:
        bits = p.cast(p.bitwise_and(bits, number(2**mantissa - 1, uint32)), dtype=width)
    else:
        bits = p.right_shift(bits, number(8 * dtype.size - mantissa, width))
    ones = p.bitwise_or(bits, number(one << mantissa, width))
    return p.sub(p.bitcast(ones, dtype=dtype), number(1, dtype))


def _at_once(counter, sizes) -> bool:
    """Whether numbers of Philox may be drawn by numpy now."""
    return executing_eagerly() and counter.shape_tuple == (2,) and known(sizes)


def _are_plain(dtype, *values) -> bool:
    """Python numbers that the dtype holds, with room for their differences."""
    if dtype.is_integer:
        info = np.iinfo(dtype.np_dtype)
        return all(type(v) is int and info.min <= v <= info.max for v in values)
    return dtype in (float32, float64) and all(type(v) in (int, float) and abs(v) <= 1e30 for v in values)


def _start(key, counter) -> tuple[int, int]:
    low, high = counter.numpy().tolist()
    return key.numpy().item(), low | high << 64


def uniform_numbers(key, counter, sizes, minval, maxval, dtype) -> Tensor:
    if _at_once(counter, sizes):
        top = 1 if maxval is None and dtype.is_floating else maxval
        if _are_plain(dtype, minval, top):
            if dtype.is_floating:
                return p.constant(value=draws.uniform(*_start(key, counter), sizes, minval, top, dtype))
            if minval < top and dtype in (int32, int64, uint32, uint64):
                return p.constant(value=draws.uniform_integers(*_start(key, counter), sizes, minval, top, dtype))
    if dtype.is_floating:
        low, high = (
            convert_to_tensor(minval, dtype),
            convert_to_tensor(1 if maxval is None else maxval, dtype),
        )
        return p.add(p.mul(_unit(key, counter, sizes, dtype), p.sub(high, low)), low)
    if dtype not in (int32, int64, uint32, uint64):
        raise ValueError(f"Invalid dtype {dtype.name}: uniform numbers are floats, int32, int64, uint32 or uint64")
    if (minval is None) != (maxval is None):
        raise ValueError(f"For integer dtype {dtype!r}, minval and maxval must be both None or both non-None")
    width = uint32 if dtype.size == 4 else uint64
    bits = random_bits(key, counter, sizes, width)
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


def normal_numbers(key, counter, sizes, mean, stddev, dtype) -> Tensor:
    """Box and Muller's transform of pairs of uniform numbers."""
    if _at_once(counter, sizes) and dtype.is_floating and _are_plain(dtype, mean, stddev):
        return p.constant(value=draws.normal(*_start(key, counter), sizes, mean, stddev, dtype))
    inner = float64 if dtype is float64 else float32
    if counter.shape_tuple == (1,):
        dims = _known_only(sizes)
        unit = _threefry_unit(key, counter, threefry.pairs(dims), _threefry_dtype(dtype))
        unit = unit if unit.dtype is inner else p.cast(unit, dtype=inner)
        out = threefry.joined(*philox.box_muller(*threefry.parts(unit, dims)), dims)
    else:
        count = product(*sizes)
        pair = philox.box_muller(*_unit_pairs(key, counter, groups(count, 2), inner))
        both = p.concat(*(p.expand_dims(x, axes=(1,)) for x in pair), axis=1)
        out = reshaped(first(p.reshape(both, shape=(None,)), count), sizes)
    return _scaled(out, mean, stddev, dtype)


def _unit_pairs(key, counter, count, dtype) -> tuple[Tensor, Tensor]:
    """The first and the second numbers of pairs of uniform ones."""
    if dtype is float64:
        unit = _unit(key, counter, (count, 2), dtype)
        one, other = (p.slice_(unit, starts=(0, i), sizes=(None, 1), strides=(1, 1)) for i in (0, 1))
        return p.squeeze(one, axes=(1,)), p.squeeze(other, axes=(1,))
    # Both words in one number: vectors take them apart.
    bits = random_bits(key, counter, (count,), uint64)
    words = p.cast(bits, dtype=uint32), p.cast(p.right_shift(bits, number(32, uint64)), dtype=uint32)
    return tuple(philox.unit_float(word) for word in words)


def _threefry_dtype(dtype) -> DType:
    """The dtype of the uniform numbers that XLA makes others of."""
    return float32 if dtype.name == "bfloat16" else dtype


def _scaled(numbers, mean, stddev, dtype) -> Tensor:
    out = numbers if numbers.dtype is dtype else p.cast(numbers, dtype=dtype)
    return p.add(p.mul(out, convert_to_tensor(stddev, dtype)), convert_to_tensor(mean, dtype))


# Blocks that a group of truncated normal numbers draws from at most: of their 32 normal numbers (16 for float64) the
# odds that too few lie within 2 of 0 are below 1e-18.
_GROUP_BLOCKS = 8
# Groups of one row: what is computed of a row stays in the first-level cache.
_ROW_GROUPS = 512


def truncated_normal_numbers(key, counter, sizes, mean, stddev, dtype) -> Tensor:
    """Normally distributed numbers, the first of each group's draws that lie within 2 of 0.

    Each group of outputs draws from blocks of its own, one after the other, until every group has enough. ThreeFry has
    the numbers of XLA, which inverts the distribution.
    """
    if _at_once(counter, sizes) and dtype.is_floating and _are_plain(dtype, mean, stddev):
        start = _start(key, counter)
        return p.constant(
            value=draws.truncated_normal(*start, sizes, mean, stddev, dtype, RESERVED, most=_GROUP_BLOCKS)
        )
    if counter.shape_tuple == (1,):
        return _scaled(_inverted_truncated_normal(key, counter, sizes, dtype), mean, stddev, dtype)
    count, wide = product(*sizes), dtype is float64
    size = 2 if wide else 4
    shape = _rows(groups(count, size))
    total = product(*shape)
    starts = reshaped(p.mul(counting(total, uint64), number(size * RESERVED // 4, uint64)), shape)
    nothing = filled(number(0, int32), shape), *(filled(number(0, float64 if wide else float32), shape),) * size
    first_block, only_key = philox.ends(counter), p.squeeze(key, axes=(0,))

    def going(block, found, *_):
        some = p.reduce_any(p.less(found, number(size, int32)), axes=tuple(range(len(shape))), keepdims=False)
        return p.logical_and(p.less(block, number(_GROUP_BLOCKS, uint64)), some)

    def body(block, found, *chosen):
        at = philox.moved(first_block, p.add(starts, block))
        draws = _block_of_normal(philox.blocks(only_key, *at), wide)
        # Groups that have enough keep what they have: none waits for others.
        more = p.less(found, number(size, int32))
        new = _within_two(draws, found, chosen)
        kept = (p.select(more, x, old) for x, old in zip(new, (found, *chosen), strict=True))
        return p.add(block, number(1, uint64)), *kept

    _, _, *chosen = while_loop(going, body, (number(0, uint64), *nothing))
    table = p.concat(*(reshaped(x, (total, 1)) for x in chosen), axis=1)
    flat = p.reshape(table, shape=(None,))
    return _scaled(reshaped(first(flat, count), sizes), mean, stddev, dtype)


def _rows(count) -> tuple:
    """The shape in which so many groups are computed, or a few more."""
    if isinstance(count, Tensor) or count < 2 * _ROW_GROUPS:
        return (count,)
    return groups(count, _ROW_GROUPS), _ROW_GROUPS


def _block_of_normal(words, wide) -> tuple:
    if wide:
        return philox.box_muller(philox.unit_double(*words[:2]), philox.unit_double(*words[2:]))
    unit = [philox.unit_float(word) for word in words]
    return (*philox.box_muller(*unit[:2]), *philox.box_muller(*unit[2:]))


def _within_two(draws, found, chosen) -> tuple:
    """How many numbers were found and which, after these draws."""
    for draw in draws:
        good = p.less(p.abs_(draw), number(2, draw.dtype))
        place = p.select(good, found, number(-1, int32))
        chosen = [p.select(p.equal(place, number(i, int32)), draw, x) for i, x in enumerate(chosen)]
        found = p.add(found, p.cast(good, dtype=int32))
    return found, *chosen


def _inverted_truncated_normal(key, counter, sizes, dtype) -> Tensor:
    inner = float64 if dtype is float64 else float32
    unit = _threefry_unit(key, counter, sizes, _threefry_dtype(dtype))
    unit = unit if unit.dtype is inner else p.cast(unit, dtype=inner)
    centred = p.sub(p.mul(unit, number(2, inner)), number(1, inner))
    within = p.mul(centred, number(math.erf(math.sqrt(2)), inner))
    return p.mul(p.erfinv(within), number(math.sqrt(2), inner))


def categorical_numbers(key, counter, logits, samples, dtype) -> Tensor:
    """`[batch, samples]` classes, by inverting each row's distribution function, in float64.

    TensorFlow's numbers as long as it computes all rows in one thread.
    """
    batch, _ = sizes_of_tensor(logits, "categorical")
    draws = reshaped(_unit(key, counter, (product(batch, samples),), float64), (batch, samples))
    x = logits if logits.dtype is float64 else p.cast(logits, dtype=float64)
    zero, lowest = number(0, float64), number(-np.inf, float64)
    finite = p.is_finite(x)
    top = p.reduce_max(p.select(finite, x, lowest), axes=(1,), keepdims=True)
    weights = p.select(finite, p.exp(p.sub(x, top)), zero)
    sums = p.cumsum(weights, axis=1, exclusive=False, reverse=False)
    total = p.reduce_max(sums, axes=(1,), keepdims=True)
    found = p.less_equal(p.expand_dims(sums, axes=(1,)), p.expand_dims(p.mul(draws, total), axes=(2,)))
    return p.reduce_sum(p.cast(found, dtype=dtype), axes=(2,), keepdims=False)


def float_dtype(dtype, what) -> DType:
    dtype = as_dtype(dtype)
    if not dtype.is_floating:
        raise TypeError(f"{what} numbers are floats, got dtype {dtype.name}")
    return dtype
