"""numpy's functions that make arrays, and take them apart."""

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import int64
from tfc.experimental.numpy.promotion import asarray, common, default_float, dtype_of, floating
from tfc.ops import array as ops
from tfc.ops import creation, diagonals, math
from tfc.ops import primitives as p
from tfc.ops.gather import boolean_mask
from tfc.ops.gather import gather as gather_
from tfc.ops.gather import where as where_
from tfc.ops.reductions import reduce_prod

newaxis = None


def array(val, dtype=None, copy=True, ndmin=0):
    """A tensor of a value, with at least `ndmin` dimensions."""
    x = asarray(val, dtype)
    missing = ndmin - x.shape.rank
    x = ops.reshape(x, [1] * missing + x.shape.as_list()) if missing > 0 else x
    return ops.identity(x) if copy else x


def asanyarray(a, dtype=None):
    """`asarray`."""
    return asarray(a, dtype)


ascontiguousarray = asanyarray


def copy(a):
    """A tensor of the same values."""
    return array(a)


def _shape_of(shape):
    return (
        [shape]
        if isinstance(shape, (int, np.integer)) or (isinstance(shape, Tensor) and not shape.shape_tuple)
        else shape
    )


def zeros(shape, dtype=float):
    """Zeros."""
    return creation.zeros(_shape_of(shape), default_float() if dtype is None else dtype_of(dtype))


def ones(shape, dtype=float):
    """Ones."""
    return creation.ones(_shape_of(shape), default_float() if dtype is None else dtype_of(dtype))


empty = zeros


def zeros_like(a, dtype=None):
    """Zeros of the shape of another."""
    x = asarray(a, dtype)
    return creation.zeros_like(x)


def ones_like(a, dtype=None):
    """Ones of the shape of another."""
    x = asarray(a, dtype)
    return creation.ones_like(x)


empty_like = zeros_like


def full(shape, fill_value, dtype=None):
    """One value everywhere."""
    return ops.broadcast_to(asarray(fill_value, dtype), _shape_of(shape))


def full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None):
    """One value in the shape and dtype of another."""
    x = asarray(a)
    return full(x.shape if shape is None else shape, fill_value, dtype or x.dtype)


def eye(N, M=None, k=0, dtype=float):
    """Ones on a diagonal."""
    columns = N if M is None else M
    return asarray(np.eye(N, columns, k), default_float() if dtype is None else dtype)


def identity(n, dtype=float):
    """The unit matrix."""
    return eye(n, dtype=dtype)


def arange(start, stop=None, step=1, dtype=None):
    """Numbers `step` apart."""
    if not step:
        raise ValueError("step must be non-zero")
    given = [v for v in (start, stop, step) if v is not None]
    if dtype is None:
        dtype = common(*given)[0].dtype
    start, stop = (0, start) if stop is None else (start, stop)
    return creation.range(*(asarray(v, dtype) for v in (start, stop, step)))


def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=float, axis=0):
    """Evenly spaced numbers."""
    first, last = (floating(v) for v in common(start, stop))
    count = num if endpoint else num + 1
    step = (last - first) / max(count - 1, 1)
    made = creation.linspace(first, last, count, axis=axis)
    made = made if endpoint else made[(slice(None),) * (axis % made.shape.rank) + (slice(None, -1),)]
    made = made if dtype is None else asarray(made, dtype)
    return (made, step) if retstep else made


def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    """Numbers whose logarithms are evenly spaced."""
    powers = linspace(start, stop, num, endpoint, axis=axis)
    made = math.pow(asarray(base, powers.dtype), powers)
    return made if dtype is None else asarray(made, dtype)


def geomspace(start, stop, num=50, endpoint=True, dtype=float):
    """Numbers of one ratio."""
    first, last = (floating(v) for v in common(start, stop))
    ratio = math.log(last / first) / max(num - 1 if endpoint else num, 1)
    at = creation.range(0, num, 1, dtype=first.dtype)
    made = ops.expand_dims(first, 0) * math.exp(at * ratio)
    return made if dtype is None else asarray(made, dtype)


