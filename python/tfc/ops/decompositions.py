"""Factorizations of matrices and linear systems, over the last two dimensions, batched over the others."""

import collections

import numpy as np

from tfc.core import Tensor, argument_error, dtype_error, executing_eagerly
from tfc.dtypes import as_dtype, float32, int32
from tfc.ops import primitives as p
from tfc.ops import triangles
from tfc.ops.array import broadcast_dynamic_shape, concat
from tfc.ops.convert import convert_to_tensor, operand, operands
from tfc.ops.gradients import dynamic_shape, known, scalar
from tfc.ops.math import ANALYTIC
from tfc.ops.rows.matrix import diagonal_lu, inverse
from tfc.ops.shapes import rank_of

LU = collections.namedtuple("Lu", ["lu", "p"])
QR = collections.namedtuple("Qr", ["q", "r"])
Eigh = collections.namedtuple("SelfAdjointEig", ["e", "v"])


def _in_float32(function):
    """Halves are worked on as float32, and results rounded to them."""

    def wrapper(dtype, *tensors):
        if dtype.size != 2:
            return function(*tensors)
        made = function(*(p.cast(t, dtype=float32) for t in tensors))
        narrow = lambda t: p.cast(t, dtype=dtype) if t.dtype is float32 else t
        return tuple(map(narrow, made)) if isinstance(made, tuple) else narrow(made)

    return wrapper


def _matrix(x, op) -> Tensor:
    x = operand(op, x, ANALYTIC)
    if rank_of(x, op) < 2:
        text = f"Input matrix must have rank at least 2, got shape {x.shape} [Op:{op}]"
        fix = "x[:, tf.newaxis] makes a column of a vector, tf.linalg.diag(x) a square matrix"
        raise argument_error(None, op, f"{text}; {fix}")
    return x


def square_matrix(x, op) -> Tensor:
    """Checked matrices with as many rows as columns."""
    x = _matrix(x, op)
    rows, columns = x.shape_tuple[-2:]
    if rows is not None and columns is not None and rows != columns:
        raise argument_error(None, op, f"Input matrix must be square, got shape {x.shape} [Op:{op}]")
    return x


def one_batch(x, y):
    """Both with the leading dimensions that theirs broadcast to."""
    a, b = x.shape_tuple[:-2], y.shape_tuple[:-2]
    if a == b and known(a):
        return x, y
    if known(a) and known(b):
        batch = np.broadcast_shapes(a, b)
        made = []
        for t, own in ((x, a), (y, b)):
            made.append(t if own == batch else _stretched(t, batch))
        return tuple(made)
    heads = [p.slice_(dynamic_shape(t), starts=(0,), sizes=(len(t.shape_tuple) - 2,), strides=(1,)) for t in (x, y)]
    batch = broadcast_dynamic_shape(*heads)
    made = []
    for t in (x, y):
        tail = p.slice_(dynamic_shape(t), starts=(len(t.shape_tuple) - 2,), sizes=(2,), strides=(1,))
        rank = max(len(a), len(b))
        wide = p.dynamic_broadcast_to(t, concat([batch, tail], 0))
        made.append(p.ensure_shape(wide, shape=(*(None,) * rank, *t.shape_tuple[-2:])))
    return tuple(made)


def _stretched(t, batch):
    if None not in t.shape_tuple:
        return p.broadcast_to(t, shape=(*batch, *t.shape_tuple[-2:]))
    tail = p.slice_(dynamic_shape(t), starts=(len(t.shape_tuple) - 2,), sizes=(2,), strides=(1,))
    wide = p.dynamic_broadcast_to(t, p.concat(p.constant(value=np.array(batch, np.int64)), tail, axis=0))
    return p.ensure_shape(wide, shape=(*batch, *t.shape_tuple[-2:]))


def _system(op, matrix, rhs):
    a, b = operands(op, matrix, rhs, ANALYTIC)
    a, b = square_matrix(a, op), _matrix(b, op)
    rows = [a.shape_tuple[-1], b.shape_tuple[-2]]
    if None not in rows and rows[0] != rows[1]:
        raise argument_error(
            None, op, f"Input matrix and rhs are incompatible: shapes {a.shape} and {b.shape} [Op:{op}]"
        )
    return one_batch(a, b)


