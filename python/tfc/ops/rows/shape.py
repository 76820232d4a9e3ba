"""Rows of primitives that make and move elements: constants, ranges, reshapes, slices, joins."""

import math

import numpy as np

from tfc.dtypes import int64
from tfc.errors import InvalidArgumentError
from tfc.ops import primitives as p
from tfc.ops.gradients import (
    Part,
    broadcast_like,
    dynamic_shape,
    known,
    reshape_like,
    scalar,
    unbroadcast,
    zeros_like,
)
from tfc.ops.table import IN_ORDER, NotDifferentiable, linear, row


def _constant(value):
    return value


def _iota(shape, axis, dtype):
    count = np.arange(shape[axis]).astype(dtype.np_dtype)
    return np.broadcast_to(count.reshape([-1 if i == axis else 1 for i in range(len(shape))]), shape)


def _range(start, limit, delta):
    if delta == 0:
        raise InvalidArgumentError("Requires delta != 0")
    if not (start <= limit if delta > 0 else start >= limit):
        wanted = "start <= limit when delta > 0" if delta > 0 else "start >= limit when delta < 0"
        raise InvalidArgumentError(f"Requires {wanted}: {start}/{limit}")
    if start.dtype.kind in "iu":
        count = -((int(start) - int(limit)) // int(delta))
    else:
        steps = (float(limit) - float(start)) / float(delta)
        if not steps < 2**63:
            raise InvalidArgumentError(f"Requires ((limit - start) / delta) <= 2**63: {start}/{limit} by {delta}")
        count = math.ceil(steps)
    return (start + np.arange(count).astype(start.dtype) * delta).astype(start.dtype)


def _shape_of(x, dtype):
    return np.array(x.shape, dtype.np_dtype)


def _sum_to(x, shape):
    shape = tuple(int(d) for d in shape)
    extra = x.ndim - len(shape)
    axes = (*range(extra), *(extra + i for i, d in enumerate(shape) if d == 1 and x.shape[extra + i] != 1))
    return x.sum(axis=axes, dtype=x.dtype, keepdims=True).reshape(shape) if axes else x


def _reshape(x, shape):
    shape = tuple(-1 if d is None else int(d) for d in shape)
    try:
        return x.reshape(shape)
    except ValueError:
        # numpy refuses -1 beside a zero size, where TensorFlow computes 0.
        if x.size == 0 and shape.count(-1) == 1:
            rest = math.prod(d for d in shape if d != -1)
            if rest != 0:
                return x.reshape([0 if d == -1 else d for d in shape])
    if -1 in shape:
        raise InvalidArgumentError(
            f"Input to reshape is a tensor with {x.size} values, but the requested shape "
            f"requires a multiple of "
            f"{-math.prod(shape)}"
        )
    raise InvalidArgumentError(
        f"Input to reshape is a tensor with {x.size} values, but the requested shape has {math.prod(shape)}"
    )


def _squeeze(x, axes):
    for axis in axes:
        if x.shape[axis] != 1:
            raise InvalidArgumentError(f"Can not squeeze dim[{axis}], expected a dimension of 1, got {x.shape[axis]}")
    return x.reshape([d for i, d in enumerate(x.shape) if i not in axes])


def _expand_dims(x, axes):
    sizes = iter(x.shape)
    return x.reshape([1 if i in axes else next(sizes) for i in range(x.ndim + len(axes))])


_ALL = slice(None)


def _box(x, starts, sizes, strides):
    """The slices of a box, checked against the operand."""
    box = []
    for axis, (start, size, stride) in enumerate(zip(starts, sizes, strides, strict=True)):
        n = x.shape[axis]
        if size == n and stride == 1 and start == 0:
            box.append(_ALL)
            continue
        start = int(start)
        if size is None:
            size = max(0, -(-(n - start) // stride) if stride > 0 else start // -stride + 1)
        last = start + (size - 1) * stride
        if size and not (0 <= start < n and 0 <= last < n) or not 0 <= start <= n:
            raise InvalidArgumentError(
                f"slice of size {size} at {start} with stride {stride} leaves dimension {axis} of size {n}"
            )
        stop = start + size * stride
        box.append(slice(start, None if stop < 0 else stop, stride))
    return tuple(box)


def _slice(x, starts, sizes, strides):
    return x[_box(x, starts, sizes, strides)]


def _dynamic_slice(x, starts, sizes):
    return x[_box(x, starts, sizes, (1,) * x.ndim)]


def _dynamic_strided_slice(x, begins, ends, strides, begin_mask, end_mask):
    return x[
        tuple(
            slice(
                None if begin_mask >> i & 1 else int(begins[i]),
                None if end_mask >> i & 1 else int(ends[i]),
                strides[i],
            )
            for i in range(x.ndim)
        )
    ]


def _update_slice(x, update, starts, strides):
    out = x.copy()
    out[_box(x, starts, update.shape, strides)] = update
    return out


def _concat(*xs, axis):
    return np.concatenate(xs, axis)


def _pad(x, value, low, high):
    return np.pad(x, tuple(zip(low, high, strict=True)), constant_values=value)


def _ensure_shape(x, shape):
    if len(shape) != x.ndim or any(w is not None and w != d for w, d in zip(shape, x.shape, strict=True)):
        want = "[" + ",".join("?" if d is None else str(d) for d in shape) + "]"
        raise InvalidArgumentError(
            f"Shape of tensor [{','.join(map(str, x.shape))}] is not compatible with expected shape {want}."
        )
    return x


# Gradients.


def _transpose_vjp(g, out, x, perm):
    inverse = [0] * len(perm)
    for i, axis in enumerate(perm):
        inverse[axis] = i
    return p.transpose(g, perm=tuple(inverse))


def _slice_vjp(g, out, x, starts, sizes, strides):
    if set(strides) <= {1} and known(x.shape_tuple) and known(g.shape_tuple):
        high = tuple(n - s - d for n, s, d in zip(x.shape_tuple, starts, g.shape_tuple, strict=True))
        return p.pad(g, scalar(0, g), low=tuple(starts), high=high)
    at = p.constant(value=np.array(starts, np.int64))
    return p.update_slice(zeros_like(x), g, at, strides=tuple(strides))


class _Box(Part):
    """The gradient of a tensor that a box was taken out of."""

    __slots__ = ("box", "like", "starts", "strides")

    def __init__(self, box, starts, strides, like):
        self.box, self.starts, self.strides, self.like = box, starts, tuple(strides), like

    def added_to(self, total):
        if total is None:
            return p.update_slice(zeros_like(self.like), self.box, self.starts, strides=self.strides)
        before = _box_like(total, self.box, self.starts, self.strides)
        return p.update_slice(total, p.add(before, self.box), self.starts, strides=self.strides)


def _dynamic_slice_vjp(g, out, x, starts, sizes):
    return _Box(g, starts, (1,) * len(sizes), x)


def _strided_start(x, begins, strides, begin_mask):
    """The first index along each dimension, by Python's rule, as an int64 vector."""
    size = dynamic_shape(x)
    begin = p.cast(begins, dtype=int64)
    zero, one = scalar(0, size), scalar(1, size)
    up = p.constant(value=np.array([s > 0 for s in strides]))
    absent = p.constant(value=np.array([bool(begin_mask >> i & 1) for i in range(len(strides))]))
    begin = p.select(p.less(begin, zero), p.add(begin, size), begin)
    last = p.sub(size, one)
    begin = p.maximum(begin, p.select(up, zero, scalar(-1, size)))
    begin = p.minimum(begin, p.select(up, size, last))
    return p.maximum(p.select(absent, p.select(up, zero, last), begin), zero)


def _dynamic_strided_slice_vjp(g, out, x, begins, ends, strides, begin_mask, end_mask):
    return _Box(g, _strided_start(x, begins, strides, begin_mask), strides, x)


def _box_like(g, update, starts, strides):
    if known(update.shape_tuple) and set(strides) <= {1}:
        return p.dynamic_slice(g, starts, sizes=tuple(update.shape_tuple))
    steps = p.constant(value=np.array(strides, np.int64))
    begins = p.cast(starts, dtype=int64)
    one = scalar(1, begins)
    # One past the last index, in the direction of the step; -1 would count from the end.
    last = p.add(begins, p.mul(p.sub(dynamic_shape(update), one), steps))
    sign = p.constant(value=np.sign(strides).astype(np.int64))
    ends = p.add(last, sign)
    ends = p.select(p.less(ends, scalar(0, ends)), p.neg(p.add(dynamic_shape(g), one)), ends)
    return p.dynamic_strided_slice(g, begins, ends, strides=tuple(strides), begin_mask=0, end_mask=0)


def _concat_vjp(g, out, *xs, axis):
    grads, offset = [], 0
    rank = len(out.shape_tuple)
    for x in xs:
        dims = x.shape_tuple
        if dims is None or dims[axis] is None or offset is None:
            break
        sizes = tuple(dims[axis] if i == axis else g.shape_tuple[i] for i in range(rank))
        starts = tuple(offset if i == axis else 0 for i in range(rank))
        grads.append(p.slice_(g, starts=starts, sizes=sizes, strides=(1,) * rank))
        offset += dims[axis]
    rest = xs[len(grads) :]
    if not rest:
        return tuple(grads)
    at = p.constant(value=np.array([offset if i == axis else 0 for i in range(rank)], np.int64))
    along = p.constant(value=np.array([i == axis for i in range(rank)]))
    others_end = (1 << rank) - 1 - (1 << axis)
    for x in rest:
        end = p.add(at, p.select(along, dynamic_shape(x), scalar(0, at)))
        grads.append(p.dynamic_strided_slice(g, at, end, strides=(1,) * rank, begin_mask=0, end_mask=others_end))
        at = end
    return tuple(grads)


def _pad_x_vjp(g, out, x, value, low, high):
    if not known(x.shape_tuple):
        # Counted from both ends, as the size in between is not known.
        begins, ends = (p.constant(value=np.array(v, np.int64)) for v in (low, [-h for h in high]))
        to_end = sum((h == 0) << i for i, h in enumerate(high))
        return p.dynamic_strided_slice(g, begins, ends, strides=(1,) * len(low), begin_mask=0, end_mask=to_end)
    return p.slice_(g, starts=tuple(low), sizes=tuple(x.shape_tuple), strides=(1,) * len(low))


def _pad_value_vjp(g, out, x, value, low, high):
    axes = tuple(range(len(low)))
    inner = p.reduce_sum(_pad_x_vjp(g, out, x, value, low, high), axes=axes, keepdims=False)
    return p.sub(p.reduce_sum(g, axes=axes, keepdims=False), inner)


row(p.constant, _constant, NotDifferentiable, quiet=False)
row(p.iota, _iota, NotDifferentiable, quiet=False)
row(p.range_, _range, NotDifferentiable, kinds="iuf")
row(p.shape_of, _shape_of, NotDifferentiable, quiet=False)
row(
    p.broadcast_to,
    lambda x, shape: np.broadcast_to(x, shape),
    (lambda g, out, x, shape: unbroadcast(g, x),),
    kinds="biufc",
    quiet=False,
    jvp=linear(0),
)
row(
    p.dynamic_broadcast_to,
    lambda x, shape: np.broadcast_to(x, tuple(int(d) for d in shape)),
    (lambda g, out, x, shape: unbroadcast(g, x), None),
    kinds="biufc",
    quiet=False,
    jvp=linear(0),
)
row(p.sum_to, _sum_to, (lambda g, out, x, shape: broadcast_like(g, x), None), kinds="iufc", gpu=IN_ORDER, jvp=linear(0))
row(p.reshape, _reshape, (lambda g, out, x, shape: reshape_like(g, x),), kinds="biufc", quiet=False, jvp=linear(0))
row(
    p.dynamic_reshape,
    lambda x, shape: _reshape(x, tuple(shape.tolist())),
    (lambda g, out, x, shape: reshape_like(g, x), None),
    kinds="biufc",
    quiet=False,
    jvp=linear(0),
)
row(
    p.squeeze,
    _squeeze,
    (lambda g, out, x, axes: p.expand_dims(g, axes=axes),),
    kinds="biufc",
    quiet=False,
    jvp=linear(0),
)
row(
    p.expand_dims,
    _expand_dims,
    (lambda g, out, x, axes: p.squeeze(g, axes=axes),),
    kinds="biufc",
    quiet=False,
    jvp=linear(0),
)
row(
    p.transpose,
    lambda x, perm: x.transpose(perm),
    (_transpose_vjp,),
    kinds="biufc",
    quiet=False,
    jvp=linear(0),
)
row(p.slice_, _slice, (_slice_vjp,), kinds="biufc", quiet=False, jvp=linear(0))
row(p.dynamic_slice, _dynamic_slice, (_dynamic_slice_vjp, None), kinds="biufc", quiet=False, jvp=linear(0))
row(
    p.dynamic_strided_slice,
    _dynamic_strided_slice,
    (_dynamic_strided_slice_vjp, None, None),
    kinds="biufc",
    quiet=False,
    jvp=linear(0),
)
row(
    p.update_slice,
    _update_slice,
    (
        lambda g, out, x, update, starts, strides: p.update_slice(g, zeros_like(update), starts, strides=strides),
        lambda g, out, x, update, starts, strides: _box_like(g, update, starts, strides),
        None,
    ),
    kinds="biufc",
    quiet=False,
    jvp=linear(0, 1),
)
row(p.concat, _concat, _concat_vjp, kinds="biufc", quiet=False, jvp=linear())
row(p.pad, _pad, (_pad_x_vjp, _pad_value_vjp), kinds="biufc", quiet=False, jvp=linear(0, 1))
row(
    p.reverse,
    lambda x, axes: np.flip(x, axes),
    (lambda g, out, x, axes: p.reverse(g, axes=axes),),
    kinds="biufc",
    quiet=False,
    jvp=linear(0),
)
row(
    p.ensure_shape,
    _ensure_shape,
    (lambda g, out, x, shape: g,),
    kinds="biufc",
    quiet=False,
    jvp=linear(0),
)
row(p.stop_gradient, lambda x: x, NotDifferentiable, kinds="biufc", quiet=False)
