"""`LinearOperator`: what all matrices given by their structure can do."""

import numpy as np

from tfc.core import Tensor, VariableStorage
from tfc.dtypes import TensorShape, as_dtype, broadcast_static_shape
from tfc.ops import primitives as p
from tfc.ops.array import broadcast_dynamic_shape, concat, shape
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import eye
from tfc.ops.debugging import assert_near, assert_positive
from tfc.ops.decompositions import cholesky, cholesky_solve, eigh, solve, svd
from tfc.ops.diagonals import diag_part
from tfc.ops.linalg import adjoint as adjoint_of
from tfc.ops.math import abs as magnitude
from tfc.ops.matrix_functions import det, slogdet
from tfc.ops.reductions import reduce_max, reduce_min, reduce_sum
from tfc.state import Module

_HINTS = ("is_non_singular", "is_self_adjoint", "is_positive_definite", "is_square")


class LinearOperator(Module):
    """A matrix, or a batch of them, of shape `[..., m, n]`, known by its products with others.

    A subclass defines `_shape` and `_matmul`; what else it knows a shorter way for, it defines too (`_solve`,
    `_determinant`, `_diag_part`...), and the rest follows from `to_dense`. Hints (`is_non_singular`,
    `is_self_adjoint`, `is_positive_definite`, `is_square`) are promises of the user: True, False, or None if nothing is
    known. Operators are nests of the tensors they are made of, so functions, loops and branches take and return them.
    """

    def __init__(
        self,
        dtype,
        graph_parents=None,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name=None,
        parameters=None,
    ):
        super().__init__(name or type(self).__name__)
        if is_positive_definite:
            if is_non_singular is False:
                raise ValueError("A positive definite matrix is always non-singular.")
            is_non_singular = True
        if is_non_singular:
            if is_square is False:
                raise ValueError("A non-singular matrix is always square.")
            is_square = True
        if is_self_adjoint:
            if is_square is False:
                raise ValueError("A self-adjoint matrix is always square.")
            is_square = True
        self._dtype = None if dtype is None else as_dtype(dtype)
        self._non_singular, self._self_adjoint = is_non_singular, is_self_adjoint
        self._positive_definite, self._square = is_positive_definite, is_square
        self._given = {k: v for k, v in (parameters or {}).items() if k not in ("self", "__class__", "name")}

    # What a subclass defines.

    def _shape(self) -> TensorShape:
        raise NotImplementedError(f"{type(self).__name__}._shape is not implemented.")

    def _shape_tensor(self) -> Tensor:
        return shape(self.to_dense())

    def _matmul(self, x, adjoint=False, adjoint_arg=False) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__}._matmul is not implemented.")

    def _to_dense(self) -> Tensor:
        sizes = self.shape
        if sizes[-1] is None:
            return self._matmul(eye(self.domain_dimension_tensor(), dtype=self.dtype))
        dense = self._matmul(eye(sizes[-1], dtype=self.dtype))
        return dense

    def _solve(self, rhs, adjoint=False, adjoint_arg=False) -> Tensor:
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        dense = self.to_dense()
        if self.is_self_adjoint and self.is_positive_definite:
            return cholesky_solve(cholesky(dense), rhs)
        return solve(dense, rhs, adjoint=adjoint)

    def _determinant(self) -> Tensor:
        return det(self.to_dense())

    def _log_abs_determinant(self) -> Tensor:
        return slogdet(self.to_dense()).log_abs_determinant

    def _diag_part(self) -> Tensor:
        return diag_part(self.to_dense())

    def _trace(self) -> Tensor:
        return reduce_sum(self.diag_part(), -1)

    def _eigvals(self) -> Tensor:
        return eigh(self.to_dense()).e

    def _cond(self) -> Tensor:
        if self.is_self_adjoint:
            size = magnitude(self._eigvals())
        else:
            size = svd(self.to_dense(), compute_uv=False)
        return p.div(reduce_max(size, -1), reduce_min(size, -1))

    def _adjoint(self) -> "LinearOperator":
        return _KINDS["adjoint"](self)

    def _inverse(self) -> "LinearOperator":
        return _KINDS["inverse"](self)

    def _cholesky(self) -> "LinearOperator":
        return _KINDS["triangle"](cholesky(self.to_dense()), is_non_singular=True)

    def _times(self, other) -> "LinearOperator | None":
        """`self @ other` as an operator of a simple kind; None if there is none."""
        return None

    def _times_left(self, other) -> "LinearOperator | None":
        """`other @ self`, likewise."""
        return None

    # Shapes.

    @property
    def dtype(self):
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """`[..., m, n]`, as far as it is known."""
        return self._shape()

    @property
    def batch_shape(self) -> TensorShape:
        return TensorShape(self.shape.as_list()[:-2])

    @property
    def tensor_rank(self) -> int:
        return self.shape.rank

    @property
    def domain_dimension(self):
        """The number of columns."""
        return self.shape[-1]

    @property
    def range_dimension(self):
        """The number of rows."""
        return self.shape[-2]

    def shape_tensor(self, name="shape_tensor") -> Tensor:
        sizes = self.shape
        if sizes.is_fully_defined():
            return convert_to_tensor(np.array(sizes.as_list(), np.int32))
        return self._shape_tensor()

    def batch_shape_tensor(self, name="batch_shape_tensor") -> Tensor:
        return self.shape_tensor()[:-2]

    def tensor_rank_tensor(self, name="tensor_rank_tensor") -> Tensor:
        return convert_to_tensor(self.tensor_rank)

    def domain_dimension_tensor(self, name="domain_dimension_tensor") -> Tensor:
        return self.shape_tensor()[-1]

    def range_dimension_tensor(self, name="range_dimension_tensor") -> Tensor:
        return self.shape_tensor()[-2]

    # Hints.

    @property
    def is_non_singular(self):
        return self._non_singular

    @property
    def is_self_adjoint(self):
        return self._self_adjoint

    @property
    def is_positive_definite(self):
        return self._positive_definite

    @property
    def is_square(self):
        """Whether there are as many rows as columns; the static shape counts more than the hint."""
        rows, columns = self.shape.as_list()[-2:]
        if rows is None or columns is None:
            return self._square
        if self._square is False and rows == columns and self._square is not None:
            raise ValueError("Static shape indicates square operator, but the hint is_square is False")
        return rows == columns

    def _must_be_square(self, what):
        if self.is_square is False:
            raise NotImplementedError(f"{what} not implemented for an operator that is expected to not be square.")

    @property
    def graph_parents(self) -> list:
        return []

    @property
    def parameters(self) -> dict:
        """The arguments this operator was made of."""
        return dict(self._given)

    # Products and solutions.

    def matmul(self, x, adjoint=False, adjoint_arg=False, name="matmul"):
        """`A @ x` for x of `[..., n, k]` or another operator; with adjoints of A or of x if asked for.

        Raises `ValueError` if the sizes do not match, and `TypeError` if the dtypes do not.
        """
        if isinstance(x, LinearOperator):
            left = self.adjoint() if adjoint else self
            right = x.adjoint() if adjoint_arg else x
            _must_match(left.domain_dimension, right.range_dimension)
            return product_of(left, right)
        x = self._argument(x)
        own = self.shape[-2 if adjoint else -1]
        _must_match(own, x.shape[-1 if adjoint_arg else -2])
        return self._matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def __matmul__(self, other):
        return self.matmul(other)

    def matvec(self, x, adjoint=False, name="matvec") -> Tensor:
        """`A @ x` for vectors x of `[..., n]`."""
        x = self._argument(x)
        _must_match(self.shape[-2 if adjoint else -1], x.shape[-1])
        return self._matvec(x, adjoint)

    def _matvec(self, x, adjoint=False) -> Tensor:
        return _column(self._matmul(_as_column(x), adjoint=adjoint))

    def solve(self, rhs, adjoint=False, adjoint_arg=False, name="solve"):
        """X with `A @ X == rhs`, of `[..., n, k]`; with adjoints of A or of rhs if asked for."""
        if self.is_non_singular is False:
            raise NotImplementedError("Exact solve not implemented for an operator that is expected to be singular.")
        self._must_be_square("Exact solve")
        if isinstance(rhs, LinearOperator):
            left = self.adjoint() if adjoint else self
            right = rhs.adjoint() if adjoint_arg else rhs
            _must_match(left.domain_dimension, right.range_dimension)
            return product_of(left.inverse(), right)
        rhs = self._argument(rhs)
        _must_match(self.shape[-1 if adjoint else -2], rhs.shape[-1 if adjoint_arg else -2])
        return self._solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def solvevec(self, rhs, adjoint=False, name="solve") -> Tensor:
        """x with `A @ x == rhs`, of `[..., n]`."""
        return _column(self.solve(_as_column(self._argument(rhs)), adjoint=adjoint))

    def _argument(self, x) -> Tensor:
        x = convert_to_tensor(x, None if isinstance(x, (Tensor, VariableStorage)) else self.dtype)
        if x.dtype is not self.dtype:
            raise TypeError(f"Input argument must have dtype {self.dtype.name}. Found instead {x.dtype.name}")
        return x

    # Other operators.

    def adjoint(self, name="adjoint") -> "LinearOperator":
        """The operator of the conjugate transpose."""
        if self.is_self_adjoint:
            return self
        return self._adjoint()

    @property
    def H(self) -> "LinearOperator":
        """The adjoint."""
        return self.adjoint()

    def inverse(self, name="inverse") -> "LinearOperator":
        """The operator of the inverse. Raises `ValueError` if it is not square or said to be singular."""
        if self.is_square is False:
            raise ValueError("Cannot take the Inverse: This operator represents a non square matrix.")
        if self.is_non_singular is False:
            raise ValueError("Cannot take the Inverse: This operator represents a singular matrix.")
        return self._inverse()

    def cholesky(self, name="cholesky") -> "LinearOperator":
        """The lower triangular L with `L @ L.H == A`; A must be said to be positive definite and self adjoint."""
        if not self.is_positive_definite or not self.is_self_adjoint:
            raise ValueError("Cannot take the Cholesky decomposition: Not a positive definite self adjoint matrix.")
        return self._cholesky()

    # Numbers.

    def to_dense(self, name="to_dense") -> Tensor:
        """The matrices themselves."""
        return self._to_dense()

    def determinant(self, name="det") -> Tensor:
        self._must_be_square("Determinant")
        return self._determinant()

    def log_abs_determinant(self, name="log_abs_det") -> Tensor:
        self._must_be_square("Determinant")
        return self._log_abs_determinant()

    def trace(self, name="trace") -> Tensor:
        return self._trace()

    def diag_part(self, name="diag_part") -> Tensor:
        return self._diag_part()

    def eigvals(self, name="eigvals") -> Tensor:
        """The eigenvalues of a self-adjoint operator."""
        if not self.is_self_adjoint:
            raise NotImplementedError("Only self-adjoint matrices are supported.")
        return self._eigvals()

    def cond(self, name="cond") -> Tensor:
        """The condition numbers: the largest singular value by the smallest."""
        return self._cond()

    def add_to_tensor(self, x, name="add_to_tensor") -> Tensor:
        """`A + x`."""
        return p.add(self.to_dense(), self._argument(x))

    # Assertions.

    def assert_non_singular(self, name="assert_non_singular"):
        """Fails if the condition number is too large for the dtype."""
        real = self.dtype.real_dtype
        limit = convert_to_tensor(1 / np.finfo(real.np_dtype).eps, real)
        gap = p.sub(limit, self.cond())
        return assert_positive(gap, message="Singular matrix up to precision epsilon.")

    def assert_positive_definite(self, name="assert_positive_definite"):
        """Fails if it is not positive definite; it must be self adjoint."""
        cholesky(self.to_dense())

    def assert_self_adjoint(self, name="assert_self_adjoint"):
        """Fails if it differs from its adjoint."""
        dense = self.to_dense()
        difference = magnitude(p.sub(dense, adjoint_of(dense)))
        zero = p.mul(difference, convert_to_tensor(0.0, difference.dtype))
        return assert_near(difference, zero, message="Matrix was not equal to its adjoint.")

    # A nest: the parameters that are tensors, variables or operators; the others are its kind.

    def __tf_flatten__(self):
        if "_pattern" in vars(self):
            return vars(self)["_pattern"]
        parts = {k: v for k, v in self._given.items() if _is_part(v)}
        rest = tuple((k, _frozen(v)) for k, v in self._given.items() if k not in parts)
        return (type(self), tuple(parts), rest), tuple(parts.values())

    @classmethod
    def __tf_unflatten__(cls, metadata, components):
        kind, names, rest = metadata
        parts = dict(zip(names, components, strict=True))
        if all(map(_is_part, components)):
            return kind(**parts, **dict(rest))
        # A structure of something else: it can only be taken apart again.
        pattern = kind.__new__(kind)
        object.__setattr__(pattern, "_pattern", (metadata, tuple(components)))
        return pattern

    def __repr__(self):
        if "_pattern" in vars(self):
            return f"<tf.linalg.{type(self).__name__} of {vars(self)['_pattern'][1]}>"
        return f"<tf.linalg.{type(self).__name__} shape={self.shape}, dtype={self.dtype.name}>"


