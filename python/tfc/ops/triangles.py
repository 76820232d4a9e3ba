"""Parts of matrices: bands, triangles and diagonals, also of sizes that are not known while tracing."""

import numpy as np

from tfc.dtypes import int64
from tfc.ops import primitives as p
from tfc.ops.gradients import conj, scalar


def _count(x, axis):
    """0, 1, ... along an axis of `x`, as an int64 vector."""
    n = x.shape_tuple[axis]
    if n is not None:
        return p.constant(value=np.arange(n))
    rank = len(x.shape_tuple)
    at = axis % rank
    size = p.squeeze(p.slice_(p.shape_of(x, dtype=int64), starts=(at,), sizes=(1,), strides=(1,)), axes=(0,))
    zero, one = (p.constant(value=np.array(v, np.int64)) for v in (0, 1))
    return p.range_(zero, size, one)


def offsets(x):
    """Column minus row of each place of the last two dimensions."""
    rows, columns = _count(x, -2), _count(x, -1)
    return p.sub(p.expand_dims(columns, axes=(0,)), p.expand_dims(rows, axes=(1,)))


def _kept(x, inside):
    return p.select(inside, x, scalar(0, x))


def lower(x, k=0):
    """`x` on and below the diagonal number `k`, zero above."""
    place = offsets(x)
    return _kept(x, p.less_equal(place, scalar(k, place)))


def upper(x, k=0):
    """`x` on and above the diagonal number `k`, zero below."""
    place = offsets(x)
    return _kept(x, p.greater_equal(place, scalar(k, place)))


def diagonal_only(x):
    """`x` on the diagonal, zero elsewhere."""
    place = offsets(x)
    return _kept(x, p.equal(place, scalar(0, place)))


def diagonal_matrix(d):
    """Square matrices with the vectors `d` on the diagonal."""
    wide = p.expand_dims(d, axes=(len(d.shape_tuple),))
    n = len(d.shape_tuple) + 1
    square = p.add(wide, p.transpose(wide, perm=(*range(n - 2), n - 1, n - 2)))
    place = offsets(square)
    return p.select(p.equal(place, scalar(0, place)), wide, scalar(0, d))


def diagonal_of(x):
    """The main diagonals of square matrices."""
    return p.reduce_sum(diagonal_only(x), axes=(len(x.shape_tuple) - 1,), keepdims=False)


def transposed(x):
    """The last two dimensions exchanged."""
    n = len(x.shape_tuple)
    return p.transpose(x, perm=(*range(n - 2), n - 1, n - 2))


def adjoint(x):
    """The conjugate transpose."""
    return conj(transposed(x))


def product(x, y):
    """The matrix product."""
    return p.matmul(x, y, transpose_x=False, transpose_y=False)