def all_true(condition) -> Tensor:
    return p.reduce_all(condition, axes=tuple(range(len(condition.shape_tuple))), keepdims=False)


def _finite(x):
    parts = (p.real(x), p.imag(x)) if x.dtype.is_complex else (x,)
    checks = [p.is_finite(part) for part in parts]
    return all_true(checks[0] if len(checks) == 1 else p.logical_and(*checks))


def _require_finite(result, message, *inputs):
    """`result` is finite, unless the inputs are not: then it is as undefined as they are."""
    if executing_eagerly() and np.isfinite(result.numpy()).all():
        return
    fine = _finite(result)
    for x in inputs:
        fine = p.logical_or(fine, p.logical_not(_finite(x)))
    p.assert_(fine, message=message, summarize=3)


_cholesky = _in_float32(p.cholesky)


def cholesky(input, name=None) -> Tensor:
    """The lower triangular L with `L @ adjoint(L) == input`, of positive definite matrices (of which the lower
    triangle is read). Of another matrix it is NaN, without an error, as in TensorFlow.
    """
    x = square_matrix(input, "cholesky")
    return _cholesky(x.dtype, x)


def triangular_solve(matrix, rhs, lower=True, adjoint=False, name=None) -> Tensor:
    """X with `matrix @ X == rhs`, of which one triangle counts; with its conjugate transpose if `adjoint`."""
    a, b = _system("triangular_solve", matrix, rhs)
    if adjoint:
        a, lower = triangles.adjoint(a), not lower
    return _in_float32(lambda a, b: p.triangular_solve(a, b, lower=bool(lower), unit=False))(a.dtype, a, b)


def cholesky_solve(chol, rhs, name=None) -> Tensor:
    """X with `A @ X == rhs`, from `chol`, the Cholesky factor of A."""
    half = triangular_solve(chol, rhs, lower=True)
    return triangular_solve(chol, half, lower=True, adjoint=True)


def solve(matrix, rhs, adjoint=False, name=None) -> Tensor:
    """X with `matrix @ X == rhs`. Raises `InvalidArgumentError` for a singular matrix."""
    return _solution(p.solve, matrix, rhs, adjoint)


def _solution(prim, matrix, rhs, adjoint):
    a, b = _system("solve", matrix, rhs)
    if adjoint:
        a = triangles.adjoint(a)
    out = _in_float32(prim)(a.dtype, a, b)
    _require_finite(out, "Input matrix is not invertible.", a, b)
    return out


def _eye_like(a):
    if known(a.shape_tuple):
        return p.broadcast_to(
            p.constant(value=np.eye(a.shape_tuple[-1], dtype=a.dtype.np_dtype)), shape=tuple(a.shape_tuple)
        )
    ones = p.add(triangles.diagonal_of(p.mul(a, scalar(0, a))), scalar(1, a))
    return triangles.diagonal_matrix(ones)


def inv(input, adjoint=False, name=None) -> Tensor:
    """The inverses of matrices, or of their conjugate transposes."""
    a = square_matrix(input, "inv")
    return _solution(inverse, a, _eye_like(a), adjoint)


def lu(input, output_idx_type=int32, name=None) -> LU:
    """(`lu`, `p`): L (without its ones) and U in one matrix; row i of their product is row `p[i]` of the input."""
    x = square_matrix(input, "lu")
    factors, permutation = _in_float32(p.lu)(x.dtype, x)
    return LU(factors, p.cast(permutation, dtype=as_dtype(output_idx_type)))


def diagonal_of_factors(x) -> tuple[Tensor, Tensor]:
    """The diagonal of U, and the permutation. Its gradient is less work than that of all factors."""
    factors, permutation = _in_float32(diagonal_lu)(x.dtype, x)
    return triangles.diagonal_of(factors), permutation