def _is_part(value) -> bool:
    if isinstance(value, (list, tuple)):
        return bool(value) and all(_is_part(v) for v in value)
    return isinstance(value, (Tensor, VariableStorage, LinearOperator))


def _frozen(value):
    if isinstance(value, np.ndarray):
        return _frozen(value.tolist())
    return tuple(_frozen(v) for v in value) if isinstance(value, (list, tuple)) else value


# Kinds of operators that the base makes; their modules add them here, since they import this one.
_KINDS: dict = {}


def register_kind(name, kind) -> None:
    _KINDS[name] = kind


def product_of(left, right) -> LinearOperator:
    """The operator of `left @ right`."""
    return left._times(right) or right._times_left(left) or _KINDS["composition"]([left, right])


def tensor_of(value, name, dtype=None):
    """A tensor of a parameter, or the variable itself, whose value is read whenever it is needed."""
    if value is None:
        raise ValueError(f"`{name}` must be given")
    return value if isinstance(value, VariableStorage) else convert_to_tensor(value, dtype)


def as_dtype_of(x, operator) -> Tensor:
    """Real numbers in the dtype of an operator, which may be complex."""
    return x if x.dtype is operator.dtype else p.cast(x, dtype=operator.dtype)


def _must_match(own, given) -> None:
    if own is not None and given is not None and own != given:
        raise ValueError(f"Dimensions are not compatible: the operator has size {own}, the argument {given}")


