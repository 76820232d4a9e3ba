"""Ops along an axis that only run time knows, or of tensors whose rank only run time knows.

Either way a tensor is looked at as `[before, size, after]`: all dimensions before the axis as one, the axis, and all
dimensions behind it as one. An operation along axis 1 of that is an operation along the axis.
"""

from collections.abc import Callable

import numpy as np

from tfc.core import Tensor, VariableStorage
from tfc.dtypes import int64
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, static_ints, static_value
from tfc.ops.gradients import dynamic_shape


def is_runtime(axis) -> bool:
    """Whether an argument for one axis is a tensor whose value is not known while tracing."""
    return isinstance(axis, (Tensor, VariableStorage)) and static_value(axis) is None


def are_runtime(axes) -> bool:
    """Whether an argument for one or several axes is, or has in it, such a tensor."""
    if isinstance(axes, (list, tuple)):
        return any(map(is_runtime, axes))
    return is_runtime(axes)


def needs_runtime(x: Tensor, axis) -> bool:
    """Whether an operation along an axis (or axes, None: all) of `x` has to find its way at run time."""
    return axis is not None and (x.shape_tuple is None or are_runtime(axis))


def _vector(*values) -> Tensor:
    return p.constant(value=np.array(values, np.int64))


class View:
    """A tensor as `[before, size, after]` around an axis (an int or an integer scalar, from the end if negative)."""

    def __init__(self, x: Tensor, axis, op: str):
        self.rank = None if x.shape_tuple is None else len(x.shape_tuple)
        self.dims = x.shape_tuple
        self.axis = axis
        sizes = dynamic_shape(x)
        rank = p.squeeze(p.shape_of(sizes, dtype=int64), axes=(0,))
        at = convert_to_tensor(axis)
        at = at if at.dtype is int64 else p.cast(at, dtype=int64)
        zero = convert_to_tensor(0, int64)
        inside = p.logical_and(p.less_equal(p.neg(rank), at), p.less(at, rank))
        p.assert_(inside, at, rank, message=f"{op}: the axis {{}} is out of range for rank {{}}", summarize=3)
        at = p.reshape(p.select(p.less(at, zero), p.add(at, rank), at), shape=(1,))
        next_ = p.add(at, _vector(1))
        self.before = p.dynamic_strided_slice(sizes, at, at, strides=(1,), begin_mask=1, end_mask=0)
        self.after = p.dynamic_strided_slice(sizes, next_, next_, strides=(1,), begin_mask=0, end_mask=1)
        self.size = p.dynamic_strided_slice(sizes, at, next_, strides=(1,), begin_mask=0, end_mask=0)
        self.size = p.ensure_shape(self.size, shape=(1,))
        flat = p.concat(_product(self.before), self.size, _product(self.after), axis=0)
        self.value = p.dynamic_reshape(x, flat)

    def back(self, y: Tensor, middle: Tensor | None) -> Tensor:
        """`[before, ..., after]` with its sizes: `middle` (a vector) in the place of the axis, None for what it was."""
        same = middle is None
        parts = [self.before, self.size if same else middle, self.after]
        result = p.dynamic_reshape(y, p.concat(*parts, axis=0))
        if self.rank is None:
            return result
        if same:
            return p.ensure_shape(result, shape=self.dims)
        count = middle.shape_tuple[0]
        return result if count is None else p.ensure_shape(result, shape=(None,) * (self.rank - 1 + count))


def _product(sizes) -> Tensor:
    return p.reduce_prod(sizes, axes=(0,), keepdims=True)


def along(x: Tensor, axis, op: str, function: Callable) -> Tensor:
    """`function` (of a tensor of rank 3, along its axis 1) of `x` along an axis; it keeps the shape."""
    view = View(x, axis, op)
    return view.back(function(view.value), None)


def reduced(x: Tensor, axis, keepdims: bool, op: str, function: Callable) -> Tensor:
    """A reduction over an axis. `function` takes a tensor of rank 3 and drops axis 1 of it."""
    view = View(x, axis, op)
    return view.back(function(view.value), _vector(*[1] * keepdims))


def resized(x: Tensor, axis, op: str, function: Callable) -> Tensor:
    """Like `along`, for a function that may change the size of axis 1, or put several dimensions in its place."""
    view = View(x, axis, op)
    y = function(view.value)
    sizes = dynamic_shape(y)
    middle = p.slice_(sizes, starts=(1,), sizes=(len(y.shape_tuple) - 2,), strides=(1,))
    return view.back(y, middle)


