"""Manipulation and indexing functions of the array API standard."""

import numpy as np

from tfc.array_api.dtypes import astype, result_type
from tfc.core import Tensor
from tfc.dtypes import int64
from tfc.ops import array as ops
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import dynamic_shape
from tfc.ops.shapes import axis_of, broadcast_value


def broadcast_shapes(*shapes) -> tuple:
    """The shape that arrays of these shapes broadcast to."""
    return tuple(np.broadcast_shapes(*(tuple(s) for s in shapes)))


def broadcast_to(x, /, shape) -> Tensor:
    """`x` stretched to a shape."""
    return broadcast_value(convert_to_tensor(x), shape)


def broadcast_arrays(*arrays) -> tuple:
    """Arrays stretched to the shape they broadcast to."""
    arrays = [convert_to_tensor(a) for a in arrays]
    if all(None not in a.shape_tuple for a in arrays):
        shape = broadcast_shapes(*(a.shape_tuple for a in arrays))
        return tuple(broadcast_to(a, shape) for a in arrays)
    shape = dynamic_shape(arrays[0])
    for a in arrays[1:]:
        shape = ops.broadcast_dynamic_shape(shape, dynamic_shape(a))
    return tuple(p.dynamic_broadcast_to(a, shape) for a in arrays)


def concat(arrays, /, *, axis=0) -> Tensor:
    """Arrays joined along a dimension, or flattened first if `axis` is None."""
    arrays = [convert_to_tensor(a) for a in arrays]
    dtype = result_type(*arrays)
    arrays = [astype(a, dtype) for a in arrays]
    if axis is None:
        arrays, axis = [_flat(a) for a in arrays], 0
    return p.concat(*arrays, axis=axis_of(axis, len(arrays[0].shape_tuple), "concat"))


def _flat(x):
    if 0 in x.shape_tuple:
        return p.reshape(x, shape=(0,))
    return p.reshape(x, shape=(None,))


def stack(arrays, /, *, axis=0) -> Tensor:
    """Arrays joined along a new dimension."""
    arrays = [convert_to_tensor(a) for a in arrays]
    dtype = result_type(*arrays)
    where = axis_of(axis, len(arrays[0].shape_tuple) + 1, "stack")
    return p.concat(*(p.expand_dims(astype(a, dtype), axes=(where,)) for a in arrays), axis=where)


def unstack(x, /, *, axis=0) -> tuple:
    """The slices along a dimension."""
    return tuple(ops.unstack(x, axis=axis))


def expand_dims(x, /, axis) -> Tensor:
    """A new dimension of size 1, or several."""
    x = convert_to_tensor(x)
    axes = axis if isinstance(axis, tuple) else (axis,)
    rank = len(x.shape_tuple) + len(axes)
    where = sorted(_index(a, rank) for a in axes)
    if len(set(where)) != len(where):
        raise ValueError(f"axes are not distinct: {axis}")
    return p.expand_dims(x, axes=tuple(where))


def _index(axis, rank):
    if not -rank <= axis < rank:
        raise IndexError(f"axis {axis} is out of range for rank {rank}")
    return axis % rank


def squeeze(x, /, axis) -> Tensor:
    """Dimensions of size 1 dropped."""
    x = convert_to_tensor(x)
    axes = axis if isinstance(axis, tuple) else (axis,)
    where = tuple(sorted(_index(a, len(x.shape_tuple)) for a in axes))
    for a in where:
        if x.shape_tuple[a] not in (1, None):
            raise ValueError(f"dimension {a} of shape {x.shape} is not 1")
    return p.squeeze(x, axes=where) if where else x


def flip(x, /, *, axis=None) -> Tensor:
    """The elements in reverse order along some dimensions (None: all)."""
    x = convert_to_tensor(x)
    rank = len(x.shape_tuple)
    axes = range(rank) if axis is None else (axis if isinstance(axis, tuple) else (axis,))
    return p.reverse(x, axes=tuple(sorted(axis_of(a, rank, "flip") for a in axes)))