def tri(N, M=None, k=0, dtype=None):
    """Ones at and below a diagonal."""
    return asarray(np.tri(N, M, k), default_float() if dtype is None else dtype)


def _kept(m, k, lower):
    x = asarray(m)
    rows, columns = x.shape.as_list()[-2:]
    keep = np.tri(rows, columns, k, bool) if lower else ~np.tri(rows, columns, k - 1, bool)
    return where_(keep, x, creation.zeros_like(x))


def tril(m, k=0):
    """The values at and below a diagonal, zero elsewhere."""
    return _kept(m, k, True)


def triu(m, k=0):
    """The values at and above a diagonal, zero elsewhere."""
    return _kept(m, k, False)


def diag(v, k=0):
    """A matrix of a diagonal, or the diagonal of a matrix."""
    x = asarray(v)
    return diagonals.diag(x, k=k) if x.shape.rank == 1 else diagonals.diag_part(x, k=k)


def diagflat(v, k=0):
    """A matrix of a diagonal."""
    return diag(ravel(v), k)


def diagonal(a, offset=0, axis1=0, axis2=1):
    """The diagonal along two axes, as the last dimension."""
    x = moveaxis(asarray(a), (axis1, axis2), (-2, -1))
    rows, columns = x.shape.as_list()[-2:]
    size = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    at = np.arange(size)
    flat = ops.reshape(x, [*x.shape.as_list()[:-2], rows * columns])
    return gather_(flat, (at + max(-offset, 0)) * columns + at + max(offset, 0), axis=-1)


def diag_indices(n, ndim=2):
    """The positions of a diagonal."""
    return (creation.range(0, n, 1, dtype=int64),) * ndim


def vander(x, N=None, increasing=False):
    """Powers of a vector as columns."""
    x = asarray(x)
    count = x.shape.as_list()[0] if N is None else N
    powers = np.arange(count) if increasing else np.arange(count)[::-1]
    return math.pow(ops.expand_dims(x, 1), asarray(powers.copy(), x.dtype))


def meshgrid(*xi, sparse=False, copy=True, indexing="xy"):
    """Coordinates of a grid."""
    if sparse:
        raise ValueError("Function `meshgrid` does not support returning sparse arrays yet.")
    return creation.meshgrid(*[asarray(x) for x in xi], indexing=indexing)


def ix_(*args):
    """Vectors shaped so that they span a grid."""
    n = len(args)
    return [ops.reshape(asarray(a), [-1 if j == i else 1 for j in range(n)]) for i, a in enumerate(args)]


# Shapes.


def shape(a):
    """The shape."""
    return asarray(a).shape


def ndim(a) -> int:
    """The number of dimensions."""
    return asarray(a).shape.rank


def size(x, axis=None):
    """The number of elements, of all dimensions or along one."""
    x = asarray(x)
    if x.shape.is_fully_defined():
        return np.int64(x.shape.num_elements() if axis is None else x.shape.as_list()[axis])
    sizes = ops.shape(x, int64)
    return reduce_prod(sizes) if axis is None else sizes[axis]


def reshape(a, newshape, order="C"):
    """The elements in another shape; one size may be -1."""
    x = asarray(a)
    dims = [newshape] if isinstance(newshape, (int, np.integer)) else newshape
    if order == "C":
        return ops.reshape(x, dims)
    if order != "F":
        raise ValueError(f"Unsupported order {order!r}: use 'C' or 'F'")
    return ops.transpose(ops.reshape(ops.transpose(x), list(dims)[::-1]))


def ravel(a):
    """One dimension."""
    return ops.reshape(asarray(a), [-1])


def flatten(a, order="C"):
    """One dimension."""
    return ravel(a) if order == "C" else ravel(ops.transpose(asarray(a)))


def transpose(a, axes=None):
    """The dimensions in another order: by default, reversed."""
    return ops.transpose(asarray(a), None if axes is None else list(axes))


def swapaxes(a, axis1, axis2):
    """Two dimensions exchanged."""
    x = asarray(a)
    order = list(range(x.shape.rank))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return ops.transpose(x, order)


