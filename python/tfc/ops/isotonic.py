"""`tf.nn.isotonic_regression`."""

import collections

import numpy as np

from tfc.core import Tensor, executing_eagerly
from tfc.dtypes import float32, float64, int32, int64
from tfc.ops import primitives as p
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import operand
from tfc.ops.gradients import known
from tfc.ops.shapes import axis_of, rank_of

_FORWARD = {"exclusive": False, "reverse": False}

Isotonic = collections.namedtuple("IsotonicRegression", ["output", "segments"])


def isotonic_regression(inputs, decreasing=True, axis=-1) -> Isotonic:
    """(`output`, `segments`): the nearest vectors that decrease (or increase) along `axis`, and, of each element, the
    number of the block (int32) whose mean it is. Gradients are those of the means.

    By pooling adjacent violators (Best and Chakravarti, "Active set algorithms for isotonic regression", 1990).
    Integers of up to 16 bits become float32, larger ones float64.
    """
    x = operand("isotonic_regression", inputs, "iuf")
    if x.dtype.is_integer:
        x = p.cast(x, dtype=float32 if x.dtype.size <= 2 else float64)
    rank = rank_of(x, "isotonic_regression")
    at = axis_of(axis, rank, "isotonic_regression")
    if not known(x.shape_tuple):
        raise NotImplementedError("tf.nn.isotonic_regression needs a shape that is known while tracing")
    perm = (*(i for i in range(rank) if i != at), at)
    back = tuple(perm.index(i) for i in range(rank))
    turned = p.transpose(x, perm=perm)
    dims = turned.shape_tuple
    n = dims[-1]
    rows = p.reshape(turned, shape=(int(np.prod(dims[:-1], dtype=np.int64)), n))
    if 0 in rows.shape_tuple:
        return Isotonic(x, p.broadcast_to(p.constant(value=np.int32(0)), shape=x.shape_tuple))
    ordered = rows if decreasing else p.neg(rows)
    ordered = p.stop_gradient(ordered)
    segments = p.constant(value=_pooled(ordered.numpy())) if executing_eagerly() else _pooled_in_a_loop(ordered)
    return Isotonic(*(p.transpose(p.reshape(t, shape=dims), perm=back) for t in (_means(rows, segments), segments)))


def _means(rows, segments) -> Tensor:
    """The mean of each element's block: sums of the blocks of all rows in one vector, in float64."""
    count, n = rows.shape_tuple
    wide = rows if rows.dtype is float64 else p.cast(rows, dtype=float64)
    first = p.constant(value=np.arange(count, dtype=np.int64)[:, None] * n)
    places = p.reshape(p.add(p.cast(segments, dtype=int64), first), shape=(count * n,))
    at = p.expand_dims(places, axes=(1,))
    empty = p.broadcast_to(p.constant(value=np.float64(0)), shape=(count * n,))
    ones = p.broadcast_to(p.constant(value=np.float64(1)), shape=(count * n,))
    sums = p.scatter(empty, at, p.reshape(wide, shape=(count * n,)), mode="add")
    sizes = p.scatter(empty, at, ones, mode="add")
    found = [p.gather(t, places, axis=0, batch_dims=0) for t in (sums, sizes)]
    means = p.reshape(p.div(*found), shape=(count, n))
    return means if rows.dtype is float64 else p.cast(means, dtype=rows.dtype)


def _pooled(rows) -> np.ndarray:
    segments = np.zeros(rows.shape, np.int32)
    for row, out in zip(rows, segments, strict=True):
        sums, counts = [], []
        for value in row:
            sums.append(float(value))
            counts.append(1)
            while len(sums) > 1 and sums[-2] * counts[-1] < sums[-1] * counts[-2]:
                total, count = sums.pop(), counts.pop()
                sums[-1] += total
                counts[-1] += count
        out[:] = np.repeat(np.arange(len(counts)), counts)
    return segments


def _pooled_in_a_loop(rows) -> Tensor:
    """Each step of a row puts the next element on its stack of blocks, or joins the two upper ones."""
    count, n = rows.shape_tuple
    rows = rows if rows.dtype is float64 else p.cast(rows, dtype=float64)
    number = lambda v: p.constant(value=np.array(v, np.int64))
    zeros = lambda size, dtype: p.broadcast_to(p.constant(value=np.array(0, dtype.np_dtype)), shape=size)
    which = p.iota(shape=(count,), axis=0, dtype=int64)

    def at(table, column):
        inside = p.maximum(number(0), p.minimum(column, number(n - 1)))
        return p.gather(table, inside, axis=1, batch_dims=1)

    def put(table, column, values, active):
        # Rows that rest write to a column behind the table.
        place = p.select(active, column, number(n))
        both = p.concat(p.expand_dims(which, axes=(1,)), p.expand_dims(place, axes=(1,)), axis=1)
        return p.scatter(table, both, values, mode="update")

    def going(top, taken, sums, sizes):
        unfinished = p.logical_or(p.less(taken, number(n)), violated(top, sums, sizes))
        return p.reduce_any(unfinished, axes=(0,), keepdims=False)

    def violated(top, sums, sizes):
        last, before = p.sub(top, number(1)), p.sub(top, number(2))
        left = p.mul(at(sums, before), at(sizes, last))
        right = p.mul(at(sums, last), at(sizes, before))
        return p.logical_and(p.greater(top, number(1)), p.less(left, right))

    def step(top, taken, sums, sizes):
        join = violated(top, sums, sizes)
        push = p.logical_and(p.logical_not(join), p.less(taken, number(n)))
        last, before = p.sub(top, number(1)), p.sub(top, number(2))
        place = p.select(join, before, top)
        value = p.select(join, p.add(at(sums, before), at(sums, last)), at(rows, taken))
        one = p.constant(value=np.float64(1))
        size = p.select(join, p.add(at(sizes, before), at(sizes, last)), one)
        active = p.logical_or(join, push)
        moved = p.select(join, number(-1), p.select(push, number(1), number(0)))
        ahead = p.select(push, number(1), number(0))
        sums, sizes = put(sums, place, value, active), put(sizes, place, size, active)
        return p.add(top, moved), p.add(taken, ahead), sums, sizes

    start = (
        zeros((count,), int64),
        zeros((count,), int64),
        zeros((count, n + 1), float64),
        zeros((count, n + 1), float64),
    )
    top, _, _, sizes = while_loop(going, step, start)
    # An element's block is the number of blocks that end before it. Beyond the top of a stack is what was left there.
    place = p.iota(shape=(1, n + 1), axis=1, dtype=int64)
    inside = p.less(place, p.expand_dims(top, axes=(1,)))
    ends = p.cumsum(p.cast(p.select(inside, sizes, p.constant(value=np.float64(0))), dtype=int64), axis=1, **_FORWARD)
    rows_of = p.broadcast_to(p.expand_dims(which, axes=(1,)), shape=(count, n + 1))
    both = p.concat(*(p.expand_dims(t, axes=(2,)) for t in (rows_of, ends)), axis=2)
    marks = p.scatter(zeros((count, n + 1), int32), both, p.cast(inside, dtype=int32), mode="add")
    passed = p.cumsum(marks, axis=1, **_FORWARD)
    return p.slice_(passed, starts=(0, 0), sizes=(count, n), strides=(1, 1))
