"""What gradients of rows are made of: constants like a tensor, and broadcasting turned around.

All of it works while tracing, with unknown dimensions; sizes at run time are used only where they are not
known before.
"""

import numpy as np

from tfc.dtypes import int64
from tfc.ops import primitives as p


class Part:
    """A gradient of which most is zero: it is added to what there is already instead of being built."""

    __slots__ = ()

    def added_to(self, total):
        """The sum with a gradient so far, which may be None."""
        raise NotImplementedError


def scalar(value, like):
    """A constant scalar of the dtype of `like`."""
    return p.constant(value=np.asarray(value, like.dtype.np_dtype))


def known(dims) -> bool:
    """Whether a shape is fully known."""
    return dims is not None and None not in dims


def dynamic_shape(x):
    """The sizes of `x` as an int64 vector."""
    return p.shape_of(x, dtype=int64)


def full_like(x, value):
    """A tensor of the shape and dtype of `x`, of one value."""
    return broadcast_like(scalar(value, x), x)


def zeros_like(x):
    return full_like(x, 0)


def broadcast_like(g, x):
    """`g` stretched to the shape of `x`."""
    dims = x.shape_tuple
    if known(dims):
        return g if g.shape_tuple == dims else p.broadcast_to(g, shape=tuple(dims))
    return p.dynamic_broadcast_to(g, dynamic_shape(x))


def reshape_like(g, x):
    """The elements of `g` in the shape of `x`."""
    dims = x.shape_tuple
    # Beside a size of 0 an unknown one does not follow from the number of elements.
    if dims is not None and (None not in dims or dims.count(None) == 1 and 0 not in dims):
        return g if g.shape_tuple == dims and known(dims) else p.reshape(g, shape=tuple(dims))
    return p.dynamic_reshape(g, dynamic_shape(x))


def unbroadcast(g, x, *others):
    """`g`, which has the shape that `x` and `others` broadcast to, summed to the shape of `x`."""
    dims = x.shape_tuple
    if dims == g.shape_tuple and known(dims):
        return g
    shapes = [o.shape_tuple for o in others]
    if dims is None or g.shape_tuple is None or None in shapes:
        return p.sum_to(g, dynamic_shape(x))
    rank = len(g.shape_tuple)
    extra = rank - len(dims)
    axes = list(range(extra))
    for i, size in enumerate(dims):
        across = [s[i - len(dims)] for s in shapes if len(s) >= len(dims) - i]
        if size == 1:
            if g.shape_tuple[extra + i] != 1:
                axes.append(extra + i)
        # An unknown size stretches unless nothing that meets it is larger than 1.
        elif size is None and any(a != 1 for a in across or ([None] if not others else [])):
            return p.sum_to(g, dynamic_shape(x))
    if not axes:
        return g
    kept = p.reduce_sum(g, axes=tuple(axes), keepdims=True)
    return p.squeeze(kept, axes=tuple(range(extra))) if extra else kept


def conj(x):
    """The complex conjugate; a real tensor itself."""
    return p.conj(x) if x.dtype.is_complex else x
