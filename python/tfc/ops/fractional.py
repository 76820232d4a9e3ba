"""`tf.nn.fractional_max_pool` and `fractional_avg_pool`: windows of two sizes in random order.

Source: Graham, "Fractional max-pooling", arXiv:1412.6071. Where windows begin has TensorFlow's distribution, but the
numbers are not TensorFlow's.
"""

import math
from collections import namedtuple

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import float64, int64
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, flag, integer, number, operand
from tfc.ops.gather import gather
from tfc.ops.math import FLOAT, REAL
from tfc.ops.random import shuffle, uniform
from tfc.ops.shapes import rank_of

Pooled = namedtuple("FractionalPool", ["output", "row_pooling_sequence", "col_pooling_sequence"])


def _i64(value) -> Tensor:
    return convert_to_tensor(value, int64)


def _ratios(op, pooling_ratio) -> list:
    given = pooling_ratio if isinstance(pooling_ratio, (list, tuple)) else [pooling_ratio]
    given = [number(v, "pooling_ratio") for v in given]
    if len(given) not in (1, 2, 4):
        raise ValueError(f"pooling_ratio should be of length 1, 2 or 4 but was {len(given)}")
    ratios = given * 2 if len(given) == 1 else given if len(given) == 2 else given[1:3]
    if min(ratios) < 1 or (len(given) == 4 and (given[0] != 1 or given[3] != 1)):
        raise argument_error(None, op, f"pooling_ratio must be at least 1, and 1 for batch and channels, got {given}")
    return ratios


def _ends(size: int, count: int, pseudo_random: bool, seed) -> Tensor:
    """Where windows begin and the last one ends: `count + 1` numbers from 0 to `size`."""
    least, larger = divmod(size, count)
    if not larger:
        return p.constant(value=np.arange(count + 1, dtype=np.int64) * least)
    if not pseudo_random:
        sizes = shuffle(p.constant(value=np.array([least + 1] * larger + [least] * (count - larger), np.int64)), seed)
        ends = p.cumsum(sizes, axis=0, exclusive=False, reverse=False)
        return p.concat(p.constant(value=np.zeros(1, np.int64)), ends, axis=0)
    ratio = size / count
    # No larger shift keeps the first and the last window to the two sizes.
    most = min((least + 2) / ratio - 1, (size + 1 - least) / ratio - (count - 1))
    shift = p.mul(uniform([], dtype=float64, seed=seed), convert_to_tensor(most, float64))
    places = p.add(p.constant(value=np.arange(1.0, count)), shift)
    inner = p.sub(p.cast(p.ceil(p.mul(places, convert_to_tensor(ratio, float64))), dtype=int64), _i64(1))
    edges = (p.constant(value=np.array([v], np.int64)) for v in (0, size))
    return p.concat(next(edges), inner, next(edges), axis=0)


def _pool(op, mean, value, pooling_ratio, pseudo_random, overlapping, seed) -> Pooled:
    x = operand(op, value, FLOAT if mean else REAL)
    if rank_of(x, op) != 4 or None in x.shape_tuple[1:3]:
        raise argument_error(None, op, f"value must be 4-dimensional with known height and width, got {x.shape}")
    seed = integer(seed, "seed") or None
    pseudo_random, more = flag(pseudo_random, "pseudo_random"), int(flag(overlapping, "overlapping"))
    sequences, areas = [], None
    for axis, ratio in enumerate(_ratios(op, pooling_ratio), 1):
        size = x.shape_tuple[axis]
        count = math.floor(size / ratio)
        if count < 1:
            raise argument_error(None, op, f"pooling_ratio {ratio} leaves nothing of {size}")
        ends = _ends(size, count, pseudo_random, None if seed is None else seed + axis)
        sequences.append(ends)
        starts, stops = p.expand_dims(ends[:-1], axes=(1,)), p.expand_dims(ends[1:], axes=(1,))
        stops = p.minimum(p.add(stops, _i64(more)), _i64(size))
        at = p.add(starts, p.constant(value=np.arange(-(-size // count) + more, dtype=np.int64)[None]))
        inside = p.less(at, stops)
        seen = gather(x, p.minimum(at, _i64(size - 1)), axis=axis)
        inside = p.expand_dims(inside, axes=(0, 3, 4) if axis == 1 else (0, 1, 4))
        fill = 0 if mean else -np.inf if x.dtype.is_floating else x.dtype.min
        seen = p.select(inside, seen, p.constant(value=np.array(fill, x.dtype.np_dtype)))
        x = (p.reduce_sum if mean else p.reduce_max)(seen, axes=(axis + 1,), keepdims=False)
        length = p.cast(p.sub(stops, starts), dtype=x.dtype)
        length = p.reshape(length, shape=(count, 1, 1) if axis == 1 else (count, 1))
        areas = length if areas is None else p.mul(areas, length)
    return Pooled(p.div(x, areas) if mean else x, *sequences)


def fractional_max_pool(value, pooling_ratio, pseudo_random=False, overlapping=False, seed=0, name=None) -> Pooled:
    """The largest element of each window of `[batch, height, width, channels]`, which becomes smaller by
    `pooling_ratio` (1 or more; one number, one for height and width, or four): windows have two sizes, in random order.
    With `overlapping` they share their edges. Also returns where windows begin and end.
    """
    return _pool("fractional_max_pool", False, value, pooling_ratio, pseudo_random, overlapping, seed)


def fractional_avg_pool(value, pooling_ratio, pseudo_random=False, overlapping=False, seed=0, name=None) -> Pooled:
    """As `tf.nn.fractional_max_pool`, with the mean of each window."""
    return _pool("fractional_avg_pool", True, value, pooling_ratio, pseudo_random, overlapping, seed)
