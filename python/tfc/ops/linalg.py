"""Linear algebra by composition: products, norms, diagonals, einsum in `ops.einsum`."""

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import TensorShape, as_dtype, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape, transpose
from tfc.ops.convert import convert_to_tensor, operand, operands, static_ints
from tfc.ops.math import ANALYTIC, FLOAT, NUMBER
from tfc.ops.reductions import reduce_max, reduce_min, reduce_sum
from tfc.ops.shapes import axes_of, axis_of, rank_of


def matmul(
    a,
    b,
    transpose_a=False,
    transpose_b=False,
    adjoint_a=False,
    adjoint_b=False,
    a_is_sparse=False,
    b_is_sparse=False,
    output_type=None,
    grad_a=False,
    grad_b=False,
    name=None,
) -> Tensor:
    """The matrix product `[..., n, k] @ [..., k, m]`; leading dimensions broadcast.

    `transpose_*` exchanges the last two dimensions of an operand first, `adjoint_*` conjugates it as well.
    Raises
    `InvalidArgumentError` if dtypes differ, a rank is below 2 or sizes do not match.
    """
    if transpose_a and adjoint_a:
        raise ValueError("Only one of `transpose_a` and `adjoint_a` can be True.")
    if transpose_b and adjoint_b:
        raise ValueError("Only one of `transpose_b` and `adjoint_b` can be True.")
    x, y = operands("MatMul", a, b, NUMBER)
    if output_type is not None and as_dtype(output_type) is not x.dtype:
        raise NotImplementedError("tf.matmul with another output_type is not supported: cast the result")
    for i, t in enumerate((x, y)):
        if t.shape_tuple is not None and len(t.shape_tuple) < 2:
            raise argument_error(None, "matmul", f"In[{i}] ndims must be >= 2: {len(t.shape_tuple)} [Op:MatMul]")
    if adjoint_a and x.dtype.is_complex:
        x = p.conj(x)
    if adjoint_b and y.dtype.is_complex:
        y = p.conj(y)
    return p.matmul(x, y, transpose_x=bool(transpose_a or adjoint_a), transpose_y=bool(transpose_b or adjoint_b))


def matvec(a, b, transpose_a=False, adjoint_a=False, a_is_sparse=False, b_is_sparse=False, name=None) -> Tensor:
    """The product of matrices `[..., n, k]` and vectors `[..., k]`."""
    x, y = operands("MatMul", a, b, NUMBER)
    n = rank_of(y, "matvec")
    out = matmul(x, p.expand_dims(y, axes=(n,)), transpose_a=transpose_a, adjoint_a=adjoint_a)
    return p.squeeze(out, axes=(len(out.shape_tuple) - 1,))


def matrix_transpose(a, name="matrix_transpose", conjugate=False) -> Tensor:
    """The last two dimensions exchanged."""
    a = convert_to_tensor(a)
    n = rank_of(a, "matrix_transpose")
    if n < 2:
        raise ValueError(f"Argument `a` should be a (batch) matrix with rank >= 2. Received `a` with shape {a.shape}")
    return transpose(a, (*range(n - 2), n - 1, n - 2), conjugate=conjugate)


def adjoint(matrix, name=None) -> Tensor:
    """The conjugate transpose of the last two dimensions."""
    return matrix_transpose(matrix, conjugate=True)


def tensordot(a, b, axes, name=None) -> Tensor:
    """Contraction over pairs of dimensions: `axes` is a number (last of `a`, first of `b`) or two lists."""
    x, y = operands("tensordot", a, b, NUMBER)
    n, m = rank_of(x, "tensordot"), rank_of(y, "tensordot")
    if isinstance(axes, int):
        if axes < 0:
            raise ValueError(f"`axes` must be at least 0. Received: {axes}.")
        left, right = list(range(n - axes, n)), list(range(axes))
    else:
        left, right = (static_ints(v) for v in axes)
        if len(left) != len(right):
            raise ValueError(f"Different number of contraction axes `a` and `b`, {len(left)} != {len(right)}.")
        left = [axis_of(i, n, "tensordot") for i in left]
        right = [axis_of(i, m, "tensordot") for i in right]
    keep_x = [i for i in range(n) if i not in left]
    keep_y = [i for i in range(m) if i not in right]
    if not left:
        wide = p.expand_dims(x, axes=tuple(range(n, n + m))) if m else x
        return p.mul(wide, y)
    x2 = _matrix(transpose(x, keep_x + left), len(keep_x))
    y2 = _matrix(transpose(y, right + keep_y), len(right))
    out = p.matmul(x2, y2, transpose_x=False, transpose_y=False)
    sizes = [x.shape_tuple[i] for i in keep_x] + [y.shape_tuple[i] for i in keep_y]
    if None not in sizes:
        return p.reshape(out, shape=tuple(sizes))
    picked = [
        p.gather(shape(t), p.constant(value=np.array(k, np.int64)), axis=0, batch_dims=0)
        for t, k in ((x, keep_x), (y, keep_y))
        if k
    ]
    return p.ensure_shape(reshape(out, concat(picked, 0)), shape=tuple(sizes))