def moveaxis(x, source, destination, /) -> Tensor:
    """Dimensions moved to other places; the rest keeps its order."""
    x = convert_to_tensor(x)
    rank = len(x.shape_tuple)
    source, destination = (v if isinstance(v, tuple) else (v,) for v in (source, destination))
    if len(source) != len(destination):
        raise ValueError("source and destination need the same number of axes")
    source, destination = ([axis_of(a, rank, "moveaxis") for a in v] for v in (source, destination))
    order = [a for a in range(rank) if a not in source]
    for to, from_ in sorted(zip(destination, source, strict=True)):
        order.insert(to, from_)
    return p.transpose(x, perm=tuple(order))


def permute_dims(x, /, axes) -> Tensor:
    """The dimensions in another order."""
    x = convert_to_tensor(x)
    rank = len(x.shape_tuple)
    return p.transpose(x, perm=tuple(axis_of(a, rank, "permute_dims") for a in axes))


def repeat(x, repeats, /, *, axis=None) -> Tensor:
    """Each element (or slice) several times."""
    return ops.repeat(convert_to_tensor(x), repeats, axis=axis)


def reshape(x, /, shape, *, copy=None) -> Tensor:
    """The elements in another shape; one size may be -1."""
    return ops.reshape(convert_to_tensor(x), shape)


def roll(x, /, shift, *, axis=None) -> Tensor:
    """The elements moved along dimensions; those that leave at one end come back at the other."""
    x = convert_to_tensor(x)
    if axis is None:
        return ops.reshape(ops.roll(_flat(x), shift, 0), dynamic_shape(x))
    axes = axis if isinstance(axis, tuple) else (axis,)
    shifts = shift if isinstance(shift, tuple) else (shift,) * len(axes)
    if len(shifts) != len(axes):
        raise ValueError("shift and axis need the same number of entries")
    return ops.roll(x, list(shifts), list(axes))


def tile(x, repetitions, /) -> Tensor:
    """The array several times along each dimension."""
    x = convert_to_tensor(x)
    rank, count = len(x.shape_tuple), len(repetitions)
    if count > rank:
        x = p.expand_dims(x, axes=tuple(range(count - rank)))
    return ops.tile(x, (*(1,) * (rank - count), *repetitions))


def take(x, indices, /, *, axis=None) -> Tensor:
    """The slices at indices, which may count from the end, along a dimension."""
    x, at = convert_to_tensor(x), convert_to_tensor(indices)
    if axis is None:
        if len(x.shape_tuple) != 1:
            raise ValueError("take needs an axis for arrays of more than one dimension")
        axis = 0
    where = axis_of(axis, len(x.shape_tuple), "take")
    return p.gather(x, _from_front(at, x, where), axis=where, batch_dims=0)


def _from_front(at, x, axis):
    at = at if at.dtype is int64 else p.cast(at, dtype=int64)
    size = x.shape_tuple[axis]
    if size is None:
        size = p.squeeze(p.slice_(dynamic_shape(x), starts=(axis,), sizes=(1,), strides=(1,)), axes=(0,))
    else:
        size = convert_to_tensor(size, int64)
    return p.select(p.less(at, convert_to_tensor(0, int64)), p.add(at, size), at)


def take_along_axis(x, indices, /, *, axis=-1) -> Tensor:
    """Of each slice along `axis` the elements at its own indices; the other dimensions broadcast."""
    x, at = convert_to_tensor(x), convert_to_tensor(indices)
    rank = len(x.shape_tuple)
    where = axis_of(axis, rank, "take_along_axis")
    x, at = moveaxis(x, where, -1), moveaxis(at, where, -1)
    if x.shape_tuple[:-1] != at.shape_tuple[:-1]:
        batch = broadcast_shapes(x.shape_tuple[:-1], at.shape_tuple[:-1])
        x, at = broadcast_to(x, (*batch, x.shape_tuple[-1])), broadcast_to(at, (*batch, at.shape_tuple[-1]))
    out = p.gather(x, _from_front(at, x, rank - 1), axis=rank - 1, batch_dims=rank - 1)
    return moveaxis(out, -1, where)
