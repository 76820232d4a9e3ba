"""The extension `linalg` of the array API standard."""

import collections

from tfc.array_api.dtypes import arrays, astype
from tfc.array_api.manipulation import moveaxis
from tfc.array_api.reductions import sum as sum_of
from tfc.core import Tensor
from tfc.ops import decompositions, diagonals, matrix_functions, triangles
from tfc.ops import linalg as ops
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import scalar
from tfc.ops.reductions import reduce_max, reduce_min, reduce_sum
from tfc.ops.shapes import axis_of

EigResult = collections.namedtuple("EigResult", ["eigenvalues", "eigenvectors"])
EighResult = collections.namedtuple("EighResult", ["eigenvalues", "eigenvectors"])
QRResult = collections.namedtuple("QRResult", ["Q", "R"])
SlogdetResult = collections.namedtuple("SlogdetResult", ["sign", "logabsdet"])
SVDResult = collections.namedtuple("SVDResult", ["U", "S", "Vh"])


def matmul(x1, x2, /) -> Tensor:
    """The matrix product; vectors are rows on the left and columns on the right."""
    x1, x2 = arrays(x1, x2)
    if 0 in (len(x1.shape_tuple), len(x2.shape_tuple)):
        raise ValueError("matmul is not defined for scalars")
    left, right = len(x1.shape_tuple) == 1, len(x2.shape_tuple) == 1
    a = p.expand_dims(x1, axes=(0,)) if left else x1
    b = p.expand_dims(x2, axes=(1,)) if right else x2
    out = p.matmul(a, b, transpose_x=False, transpose_y=False)
    rank = len(out.shape_tuple)
    dropped = ((rank - 2,) if left else ()) + ((rank - 1,) if right else ())
    return p.squeeze(out, axes=dropped) if dropped else out


def matrix_transpose(x, /) -> Tensor:
    """The last two dimensions exchanged."""
    x = convert_to_tensor(x)
    if len(x.shape_tuple) < 2:
        raise ValueError(f"matrix_transpose takes matrices, got shape {x.shape}")
    return triangles.transposed(x)


def tensordot(x1, x2, /, *, axes=2) -> Tensor:
    """Contraction over pairs of dimensions."""
    x1, x2 = arrays(x1, x2)
    return ops.tensordot(x1, x2, axes)


def vecdot(x1, x2, /, *, axis=-1) -> Tensor:
    """The sums of conj(x1) x2 along a dimension."""
    x1, x2 = arrays(x1, x2)
    if not -min(len(x1.shape_tuple), len(x2.shape_tuple)) <= axis < 0:
        raise ValueError(f"axis {axis} is out of range: it counts from the end")
    a, b = moveaxis(x1, axis, -1), moveaxis(x2, axis, -1)
    if None not in (a.shape_tuple[-1], b.shape_tuple[-1]) and a.shape_tuple[-1] != b.shape_tuple[-1]:
        raise ValueError(f"vecdot of dimensions {a.shape_tuple[-1]} and {b.shape_tuple[-1]}")
    a = p.conj(a) if a.dtype.is_complex else a
    product = p.mul(a, b)
    return p.reduce_sum(product, axes=(len(product.shape_tuple) - 1,), keepdims=False)


def outer(x1, x2, /) -> Tensor:
    """All products of the elements of two vectors."""
    x1, x2 = arrays(x1, x2)
    if (len(x1.shape_tuple), len(x2.shape_tuple)) != (1, 1):
        raise ValueError("outer takes vectors")
    return p.mul(p.expand_dims(x1, axes=(1,)), p.expand_dims(x2, axes=(0,)))