def moveaxis(a, source, destination):
    """Dimensions moved to other places."""
    x = asarray(a)
    rank = x.shape.rank
    source, destination = (np.atleast_1d(np.asarray(v)) % rank for v in (source, destination))
    order = [i for i in range(rank) if i not in source]
    for to, from_ in sorted(zip(destination.tolist(), source.tolist(), strict=True)):
        order.insert(to, from_)
    return ops.transpose(x, order)


def expand_dims(a, axis):
    """A new dimension of size 1."""
    return ops.expand_dims(asarray(a), axis)


def squeeze(a, axis=None):
    """Without dimensions of size 1."""
    return ops.squeeze(asarray(a), axis)


def broadcast_to(array, shape):
    """The values repeated to a shape."""
    return ops.broadcast_to(asarray(array), _shape_of(shape))


def broadcast_arrays(*args, **kwargs):
    """All repeated to one shape."""
    xs = [asarray(a) for a in args]
    dims = np.broadcast_shapes(*(tuple(x.shape.as_list()) for x in xs))
    return [ops.broadcast_to(x, dims) for x in xs]


def atleast_1d(*arys):
    """With at least one dimension."""
    return _atleast(arys, lambda x: ops.reshape(x, [1]) if x.shape.rank == 0 else x)


def atleast_2d(*arys):
    """With at least two dimensions: the last ones."""
    return _atleast(
        arys, lambda x: ops.reshape(x, [1] * (2 - x.shape.rank) + x.shape.as_list()) if x.shape.rank < 2 else x
    )


def atleast_3d(*arys):
    """With at least three dimensions."""

    def one(x):
        dims = x.shape.as_list()
        wanted = {0: [1, 1, 1], 1: [1, *dims, 1], 2: [*dims, 1]}.get(len(dims), dims)
        return ops.reshape(x, wanted)

    return _atleast(arys, one)


def _atleast(values, function):
    made = [function(asarray(v)) for v in values]
    return made[0] if len(made) == 1 else made


# Joining and splitting.


def concatenate(arys, axis=0):
    """Joined along an axis."""
    parts = common(*arys) if not isinstance(arys, Tensor) else ops.unstack(arys)
    return ops.concat([ravel(x) for x in parts] if axis is None else parts, 0 if axis is None else axis)


def stack(arrays, axis=0):
    """Joined along a new dimension."""
    return asarray(arrays) if isinstance(arrays, Tensor) and not axis else ops.stack(common(*list(arrays)), axis)


def append(arr, values, axis=None):
    """Values at the end."""
    return concatenate([arr, values], axis)


def vstack(tup):
    """Joined along the first dimension, vectors as rows."""
    return concatenate([atleast_2d(x) for x in tup], 0)


def hstack(tup):
    """Joined along the second dimension; vectors along their only one."""
    parts = [atleast_1d(x) for x in tup]
    return concatenate(parts, 0 if parts[0].shape.rank == 1 else 1)


def dstack(tup):
    """Joined along the third dimension."""
    return concatenate([atleast_3d(x) for x in tup], 2)


def split(ary, indices_or_sections, axis=0):
    """Parts of one size, or those that begin at the indices."""
    x = asarray(ary)
    if isinstance(indices_or_sections, (int, np.integer)):
        return ops.split(x, int(indices_or_sections), axis)
    total = x.shape.as_list()[axis]
    edges = [0, *(min(int(i), total) for i in np.asarray(indices_or_sections)), total]
    return ops.split(x, [b - a for a, b in zip(edges[:-1], edges[1:], strict=True)], axis)


def vsplit(ary, indices_or_sections):
    """`split` along the first dimension."""
    return split(ary, indices_or_sections, 0)


def hsplit(ary, indices_or_sections):
    """`split` along the second dimension."""
    x = asarray(ary)
    return split(x, indices_or_sections, 0 if x.shape.rank == 1 else 1)


def dsplit(ary, indices_or_sections):
    """`split` along the third dimension."""
    return split(ary, indices_or_sections, 2)


# Moving and choosing.


def flip(m, axis=None):
    """Reversed along axes (None: all)."""
    x = asarray(m)
    axes = list(range(x.shape.rank)) if axis is None else np.atleast_1d(np.asarray(axis)).tolist()
    return ops.reverse(x, axes)