def _as_column(x) -> Tensor:
    return p.expand_dims(x, axes=(len(x.shape_tuple),))


def _column(x) -> Tensor:
    return p.squeeze(x, axes=(len(x.shape_tuple) - 1,))


def both_batches(*operators):
    """The static batch shape of several operators together."""
    result = operators[0].batch_shape
    for other in operators[1:]:
        result = broadcast_static_shape(result, other.batch_shape)
    return result


def batches_tensor(*operators) -> Tensor:
    """The batch shape of several operators together, as a tensor."""
    result = operators[0].batch_shape_tensor()
    for other in operators[1:]:
        result = broadcast_dynamic_shape(result, other.batch_shape_tensor())
    return result


def stretched(x, batch_shape, batch_tensor) -> Tensor:
    """Matrices `x` with these leading dimensions."""
    if batch_shape.is_fully_defined() and None not in x.shape_tuple[-2:]:
        dims = (*broadcast_static_shape(batch_shape, TensorShape(x.shape_tuple[:-2])).as_list(), *x.shape_tuple[-2:])
        if None not in dims:
            return x if dims == x.shape_tuple else p.broadcast_to(x, shape=dims)
    sizes = shape(x)
    batch = broadcast_dynamic_shape(batch_tensor, sizes[:-2])
    return p.dynamic_broadcast_to(x, concat([batch, sizes[-2:]], 0))