def cross(x1, x2, /, *, axis=-1) -> Tensor:
    """The cross product of vectors of size 3."""
    x1, x2 = arrays(x1, x2)
    a, b = moveaxis(x1, axis, -1), moveaxis(x2, axis, -1)
    for x in (a, b):
        if x.shape_tuple[-1] != 3:
            raise ValueError(f"cross takes vectors of size 3, got shape {x.shape}")
    parts = [[p.squeeze(_part(v, i), axes=(len(v.shape_tuple) - 1,)) for i in range(3)] for v in (a, b)]
    (a0, a1, a2), (b0, b1, b2) = parts
    rows = [
        p.sub(p.mul(a1, b2), p.mul(a2, b1)),
        p.sub(p.mul(a2, b0), p.mul(a0, b2)),
        p.sub(p.mul(a0, b1), p.mul(a1, b0)),
    ]
    rank = len(rows[0].shape_tuple)
    out = p.concat(*(p.expand_dims(r, axes=(rank,)) for r in rows), axis=rank)
    return moveaxis(out, -1, axis)


def _part(x, i):
    rank = len(x.shape_tuple)
    sizes = (*x.shape_tuple[:-1], 1)
    return p.slice_(x, starts=(0,) * (rank - 1) + (i,), sizes=sizes, strides=(1,) * rank)


def cholesky(x, /, *, upper=False) -> Tensor:
    """The Cholesky factor, lower or upper triangular."""
    x = convert_to_tensor(x)
    out = decompositions.cholesky(x)
    return triangles.adjoint(out) if upper else out


def det(x, /) -> Tensor:
    """Determinants."""
    return matrix_functions.det(x)


def diagonal(x, /, *, offset=0) -> Tensor:
    """The diagonals number `offset` of matrices."""
    x = convert_to_tensor(x)
    rows, columns = x.shape_tuple[-2:]
    if None not in (rows, columns) and not -rows < offset < columns:
        return _no_diagonal(x)
    return diagonals.diag_part(x, k=offset)


def _no_diagonal(x):
    return p.reshape(reduce_sum(x[..., :0, :0], -1), shape=(*x.shape_tuple[:-2], 0))


def eig(x, /) -> EigResult:
    """Complex eigenvalues and eigenvectors of square matrices."""
    return EigResult(*decompositions.eig(x))


def eigvals(x, /) -> Tensor:
    """The complex eigenvalues of square matrices."""
    return decompositions.eigvals(x)


def eigh(x, /) -> EighResult:
    """Eigenvalues and eigenvectors of Hermitian matrices."""
    return EighResult(*decompositions.eigh(x))


def eigvalsh(x, /) -> Tensor:
    """Eigenvalues of Hermitian matrices."""
    return decompositions.eigvalsh(x)


def inv(x, /) -> Tensor:
    """Inverses."""
    return decompositions.inv(x)


def matrix_norm(x, /, *, keepdims=False, ord="fro") -> Tensor:
    """Norms of matrices: "fro", "nuc", 1, 2, inf and their negatives."""
    x = convert_to_tensor(x)
    x = x if x.dtype.kind in "fc" else astype(x, "float32")
    rank = len(x.shape_tuple)
    if ord in ("nuc", 2, -2):
        s = decompositions.svd(x, compute_uv=False)
        out = {"nuc": reduce_sum, 2: reduce_max, -2: reduce_min}[ord](s, -1)
        return p.expand_dims(out, axes=(rank - 2, rank - 1)) if keepdims else out
    if ord == "fro":
        return ops.norm(x, "fro", axis=[rank - 2, rank - 1], keepdims=keepdims)
    if ord not in (1, -1, float("inf"), -float("inf")):
        raise ValueError(f"matrix_norm does not know the order {ord!r}")
    inner, outer_ = (rank - 2, rank - 1) if ord in (1, -1) else (rank - 1, rank - 2)
    sums = reduce_sum(p.abs_(x), inner, keepdims=True)
    out = (reduce_max if ord > 0 else reduce_min)(sums, outer_, keepdims=True)
    return out if keepdims else p.squeeze(out, axes=(rank - 2, rank - 1))