def reduction(x: Tensor, axis, keepdims: bool, op: str, one: Callable) -> Tensor:
    """A reduction over one or several axes that may be tensors.

    `one(view)` drops axis 1 of a tensor of rank 3; axis by axis that has to give the reduction over all of them.
    """
    axes = _axes(axis, op)
    if len(axes) == 1:
        return reduced(x, axes[0], keepdims, op, one)
    for a in axes:
        x = reduced(x, a, True, op, one)
    return x if keepdims else without(x, axes)


def of_rank(total: Tensor, x: Tensor) -> Tensor:
    """A scalar with as many dimensions of size 1 as `x` has dimensions."""
    return p.dynamic_reshape(total, p.add(p.mul(dynamic_shape(x), _vector(0)), _vector(1)))


def _axes(axis, op: str) -> list:
    if isinstance(axis, (list, tuple)):
        return list(axis)
    known = static_ints(axis) if isinstance(axis, (Tensor, VariableStorage, np.ndarray)) else (axis,)
    if known is not None:
        return list(known)
    axis = convert_to_tensor(axis)
    if axis.shape_tuple == ():
        return [axis]
    if axis.shape_tuple is None or axis.shape_tuple[0] is None:
        raise ValueError(f"{op} needs to know how many axes there are while tracing, got {axis!r}")
    return [
        p.squeeze(p.slice_(axis, starts=(i,), sizes=(1,), strides=(1,)), axes=(0,)) for i in range(axis.shape_tuple[0])
    ]


def without(x: Tensor, axes: list) -> Tensor:
    """`x` without these dimensions, which have size 1."""
    sizes = dynamic_shape(x)
    rank = p.squeeze(p.shape_of(sizes, dtype=int64), axes=(0,))
    at = p.concat(*[_position(a, rank) for a in axes], axis=0)
    places = p.cumsum(p.add(p.mul(sizes, _vector(0)), _vector(1)), axis=0, exclusive=True, reverse=False)
    hits = p.equal(p.expand_dims(places, axes=(1,)), p.expand_dims(at, axes=(0,)))
    kept = p.logical_not(p.reduce_any(hits, axes=(1,), keepdims=False))
    result = p.dynamic_reshape(x, _where(sizes, kept))
    if x.shape_tuple is None:
        return result
    return p.ensure_shape(result, shape=(None,) * (len(x.shape_tuple) - len(axes)))


def _position(axis, rank) -> Tensor:
    at = convert_to_tensor(axis)
    at = at if at.dtype is int64 else p.cast(at, dtype=int64)
    at = p.select(p.less(at, convert_to_tensor(0, int64)), p.add(at, rank), at)
    return p.reshape(at, shape=(1,))


def _where(sizes, kept) -> Tensor:
    """Those elements of a vector for which `kept` holds."""
    at = p.squeeze(p.nonzero(kept), axes=(1,))
    return p.gather(sizes, at, axis=0, batch_dims=0)


def squeezed(x: Tensor) -> Tensor:
    """`x` without any dimension of size 1: a tensor of unknown rank."""
    sizes = dynamic_shape(x)
    return p.dynamic_reshape(x, _where(sizes, p.not_equal(sizes, _vector(1))))


def inserted(x: Tensor, axis) -> Tensor:
    """`x` with a dimension of size 1 inserted before an axis, which may be a tensor."""
    sizes = dynamic_shape(x)
    rank = p.shape_of(sizes, dtype=int64)
    at = convert_to_tensor(axis)
    at = p.reshape(at if at.dtype is int64 else p.cast(at, dtype=int64), shape=(1,))
    at = p.select(p.less(at, _vector(0)), p.add(p.add(at, rank), _vector(1)), at)
    front = p.dynamic_strided_slice(sizes, at, at, strides=(1,), begin_mask=1, end_mask=0)
    back = p.dynamic_strided_slice(sizes, at, at, strides=(1,), begin_mask=0, end_mask=1)
    result = p.dynamic_reshape(x, p.concat(front, _vector(1), back, axis=0))
    if x.shape_tuple is None:
        return result
    return p.ensure_shape(result, shape=(None,) * (len(x.shape_tuple) + 1))