def lu_solve(lower_upper, perm, rhs, validate_args=False, name=None) -> Tensor:
    """X with `A @ X == rhs`, from the result of `lu(A)`."""
    a, b = _system("lu_solve", lower_upper, rhs)
    order = operand("lu_solve", perm, "iu")
    if order.shape_tuple is not None and not 1 <= len(order.shape_tuple) < len(b.shape_tuple):
        raise argument_error(None, "lu_solve", f"perm must be a vector for each matrix, got shape {order.shape}")
    order = _stretched_vector(order, b)
    b = _rows(b, order)
    y = _in_float32(lambda a, b: p.triangular_solve(a, b, lower=True, unit=True))(a.dtype, a, b)
    return _in_float32(lambda a, b: p.triangular_solve(a, b, lower=False, unit=False))(a.dtype, a, y)


def _stretched_vector(order, like):
    batch = like.shape_tuple[:-2]
    if order.shape_tuple[:-1] == batch and known(batch):
        return order
    sizes = p.slice_(dynamic_shape(like), starts=(0,), sizes=(len(batch) + 1,), strides=(1,))
    return p.ensure_shape(p.dynamic_broadcast_to(order, sizes), shape=(*batch, order.shape_tuple[-1]))


def _rows(x, order):
    batch = len(order.shape_tuple) - 1
    return p.gather(x, order, axis=batch, batch_dims=batch)


def lu_matrix_inverse(lower_upper, perm, validate_args=False, name=None) -> Tensor:
    """The inverse of A, from the result of `lu(A)`."""
    a = square_matrix(lower_upper, "lu_matrix_inverse")
    return lu_solve(a, perm, _eye_like(a))


def lu_reconstruct(lower_upper, perm, validate_args=False, name=None) -> Tensor:
    """A, from the result of `lu(A)`."""
    a = square_matrix(lower_upper, "lu_reconstruct")
    product = triangles.product(p.add(triangles.lower(a, -1), _eye_like(a)), triangles.upper(a))
    order = p.argsort(convert_to_tensor(perm), axis=len(a.shape_tuple) - 2, descending=False)
    return _rows(product, order)


def qr(input, full_matrices=False, name=None) -> QR:
    """(`q`, `r`) with `q @ r == input`: orthonormal columns, and an upper triangular matrix."""
    x = _matrix(input, "qr")
    return QR(*_in_float32(lambda x: p.qr(x, full=bool(full_matrices)))(x.dtype, x))


def eigh(tensor, name=None) -> Eigh:
    """(`e`, `v`): eigenvalues in ascending order and eigenvectors, the columns of `v`, of Hermitian matrices.

    Only the lower triangle is read. A vector is determined up to a factor of size 1 (a sign, if real).
    """
    x = square_matrix(tensor, "eigh")
    return Eigh(*_in_float32(p.eigh)(x.dtype, x))


def eigvalsh(tensor, name=None) -> Tensor:
    """The eigenvalues of Hermitian matrices, in ascending order."""
    return eigh(tensor).e


def eig(tensor, name=None) -> tuple[Tensor, Tensor]:
    """(`e`, `v`): complex eigenvalues and eigenvectors, the columns of `v`, of any square matrices.

    Eigenvalues come by size, those of one size from right to left, then from above to below, in the complex plane.
    Vectors have length 1; gradients are those of what does not depend on their phase. Raises `InvalidArgumentError` for
    matrices that are not finite. From the Schur form (Golub and Van Loan, "Matrix Computations", chapter 7).
    """
    x = square_matrix(tensor, "eig")
    if x.dtype.size == 2:
        raise dtype_error(
            None, "Eig", f"eig takes float32, float64, complex64 or complex128, got {x.dtype.name} [Op:Eig]"
        )
    values, vectors = p.eig(x)
    p.assert_(
        _finite(values),
        message="Eigen decomposition was not successful. The input might not be valid.",
        summarize=3,
    )
    return values, vectors


def eigvals(tensor, name=None) -> Tensor:
    """The complex eigenvalues of square matrices, in the order of `eig`."""
    return eig(tensor)[0]


def svd(tensor, full_matrices=False, compute_uv=True, name=None):
    """(`s`, `u`, `v`) with `u @ diag(s) @ adjoint(v) == tensor`, `s` in descending order; `s` alone without
    `compute_uv`.
    """
    x = _matrix(tensor, "svd")
    s, u, v = _in_float32(lambda x: p.svd(x, full=bool(full_matrices and compute_uv)))(x.dtype, x)
    return (s, u, v) if compute_uv else s
