"""Linear algebra by composition: products, norms, diagonals, einsum in `ops.einsum`."""

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import TensorShape, as_dtype
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape, transpose
from tfc.ops.convert import convert_to_tensor, flag, operand, operands, sequence, static_ints
from tfc.ops.indexed_slices import IndexedSlices
from tfc.ops.math import ANALYTIC, NUMBER
from tfc.ops.reductions import reduce_max, reduce_min, reduce_sum, root_of_squares
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
    `output_type` is a wider type of the same kind that elements are multiplied and summed up in: int8 and uint8 (of
    which one may be the other operand's) give int32, bfloat16 and float16 float32 that is not rounded.
    Raises
    `InvalidArgumentError` if dtypes differ, `output_type` is none that holds both, a rank is below 2 or sizes do not
    match.
    """
    transpose_a, transpose_b = flag(transpose_a, "transpose_a"), flag(transpose_b, "transpose_b")
    adjoint_a, adjoint_b = flag(adjoint_a, "adjoint_a"), flag(adjoint_b, "adjoint_b")
    if transpose_a and adjoint_a:
        raise ValueError("Only one of `transpose_a` and `adjoint_a` can be True.")
    if transpose_b and adjoint_b:
        raise ValueError("Only one of `transpose_b` and `adjoint_b` can be True.")
    x, y = operands("MatMul", a, b, NUMBER) if output_type is None else _widened(a, b, as_dtype(output_type))
    for i, t in enumerate((x, y)):
        if t.shape_tuple is not None and len(t.shape_tuple) < 2:
            raise argument_error(None, "matmul", f"In[{i}] ndims must be >= 2: {len(t.shape_tuple)} [Op:MatMul]")
    if adjoint_a and x.dtype.is_complex:
        x = p.conj(x)
    if adjoint_b and y.dtype.is_complex:
        y = p.conj(y)
    return p.matmul(x, y, transpose_x=bool(transpose_a or adjoint_a), transpose_y=bool(transpose_b or adjoint_b))


def _widened(a, b, output_type) -> tuple:
    """Both operands in a type that holds their elements."""
    x, y = operand("MatMul", a, NUMBER), operand("MatMul", b, NUMBER)
    if not all(_holds(output_type, t.dtype) for t in (x, y)):
        raise argument_error(
            None,
            "matmul",
            f"expected an output_type that holds {x.dtype.name} and {y.dtype.name}, got {output_type.name}"
            " [Op:MatMul]\n  try:  a wider type of the same kind, or tf.cast of the result",
        )
    x, y = (t if t.dtype is output_type else p.cast(t, dtype=output_type) for t in (x, y))
    return operands("MatMul", x, y, NUMBER)


def _holds(wide, narrow) -> bool:
    if wide is narrow:
        return True
    kinds = (wide.is_integer and narrow.is_integer and (narrow.is_unsigned or not wide.is_unsigned)) or (
        (wide.is_floating and narrow.is_floating) or (wide.is_complex and narrow.is_complex)
    )
    return kinds and narrow.size < wide.size


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
        if axes > min(n, m):
            raise ValueError(
                f"`axes` must not be larger than the number of dimensions of both tensors. Received: {axes}, "
                f"for tensors of {n} and {m} dimensions."
            )
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
    if None in (rows, columns) and (rows == columns or 0 in (rows, columns)):  # the other one does not tell
        sizes = shape(x)
        parts = [
            p.reduce_prod(p.slice_(sizes, starts=(i,), sizes=(k,), strides=(1,)), axes=(0,), keepdims=True)
            for i, k in ((0, split), (split, len(dims) - split))
        ]
        return p.ensure_shape(reshape(x, concat(parts, 0)), shape=(rows, columns))
    return p.reshape(x, shape=(rows, columns))


def norm(tensor, ord="euclidean", axis=None, keepdims=None, name=None) -> Tensor:
    """A vector norm (`ord` a number, inf or "euclidean") over `axis`, or "fro", 1, 2, inf of matrices over two
    axes.
    """
    # Sums and maxima need no division and no root.
    x = operand("norm", tensor, ANALYTIC + "i" if ord in (1, np.inf, -np.inf) else ANALYTIC)
    axes = axes_of(axis, rank_of(x, "norm"), "norm")
    keep = bool(keepdims)
    size = p.abs_(x)
    is_matrix = axis is not None and len(axes) == 2
    if ord in ("euclidean", "fro") or (ord == 2 and not is_matrix):
        # As in TensorFlow, this norm alone has the dtype of the operand.
        root = root_of_squares(size, axes, keep)
        return p.cast(root, dtype=x.dtype) if x.dtype.is_complex else root
    if is_matrix and ord in (1, np.inf):
        first, second = static_ints(axis) if not isinstance(axis, int) else axes
        rows, columns = (axis_of(v, rank_of(x, "norm"), "norm") for v in (first, second))
        inner, outer = (rows, columns) if ord == 1 else (columns, rows)
        out = reduce_max(reduce_sum(size, inner, keepdims=True), outer, keepdims=True)
        return out if keep else p.squeeze(out, axes=axes)
    if is_matrix and ord == 2:
        return _largest_singular_value(x, axes, keep)
    if is_matrix:
        raise ValueError(f"'ord' must be a supported matrix norm, 'euclidean', 'fro', 1, 2 or inf, got {ord!r}")
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


def _largest_singular_value(x, axes, keep):
    rank = len(x.shape_tuple)
    moved = transpose(x, [i for i in range(rank) if i not in axes] + list(axes)) if axes != (rank - 2, rank - 1) else x
    top = reduce_max(p.svd(moved, full=False)[0], -1)
    return p.expand_dims(top, axes=axes) if keep else top


def normalize(tensor, ord="euclidean", axis=None, name=None):
    """(tensor / norm, norm), with the norm over `axis` of this order."""
    x = operand("normalize", tensor, ANALYTIC)
    size = norm(x, ord, axis, keepdims=True)
    return p.div(x, size if size.dtype is x.dtype else p.cast(size, dtype=x.dtype)), size


def l2_normalize(x, axis=None, epsilon=1e-12, name=None, dim=None) -> Tensor:
    """x / sqrt(max(sum(|x|**2), epsilon)) over `axis` (`dim` is its old name)."""
    if dim is not None:
        if axis is not None:
            raise ValueError("Cannot specify both 'axis' and 'dim'.")
        axis = dim
    x = operand("l2_normalize", x, ANALYTIC)
    squares = p.real(p.mul(x, p.conj(x))) if x.dtype.is_complex else p.mul(x, x)
    total = reduce_sum(squares, axis, keepdims=True)
    scale = p.rsqrt(p.maximum(total, convert_to_tensor(epsilon, total.dtype)))
    return p.mul(x, p.cast(scale, dtype=x.dtype) if x.dtype.is_complex else scale)


def cross(a, b, name=None) -> Tensor:
    """The cross product of vectors of size 3 (the last dimension)."""
    x, y = operands("cross", a, b, "iuf")
    last = rank_of(x, "cross") - 1

    # Columns of numbers that are three apart are read in vectors.
    def parts(t):
        return [p.gather(t, p.constant(value=np.int64(i)), axis=last, batch_dims=0) for i in range(3)]

    (a0, a1, a2), (b0, b1, b2) = parts(x), parts(y)
    turned = (a1, b2, a2, b1), (a2, b0, a0, b2), (a0, b1, a1, b0)
    columns = [p.sub(p.mul(s, t), p.mul(u, v)) for s, t, u, v in turned]
    return p.concat(*(p.expand_dims(column, axes=(last,)) for column in columns), axis=last)


def global_norm(t_list, name=None) -> Tensor:
    """The square root of the sum of squares of all tensors (None is skipped)."""
    # Of slices the norm is that of their values, as in TensorFlow: repeated ones are not added first.
    given = (t.values if isinstance(t, IndexedSlices) else t for t in sequence(t_list, "t_list") if t is not None)
    sums = [reduce_sum(p.mul(t, t)) for t in map(convert_to_tensor, given)]
    if not sums:
        raise ValueError("tf.linalg.global_norm needs at least one tensor")
    total = sums[0]
    for s in sums[1:]:
        total = p.add(total, s)
    return p.sqrt(total)