def transposed(x: Tensor, perm: Tensor | None) -> Tensor:
    """Dimension i of the result is dimension perm[i] of `x`; reversed order without `perm`.

    Each element is fetched from its place: its coordinates in the result, times how far apart neighbours are in `x`.
    """
    sizes = dynamic_shape(x)
    if perm is None:
        order = p.reverse(_places(sizes), axes=(0,))
    else:
        order = perm if perm.dtype is int64 else p.cast(perm, dtype=int64)
        rank = p.shape_of(sizes, dtype=int64)
        order = p.select(p.less(order, _vector(0)), p.add(order, rank), order)
    steps = p.cumprod(sizes, axis=0, exclusive=True, reverse=True)
    out = p.gather(sizes, order, axis=0, batch_dims=0)
    out_steps = p.maximum(p.cumprod(out, axis=0, exclusive=True, reverse=True), _vector(1))
    flat = p.reshape(x, shape=(None,))
    numbers = p.expand_dims(_places(flat), axes=(0,))
    coordinates = p.floor_mod(
        p.floor_div(numbers, p.expand_dims(out_steps, axes=(1,))), p.expand_dims(p.maximum(out, _vector(1)), axes=(1,))
    )
    apart = p.expand_dims(p.gather(steps, order, axis=0, batch_dims=0), axes=(1,))
    at = p.reduce_sum(p.mul(coordinates, apart), axes=(0,), keepdims=False)
    result = p.dynamic_reshape(p.gather(flat, at, axis=0, batch_dims=0), out)
    if x.shape_tuple is None:
        return result
    return p.ensure_shape(result, shape=(None,) * len(x.shape_tuple))


def _places(vector) -> Tensor:
    """0, 1, 2, ... for the elements of a vector."""
    ones = p.add(p.mul(p.cast(p.equal(vector, vector), dtype=int64), _vector(0)), _vector(1))
    return p.cumsum(ones, axis=0, exclusive=True, reverse=False)


def joined(values: list, axis) -> Tensor:
    """Tensors one after the other along an axis that may be a tensor."""
    views = [View(v, axis, "ConcatV2") for v in values]
    together = p.concat(*[v.value for v in views], axis=1)
    return views[0].back(together, p.slice_(dynamic_shape(together), starts=(1,), sizes=(1,), strides=(1,)))


def rolled(x: Tensor, shift, axis) -> Tensor:
    """The elements moved by `shift` along an axis; both may be tensors."""

    def move(v):
        size = p.slice_(dynamic_shape(v), starts=(1,), sizes=(1,), strides=(1,))
        by = convert_to_tensor(shift)
        by = by if by.dtype is int64 else p.cast(by, dtype=int64)
        at = p.floor_mod(p.sub(counted(size), by), p.maximum(size, _vector(1)))
        return p.gather(v, at, axis=1, batch_dims=0)

    return along(x, axis, "roll", move)


def counted(size: Tensor) -> Tensor:
    """0, 1, ... up to a size (int64, one element)."""
    return p.cumsum(p.dynamic_broadcast_to(_vector(1), size), axis=0, exclusive=True, reverse=False)


def ended_before(ends: Tensor, count: Tensor) -> Tensor:
    """For each of 0, 1, ... up to `count` (one element) how many of the `ends`, which lie between 0 and `count`, are
    there or before.
    """
    none = p.dynamic_broadcast_to(convert_to_tensor(0, int64), p.add(count, _vector(1)))
    ones = p.dynamic_broadcast_to(convert_to_tensor(1, int64), p.shape_of(ends, dtype=int64))
    ended = p.scatter(none, p.expand_dims(ends, axes=(1,)), ones, mode="add")
    before = p.cumsum(ended, axis=0, exclusive=False, reverse=False)
    return p.dynamic_strided_slice(before, _vector(0), _vector(-1), strides=(1,), begin_mask=0, end_mask=0)


def repeated(x: Tensor, repeats: Tensor, axis: int) -> Tensor:
    """Each slice along an axis as often as `repeats` says: a scalar or vector of integers."""
    size = p.slice_(dynamic_shape(x), starts=(axis,), sizes=(1,), strides=(1,))
    times = repeats if repeats.dtype is int64 else p.cast(repeats, dtype=int64)
    times = p.maximum(p.dynamic_broadcast_to(times, size), convert_to_tensor(0, int64))
    ends = p.cumsum(times, axis=0, exclusive=False, reverse=False)
    at = ended_before(ends, p.reduce_sum(times, axes=(0,), keepdims=True))
    return p.gather(x, at, axis=axis, batch_dims=0)