def flipud(m):
    """Reversed along the first dimension."""
    return flip(m, 0)


def fliplr(m):
    """Reversed along the second dimension."""
    return flip(m, 1)


def roll(a, shift, axis=None):
    """Moved along, what falls out comes in again."""
    x = asarray(a)
    if axis is not None:
        return ops.roll(x, shift, axis)
    return ops.reshape(ops.roll(ravel(x), shift, 0), x.shape)


def rot90(m, k=1, axes=(0, 1)):
    """A quarter turn, `k` times."""
    x, (first, second) = asarray(m), axes
    for _ in range(k % 4):
        x = swapaxes(flip(x, second), first, second)
    return x


def tile(a, reps):
    """The array again and again."""
    x = asarray(a)
    reps = np.atleast_1d(np.asarray(reps)).tolist()
    x = ops.reshape(x, [1] * (len(reps) - x.shape.rank) + x.shape.as_list())
    return ops.tile(x, [1] * (x.shape.rank - len(reps)) + reps)


def repeat(a, repeats, axis=None):
    """Each element again and again."""
    return ops.repeat(asarray(a), repeats, axis)


def pad(array, pad_width, mode="constant", constant_values=0):
    """More elements at the edges: "constant", "reflect" or "symmetric"."""
    if mode not in ("constant", "reflect", "symmetric"):
        raise ValueError(f"Unsupported padding mode: {mode}")
    x = asarray(array)
    widths = np.broadcast_to(np.asarray(pad_width), (x.shape.rank, 2)).tolist()
    return ops.pad(x, widths, mode.upper(), asarray(constant_values, x.dtype))


def take(a, indices, axis=None, out=None, mode="clip"):
    """Elements at positions along an axis (None: of all)."""
    x, at = asarray(a), asarray(indices)
    x, axis = (ravel(x), 0) if axis is None else (x, axis)
    count = p.cast(ops.shape(x)[axis], dtype=at.dtype)
    if mode == "wrap":
        at = math.floormod(at, count)
    elif mode == "clip":
        at = math.minimum(math.maximum(at, 0), count - 1)
    else:
        raise ValueError("Unsupported mode: " + str(mode))
    return gather_(x, at, axis=axis)


def take_along_axis(arr, indices, axis):
    """Elements at a position of each line along an axis."""
    x, at = asarray(arr), asarray(indices)
    if axis is None:
        return gather_(ravel(x), ravel(at))
    last = moveaxis(x, axis, -1), moveaxis(at, axis, -1)
    count = p.cast(ops.shape(x)[axis], dtype=at.dtype)
    places = where_(last[1] < 0, last[1] + count, last[1])
    return moveaxis(gather_(last[0], places, batch_dims=x.shape.rank - 1), -1, axis)


def compress(condition, a, axis=None):
    """The elements for which a condition holds."""
    x = asarray(a)
    x, axis = (ravel(x), 0) if axis is None else (x, axis)
    keep = asarray(condition, bool)
    x = x[(slice(None),) * (axis % x.shape.rank) + (slice(0, keep.shape.as_list()[0]),)]
    return boolean_mask(x, keep, axis=axis % x.shape.rank)


def where(condition, x=None, y=None):
    """`x` where the condition holds, `y` elsewhere; alone, the positions where it holds."""
    condition = asarray(condition, bool)
    if x is None and y is None:
        at = p.nonzero(condition)
        return [at[:, i] for i in range(condition.shape.rank)]
    if x is None or y is None:
        raise ValueError("Both x and y must be ndarrays, or both must be None.")
    return where_(condition, *common(x, y))


def select(condlist, choicelist, default=0):
    """The first choice whose condition holds."""
    if len(condlist) != len(choicelist):
        raise ValueError(f"condlist must have length equal to choicelist ({len(condlist)} vs {len(choicelist)})")
    *choices, made = common(*choicelist, default)
    for condition, choice in reversed(list(zip(condlist, choices, strict=True))):
        made = where_(asarray(condition, bool), choice, made)
    return made