def _matrix(x, split) -> Tensor:
    """The dimensions before and after `split` each as one."""
    dims = x.shape_tuple
    rows, columns = TensorShape(dims[:split]).num_elements(), TensorShape(dims[split:]).num_elements()
    if rows is None and columns is None:
        sizes = shape(x)
        head = p.slice_(sizes, starts=(0,), sizes=(split,), strides=(1,))
        rows = p.reduce_prod(head, axes=(0,), keepdims=True)
        return reshape(x, concat([rows, [-1]], 0))
    return p.reshape(x, shape=(rows, columns))


def norm(tensor, ord="euclidean", axis=None, keepdims=None, name=None) -> Tensor:
    """A vector norm (`ord` a number, inf or "euclidean") over `axis`, or "fro", 1, inf of matrices over two
    axes.
    """
    x = operand("norm", tensor, ANALYTIC)
    axes = axes_of(axis, rank_of(x, "norm"), "norm")
    keep = bool(keepdims)
    size = p.abs_(x)
    is_matrix = axis is not None and len(axes) == 2
    if ord in ("euclidean", "fro") or (ord == 2 and not is_matrix):
        return p.sqrt(reduce_sum(p.mul(size, size), axes, keep))
    if is_matrix and ord in (1, np.inf):
        first, second = static_ints(axis) if not isinstance(axis, int) else axes
        rows, columns = (axis_of(v, rank_of(x, "norm"), "norm") for v in (first, second))
        inner, outer = (rows, columns) if ord == 1 else (columns, rows)
        out = reduce_max(reduce_sum(size, inner, keepdims=True), outer, keepdims=True)
        return out if keep else p.squeeze(out, axes=axes)
    if is_matrix:
        raise NotImplementedError(f"tf.norm of matrices with ord {ord!r} is not supported: 'fro', 1 and inf are")
    if ord == np.inf:
        return reduce_max(size, axes, keep)
    if ord == -np.inf:
        return reduce_min(size, axes, keep)
    if ord == 1:
        return reduce_sum(size, axes, keep)
    if not isinstance(ord, (int, float)) or ord <= 0:
        raise ValueError(f"'ord' must be a supported vector norm, got {ord!r}")
    power = convert_to_tensor(ord, size.dtype)
    return p.pow_(reduce_sum(p.pow_(size, power), axes, keep), convert_to_tensor(1 / ord, size.dtype))


def normalize(tensor, ord="euclidean", axis=None, name=None):
    """(tensor / norm, norm), with the norm over `axis` of this order."""
    x = operand("normalize", tensor, ANALYTIC)
    size = norm(x, ord, axis, keepdims=True)
    return p.div(x, size if size.dtype is x.dtype else p.cast(size, dtype=x.dtype)), size


def l2_normalize(x, axis=None, epsilon=1e-12, name=None) -> Tensor:
    """x / sqrt(max(sum(x**2), epsilon)) over `axis`."""
    x = operand("l2_normalize", x, FLOAT)
    total = reduce_sum(p.mul(x, x), axis, keepdims=True)
    return p.mul(x, p.rsqrt(p.maximum(total, convert_to_tensor(epsilon, x.dtype))))


def _positions(x, op):
    """Row and column numbers of the last two dimensions, to broadcast against."""
    if rank_of(x, op) < 2:
        raise argument_error(None, op, f"{op}: input must be at least 2-dim, received shape: {list(x.shape_tuple)}")
    sizes = x.shape_tuple[-2:]
    if None in sizes:
        raise NotImplementedError(f"tf.linalg.{op} needs to know the sizes of the last two dimensions while tracing")
    return np.arange(sizes[0])[:, None], np.arange(sizes[1])[None, :]