def padded(x: Tensor, widths: Tensor, mode: str, value: Tensor) -> Tensor:
    """`tf.pad` by `widths`, an integer tensor `[rank, 2]`."""
    widths = widths if widths.dtype is int64 else p.cast(widths, dtype=int64)
    widths = p.ensure_shape(widths, shape=(len(x.shape_tuple), 2))
    p.assert_(
        p.reduce_all(p.greater_equal(widths, convert_to_tensor(0, int64)), axes=(0, 1), keepdims=False),
        widths, message="Paddings must be non-negative: {}", summarize=8,
    )  # fmt: skip
    for axis in range(len(x.shape_tuple)):
        low, high = (
            p.reshape(p.slice_(widths, starts=(axis, i), sizes=(1, 1), strides=(1, 1)), shape=(1,)) for i in (0, 1)
        )
        x = _bordered(x, axis, low, high, value) if mode == "CONSTANT" else _mirrored(x, axis, low, high, mode)
    return x


def _bordered(x, axis, low, high, value):
    sizes = dynamic_shape(x)
    rank = len(x.shape_tuple)

    def block(width):
        parts = [width if i == axis else p.slice_(sizes, starts=(i,), sizes=(1,), strides=(1,)) for i in range(rank)]
        return p.dynamic_broadcast_to(value, parts[0] if rank == 1 else p.concat(*parts, axis=0))

    return p.concat(block(low), x, block(high), axis=axis)


def _mirrored(x, axis, low, high, mode):
    size = p.slice_(dynamic_shape(x), starts=(axis,), sizes=(1,), strides=(1,))
    skip = _vector(1 if mode == "REFLECT" else 0)
    most = p.maximum(low, high)
    p.assert_(
        p.squeeze(p.less_equal(most, p.sub(size, skip)), axes=(0,)),
        most, size, message="paddings must be no greater than the dimension size: {} greater than {}", summarize=3,
    )  # fmt: skip
    at = p.sub(counted(p.add(p.add(size, low), high)), low)
    # Before the start and behind the end, back from there: past the last element itself for REFLECT.
    at = p.select(p.less(at, _vector(0)), p.sub(p.add(p.neg(at), skip), _vector(1)), at)
    beyond = p.sub(p.sub(p.add(size, size), p.add(at, skip)), _vector(1))
    at = p.select(p.greater_equal(at, size), beyond, at)
    return p.gather(x, at, axis=axis, batch_dims=0)


def stepped(x: Tensor, axis: int, key: slice) -> Tensor:
    """x[start:stop:step] along an axis, with a step that is a tensor."""
    size = p.slice_(dynamic_shape(x), starts=(axis,), sizes=(1,), strides=(1,))
    zero, one = _vector(0), _vector(1)
    step = _index(key.step)
    p.assert_(p.squeeze(p.not_equal(step, zero), axes=(0,)), message=f"strides[{axis}] must be non-zero", summarize=3)
    forward = p.less(zero, step)
    # Bounds are cut to the positions that there are; -1 is the place before the first, for going back.
    low, high = p.select(forward, zero, _vector(-1)), p.select(forward, size, p.sub(size, one))

    def bound(value, default):
        if value is None:
            return default
        at = _index(value)
        at = p.select(p.less(at, zero), p.add(at, size), at)
        return p.minimum(p.maximum(at, low), high)

    start = bound(key.start, p.select(forward, low, high))
    stop = bound(key.stop, p.select(forward, high, low))
    # The number of steps, rounded up; where the step is 0 the assertion has failed.
    by = p.select(p.equal(step, zero), one, step)
    count = p.maximum(p.neg(p.floor_div(p.sub(start, stop), by)), zero)
    at = p.add(start, p.mul(counted(count), by))
    return p.gather(x, at, axis=axis, batch_dims=0)


def _index(value) -> Tensor:
    at = convert_to_tensor(value)
    return p.reshape(at if at.dtype is int64 else p.cast(at, dtype=int64), shape=(1,))
