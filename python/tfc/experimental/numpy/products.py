"""numpy's products of arrays."""

from tfc.experimental.numpy.manipulation import diagonal, moveaxis
from tfc.experimental.numpy.promotion import asarray, common
from tfc.ops import array as ops
from tfc.ops import linalg, math
from tfc.ops import primitives as p
from tfc.ops.einsum import einsum as einsum_
from tfc.ops.reductions import reduce_sum


def matmul(x1, x2):
    """The product of matrices; vectors are rows or columns."""
    x, y = common(x1, x2)
    if x.shape.rank == 0 or y.shape.rank == 0:
        raise ValueError("matmul: Input operand does not have enough dimensions")
    if x.shape.rank == 1 and y.shape.rank == 1:
        return reduce_sum(x * y)
    if x.shape.rank == 1:
        return ops.squeeze(linalg.matmul(ops.expand_dims(x, 0), y), [-2])
    if y.shape.rank == 1:
        return linalg.matvec(x, y)
    return linalg.matmul(x, y)


def dot(a, b):
    """The sum over the last dimension of `a` and the last but one of `b`."""
    x, y = common(a, b)
    if x.shape.rank == 0 or y.shape.rank == 0:
        return x * y
    return linalg.tensordot(x, y, [[-1], [-1 if y.shape.rank == 1 else -2]])


def inner(a, b):
    """The sum over the last dimensions."""
    x, y = common(a, b)
    return x * y if x.shape.rank == 0 or y.shape.rank == 0 else linalg.tensordot(x, y, [[-1], [-1]])


def outer(a, b):
    """The products of all pairs."""
    x, y = (ops.reshape(v, [-1]) for v in common(a, b))
    return ops.expand_dims(x, 1) * ops.expand_dims(y, 0)


def vdot(a, b):
    """The sum of products, the first one conjugated."""
    x, y = (ops.reshape(v, [-1]) for v in common(a, b))
    return reduce_sum((math.conj(x) if x.dtype.is_complex else x) * y)


def tensordot(a, b, axes=2):
    """The sum over several dimensions."""
    return linalg.tensordot(*common(a, b), axes)


def einsum(subscripts, *operands, casting="safe", optimize=None):
    """Einstein's sum."""
    return einsum_(subscripts, *common(*operands))


def kron(a, b):
    """Each element of `a` times all of `b`."""
    x, y = common(a, b)
    rank = max(x.shape.rank, y.shape.rank)
    first, second = ([1] * (rank - v.shape.rank) + v.shape.as_list() for v in (x, y))
    wide = [n for size in first for n in (size, 1)], [n for size in second for n in (1, size)]
    made = ops.reshape(x, wide[0]) * ops.reshape(y, wide[1])
    return ops.reshape(made, [m * n for m, n in zip(first, second, strict=True)])


def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The cross product of vectors of three elements."""
    axisa, axisb, axisc = (axis,) * 3 if axis is not None else (axisa, axisb, axisc)
    x, y = common(a, b)
    x, y = moveaxis(x, axisa, -1), moveaxis(y, axisb, -1)
    sizes = x.shape.as_list()[-1], y.shape.as_list()[-1]
    if not set(sizes) <= {2, 3}:
        raise ValueError(f"incompatible dimensions for cross product (dimension must be 2 or 3), got {sizes}")
    if sizes == (2, 2):
        return x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]
    x, y = (ops.pad(v, [[0, 0]] * (v.shape.rank - 1) + [[0, 3 - n]]) for v, n in zip((x, y), sizes, strict=True))
    parts = [x[..., i] * y[..., j] - x[..., j] * y[..., i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return moveaxis(ops.stack(parts, -1), -1, axisc)


def trace(a, offset=0, axis1=0, axis2=1, dtype=None):
    """The sum of a diagonal."""
    made = reduce_sum(diagonal(a, offset, axis1, axis2), -1)
    return made if dtype is None else asarray(made, dtype)


def polyval(p_, x):
    """The polynomial of coefficients, the highest first."""
    coefficients, x = common(p_, x)
    made = p.cast(x, dtype=x.dtype) * 0
    for c in ops.unstack(coefficients):
        made = made * x + c
    return made