def matrix_power(x, n, /) -> Tensor:
    """Powers of matrices."""
    return matrix_functions.matrix_power(x, n)


def _as_sizes(rtol, x) -> Tensor:
    """In the type of singular values of `x`."""
    return p.cast(rtol, dtype=x.dtype.real_dtype)


def matrix_rank(x, /, *, rtol=None) -> Tensor:
    """The number of singular values above `rtol` times the largest one."""
    x = convert_to_tensor(x)
    if rtol is None:
        return matrix_functions.matrix_rank(x)
    s = decompositions.svd(x, compute_uv=False)
    rtol = _as_sizes(rtol, x) if isinstance(rtol, Tensor) else convert_to_tensor(rtol, s.dtype)
    limit = p.mul(reduce_max(s, -1, keepdims=True), p.expand_dims(rtol, axes=(len(rtol.shape_tuple),)))
    return sum_of(p.greater(s, limit), axis=-1)


def pinv(x, /, *, rtol=None) -> Tensor:
    """The Moore-Penrose inverses; singular values below `rtol` times the largest one count as zero."""
    if isinstance(rtol, Tensor):
        rtol = _as_sizes(rtol, x)
    return matrix_functions.pinv(x, rcond=rtol)


def qr(x, /, *, mode="reduced") -> QRResult:
    """Q with orthonormal columns and an upper triangular R."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f'mode must be "reduced" or "complete", got {mode!r}')
    return QRResult(*decompositions.qr(x, full_matrices=mode == "complete"))


def slogdet(x, /) -> SlogdetResult:
    """The sign of the determinant and the logarithm of its size."""
    sign, size = matrix_functions.slogdet(x)
    return SlogdetResult(sign, p.real(size) if size.dtype.is_complex else size)


def solve(x1, x2, /) -> Tensor:
    """X with x1 X = x2, where x2 is a vector or a stack of matrices."""
    x1, x2 = arrays(x1, x2)
    if len(x2.shape_tuple) == 1:
        out = decompositions.solve(x1, p.expand_dims(x2, axes=(1,)))
        return p.squeeze(out, axes=(len(out.shape_tuple) - 1,))
    return decompositions.solve(x1, x2)


def svd(x, /, *, full_matrices=True) -> SVDResult:
    """U, S and Vh with x = U diag(S) Vh."""
    s, u, v = decompositions.svd(x, full_matrices=full_matrices)
    return SVDResult(u, s, triangles.adjoint(v))


def svdvals(x, /) -> Tensor:
    """Singular values, the largest first."""
    return decompositions.svd(x, compute_uv=False)


def trace(x, /, *, offset=0, dtype=None) -> Tensor:
    """The sums of diagonals."""
    return sum_of(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def vector_norm(x, /, *, axis=None, keepdims=False, ord=2) -> Tensor:
    """Norms of vectors along dimensions (None: of all elements)."""
    x = convert_to_tensor(x)
    x = x if x.dtype.kind in "fc" else astype(x, "float32")
    rank = len(x.shape_tuple)
    axes = tuple(range(rank)) if axis is None else (axis if isinstance(axis, tuple) else (axis,))
    axes = tuple(sorted(axis_of(a, rank, "vector_norm") for a in axes))
    if ord == 2:
        return ops.root_of_squares(p.abs_(x), axes, keepdims)
    size = p.abs_(x)
    if ord == float("inf"):
        return p.reduce_max(size, axes=axes, keepdims=keepdims)
    if ord == -float("inf"):
        return p.reduce_min(size, axes=axes, keepdims=keepdims)
    if ord == 0:
        hits = p.cast(p.not_equal(size, scalar(0, size)), dtype=size.dtype)
        return p.reduce_sum(hits, axes=axes, keepdims=keepdims)
    powers = p.reduce_sum(p.pow_(size, scalar(ord, size)), axes=axes, keepdims=keepdims)
    return p.pow_(powers, scalar(1 / ord, size))
