"""The row of the matrix product."""

import numpy as np

from tfc.errors import InvalidArgumentError
from tfc.ops import primitives as p
from tfc.ops.gradients import conj, unbroadcast
from tfc.ops.table import multilinear, row


def _matmul(x, y, transpose_x, transpose_y):
    if x.ndim < 2 or y.ndim < 2:
        raise InvalidArgumentError(f"In[{0 if x.ndim < 2 else 1}] ndims must be >= 2")
    a = x.swapaxes(-1, -2) if transpose_x else x
    b = y.swapaxes(-1, -2) if transpose_y else y
    if a.shape[-1] != b.shape[-2]:
        sizes = [",".join(map(str, v.shape)) for v in (x, y)]
        raise InvalidArgumentError(
            f"Matrix size-incompatible: In[0]: [{sizes[0]}], In[1]: [{sizes[1]}]"
            + (f" (transpose_a={transpose_x}, transpose_b={transpose_y})" if transpose_x or transpose_y else "")
        )
    if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
        return np.matmul(a.astype(np.float32), b.astype(np.float32)).astype(x.dtype)
    return np.matmul(a, b)


def _batch_to(g, x, y):
    """Sums a gradient over the leading dimensions that broadcasting stretched."""
    dims = x.shape_tuple
    if None not in (dims, y.shape_tuple, g.shape_tuple):
        same = len(dims) == len(g.shape_tuple) and dims[:-2] == y.shape_tuple[:-2]
        if same and None not in dims[:-2]:
            return g
    # The last two dimensions never stretch: they meet themselves.
    return unbroadcast(g, x, _Leading(y.shape_tuple))


class _Leading:
    """A shape whose last two dimensions are no reason to stretch."""

    def __init__(self, dims):
        self.shape_tuple = None if dims is None else (*dims[:-2], 1, 1)


def _x_vjp(g, out, x, y, transpose_x, transpose_y):
    y_ = conj(y)
    if transpose_x:
        gx = p.matmul(y_, g, transpose_x=transpose_y, transpose_y=True)
    else:
        gx = p.matmul(g, y_, transpose_x=False, transpose_y=not transpose_y)
    return _batch_to(gx, x, y)


def _y_vjp(g, out, x, y, transpose_x, transpose_y):
    x_ = conj(x)
    if transpose_y:
        gy = p.matmul(g, x_, transpose_x=True, transpose_y=transpose_x)
    else:
        gy = p.matmul(x_, g, transpose_x=not transpose_x, transpose_y=False)
    return _batch_to(gy, y, x)


row(p.matmul, _matmul, (_x_vjp, _y_vjp), kinds="iufc", jvp=multilinear(0, 1))