def band_part(input, num_lower, num_upper, name=None) -> Tensor:
    """The matrix with everything outside a band set to zero; a negative number keeps the whole triangle."""
    x = convert_to_tensor(input)
    if rank_of(x, "band_part") < 2:
        raise argument_error(None, "band_part", f"input must be at least 2-dim, received shape: {x.shape}")
    low, high = (p.cast(convert_to_tensor(v), dtype=int64) for v in (num_lower, num_upper))
    sizes, zero, one = p.shape_of(x, dtype=int64), *(convert_to_tensor(v, int64) for v in (0, 1))
    rank = len(x.shape_tuple)
    rows, columns = (
        p.range_(zero, p.squeeze(p.slice_(sizes, starts=(i,), sizes=(1,), strides=(1,)), axes=(0,)), one)
        for i in (rank - 2, rank - 1)
    )
    below = p.sub(p.expand_dims(rows, axes=(1,)), p.expand_dims(columns, axes=(0,)))
    inside = p.logical_and(
        p.logical_or(p.less(low, zero), p.less_equal(below, low)),
        p.logical_or(p.less(high, zero), p.less_equal(p.neg(below), high)),
    )
    return p.select(inside, x, convert_to_tensor(False if x.dtype.is_bool else 0, x.dtype))


def diag(diagonal, name="diag", k=0, num_rows=-1, num_cols=-1, padding_value=0, align="RIGHT_LEFT") -> Tensor:
    """Square matrices with these vectors (the last dimension) on the main diagonal."""
    if k != 0 or num_rows != -1 or num_cols != -1:
        raise NotImplementedError("tf.linalg.diag supports the main diagonal of square matrices")
    d = convert_to_tensor(diagonal)
    n = d.shape_tuple[-1]
    if n is None:
        raise NotImplementedError("tf.linalg.diag needs to know the last dimension while tracing")
    on = p.constant(value=np.eye(n, dtype=bool))
    wide = p.expand_dims(d, axes=(len(d.shape_tuple),))
    return p.select(on, wide, convert_to_tensor(padding_value, d.dtype))


def diag_part(input, name="diag_part", k=0, padding_value=0, align="RIGHT_LEFT") -> Tensor:
    """The main diagonals of matrices (the last two dimensions)."""
    if k != 0:
        raise NotImplementedError("tf.linalg.diag_part supports the main diagonal")
    x = convert_to_tensor(input)
    rows, columns = _positions(x, "diag_part")
    n, m = rows.size, columns.size
    count = min(n, m)
    if x.shape_tuple[:-2].count(None) > 1:
        raise NotImplementedError("tf.linalg.diag_part with several unknown dimensions is not supported")
    flat = p.reshape(x, shape=(*x.shape_tuple[:-2], n * m))
    at = p.constant(value=np.arange(count) * (m + 1))
    return p.gather(flat, at, axis=len(flat.shape_tuple) - 1, batch_dims=0)


def set_diag(input, diagonal, name="set_diag", k=0, align="RIGHT_LEFT") -> Tensor:
    """The matrices with their main diagonals replaced."""
    if k != 0:
        raise NotImplementedError("tf.linalg.set_diag supports the main diagonal")
    x, d = operands("set_diag", input, diagonal)
    rows, columns = _positions(x, "set_diag")
    if columns.size != rows.size:
        raise NotImplementedError("tf.linalg.set_diag supports square matrices")
    wide = p.expand_dims(d, axes=(len(d.shape_tuple),))
    return p.select(p.constant(value=rows == columns), wide, x)


def trace(x, name=None) -> Tensor:
    """The sums of the main diagonals of matrices."""
    return reduce_sum(diag_part(x), -1)


def cross(a, b, name=None) -> Tensor:
    """The cross product of vectors of size 3 (the last dimension)."""
    x, y = operands("cross", a, b, "iuf")
    last = rank_of(x, "cross") - 1

    def turned(t, by):
        return p.gather(t, p.constant(value=np.roll(np.arange(3), -by)), axis=last, batch_dims=0)

    return p.sub(p.mul(turned(x, 1), turned(y, 2)), p.mul(turned(x, 2), turned(y, 1)))


def global_norm(t_list, name=None) -> Tensor:
    """The square root of the sum of squares of all tensors (None is skipped)."""
    sums = [reduce_sum(p.mul(t, t)) for t in map(convert_to_tensor, (t for t in t_list if t is not None))]
    if not sums:
        raise ValueError("tf.linalg.global_norm needs at least one tensor")
    total = sums[0]
    for s in sums[1:]:
        total = p.add(total, s)
    return p.sqrt(total)
