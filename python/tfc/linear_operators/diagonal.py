"""Operators with nothing beside their diagonal."""

import numpy as np

from tfc.dtypes import TensorShape, as_dtype, broadcast_static_shape, float32
from tfc.linear_operators.base import LinearOperator, as_dtype_of, stretched, tensor_of
from tfc.ops import primitives as p
from tfc.ops.array import concat, shape
from tfc.ops.convert import convert_to_tensor, static_ints
from tfc.ops.creation import eye, zeros
from tfc.ops.diagonals import diag, diag_part, set_diag
from tfc.ops.gradients import conj
from tfc.ops.linalg import adjoint as adjoint_of
from tfc.ops.math import abs as magnitude
from tfc.ops.math import log, sqrt
from tfc.ops.reductions import reduce_max, reduce_min, reduce_prod, reduce_sum


def _wide(d):
    """Vectors as columns."""
    return p.expand_dims(d, axes=(len(d.shape_tuple),))


def _all(*hints):
    return True if all(hints) else None


class LinearOperatorDiag(LinearOperator):
    """The operator of diagonal matrices with the diagonals `diag` `[..., n]`."""

    def __init__(
        self,
        diag,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name="LinearOperatorDiag",
    ):
        if is_square is False:
            raise ValueError("Only square diagonal operators currently supported.")
        parameters = dict(locals(), diag=tensor_of(diag, "diag"))
        self._diag = parameters["diag"]
        if len(self._diag.shape) < 1:
            raise ValueError(f"Argument `diag` must have at least 1 dimension. Found: {diag}.")
        if not self._diag.dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError("A real diagonal operator is always self adjoint.")
            is_self_adjoint = True
        super().__init__(
            self._diag.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, True, name, parameters
        )

    @property
    def diag(self):
        return self._diag

    def _shape(self):
        dims = TensorShape(self._diag.shape).as_list()
        return TensorShape([*dims, dims[-1]])

    def _shape_tensor(self):
        sizes = shape(self._diag)
        return concat([sizes, sizes[-1:]], 0)

    def _factor(self, adjoint):
        d = convert_to_tensor(self._diag)
        return conj(d) if adjoint else d

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        x = adjoint_of(x) if adjoint_arg else x
        return p.mul(_wide(self._factor(adjoint)), x)

    def _matvec(self, x, adjoint=False):
        return p.mul(self._factor(adjoint), x)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        return p.div(rhs, _wide(self._factor(adjoint)))

    def _to_dense(self):
        return diag(self._diag)

    def _diag_part(self):
        return convert_to_tensor(self._diag)

    def _determinant(self):
        return reduce_prod(self._diag, -1)

    def _log_abs_determinant(self):
        return as_dtype_of(reduce_sum(log(magnitude(self._diag)), -1), self)

    def _eigvals(self):
        return convert_to_tensor(self._diag)

    def _cond(self):
        size = magnitude(self._diag)
        return p.div(reduce_max(size, -1), reduce_min(size, -1))

    def add_to_tensor(self, x, name="add_to_tensor"):
        x = self._argument(x)
        return set_diag(x, p.add(diag_part(x), convert_to_tensor(self._diag)))

    def _adjoint(self):
        return LinearOperatorDiag(self._factor(True), self.is_non_singular)

    def _inverse(self):
        one = convert_to_tensor(1, self.dtype)
        return LinearOperatorDiag(
            p.div(one, convert_to_tensor(self._diag)), True, self.is_self_adjoint, self.is_positive_definite
        )

    def _cholesky(self):
        return LinearOperatorDiag(sqrt(self._diag), True, True, True)

    def _times(self, other):
        if isinstance(other, LinearOperatorDiag):
            d = p.mul(convert_to_tensor(self._diag), convert_to_tensor(other._diag))
            return LinearOperatorDiag(d, _all(self.is_non_singular, other.is_non_singular))
        return None


class _OfOneNumber(LinearOperator):
    """What identities, their multiples and zeros share: sizes that are numbers."""

    def _set_sizes(self, rows, columns, batch_shape):
        self._rows, self._columns = rows, columns
        self._batch = None if batch_shape is None else batch_shape

    def _batch_list(self):
        if self._batch is None:
            return []
        known = static_ints(self._batch)
        if known is None:
            raise NotImplementedError("the batch_shape of an operator must be known while tracing")
        return list(known)

    def _count(self, n):
        known = static_ints(n)
        return None if known is None else known[0]

    def _shape(self):
        return TensorShape([*self._batch_list(), self._count(self._rows), self._count(self._columns)])

    def _shape_tensor(self):
        ends = [
            p.reshape(p.cast(convert_to_tensor(n), dtype=as_dtype("int32")), shape=(1,))
            for n in (self._rows, self._columns)
        ]
        batch = convert_to_tensor(np.array(self._batch_list(), np.int32))
        return concat([batch, *ends], 0)

    def _stretched(self, x):
        return stretched(x, self.batch_shape, self.batch_shape_tensor())


class LinearOperatorIdentity(_OfOneNumber):
    """The operator of identity matrices of `num_rows`, float32 unless `dtype` says more."""

    def __init__(
        self,
        num_rows,
        batch_shape=None,
        dtype=None,
        is_non_singular=True,
        is_self_adjoint=True,
        is_positive_definite=True,
        is_square=True,
        assert_proper_shapes=False,
        name="LinearOperatorIdentity",
    ):
        parameters = dict(locals())
        for hint, what in (
            (is_self_adjoint, "self adjoint"),
            (is_square, "square"),
            (is_non_singular, "non-singular"),
            (is_positive_definite, "positive definite"),
        ):
            if not hint:
                raise ValueError(f"An identity operator is always {what}.")
        self._set_sizes(num_rows, num_rows, batch_shape)
        super().__init__(dtype or float32, None, True, True, True, True, name, parameters)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return self._stretched(adjoint_of(x) if adjoint_arg else x)

    _solve = _matmul

    def _to_dense(self):
        return eye(self._rows, batch_shape=self._batch_list() or None, dtype=self.dtype)

    def _ones(self, real=False):
        dtype = self.dtype.real_dtype if real else self.dtype
        return p.broadcast_to(convert_to_tensor(1, dtype), shape=tuple(self._batch_list()))

    def _diag_part(self):
        return diag_part(self._to_dense())

    def _determinant(self):
        return self._ones()

    def _log_abs_determinant(self):
        return zeros(self._batch_list(), self.dtype)

    def _eigvals(self):
        return self._diag_part()

    def _cond(self):
        return self._ones()

    def _adjoint(self):
        return self

    _inverse = _cholesky = _adjoint

    def _times(self, other):
        return other if self.batch_shape.rank == 0 and self.dtype is other.dtype else None

    _times_left = _times


class LinearOperatorScaledIdentity(_OfOneNumber):
    """The operator of `multiplier[...]` times the identity of `num_rows`."""

    def __init__(
        self,
        num_rows,
        multiplier,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=True,
        assert_proper_shapes=False,
        name="LinearOperatorScaledIdentity",
    ):
        if not is_square:
            raise ValueError("A ScaledIdentity operator is always square.")
        parameters = dict(locals(), multiplier=tensor_of(multiplier, "multiplier"))
        self._multiplier = parameters["multiplier"]
        if not self._multiplier.dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError("A real diagonal operator is always self adjoint.")
            is_self_adjoint = True
        self._set_sizes(num_rows, num_rows, None)
        super().__init__(
            self._multiplier.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, True, name, parameters
        )

    @property
    def multiplier(self):
        return self._multiplier

    def _batch_list(self):
        return TensorShape(self._multiplier.shape).as_list()

    def _shape_tensor(self):
        n = p.reshape(p.cast(convert_to_tensor(self._rows), dtype=as_dtype("int32")), shape=(1,))
        return concat([shape(self._multiplier), n, n], 0)

    def _factor(self, adjoint, extra):
        m = convert_to_tensor(self._multiplier)
        m = conj(m) if adjoint else m
        rank = len(m.shape_tuple)
        return p.expand_dims(m, axes=tuple(range(rank, rank + extra)))

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return p.mul(adjoint_of(x) if adjoint_arg else x, self._factor(adjoint, 2))

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return p.div(adjoint_of(rhs) if adjoint_arg else rhs, self._factor(adjoint, 2))

    def _to_dense(self):
        return p.mul(eye(self._rows, dtype=self.dtype), self._factor(False, 2))

    def _diag_part(self):
        return p.mul(diag_part(eye(self._rows, dtype=self.dtype)), self._factor(False, 1))

    def _size(self, dtype):
        return p.cast(convert_to_tensor(self._rows), dtype=dtype)

    def _determinant(self):
        return p.pow_(convert_to_tensor(self._multiplier), self._size(self.dtype))

    def _log_abs_determinant(self):
        size = log(magnitude(self._multiplier))
        return as_dtype_of(p.mul(self._size(size.dtype), size), self)

    def _eigvals(self):
        return self._diag_part()

    def _cond(self):
        m = convert_to_tensor(self._multiplier)
        one = p.div(m, m)
        return p.real(one) if one.dtype.is_complex else one

    def _adjoint(self):
        return LinearOperatorScaledIdentity(self._rows, self._factor(True, 0), self.is_non_singular)

    def _inverse(self):
        one = convert_to_tensor(1, self.dtype)
        return LinearOperatorScaledIdentity(
            self._rows,
            p.div(one, convert_to_tensor(self._multiplier)),
            self.is_non_singular,
            self.is_self_adjoint,
            self.is_positive_definite,
        )

    def _cholesky(self):
        return LinearOperatorScaledIdentity(self._rows, sqrt(self._multiplier), True, True, True)

    def _times(self, other):
        if isinstance(other, LinearOperatorScaledIdentity):
            m = p.mul(convert_to_tensor(self._multiplier), convert_to_tensor(other._multiplier))
            return LinearOperatorScaledIdentity(
                self._rows, m, is_non_singular=_all(self.is_non_singular, other.is_non_singular)
            )
        if isinstance(other, LinearOperatorDiag):
            d = p.mul(self._factor(False, 1), convert_to_tensor(other.diag))
            return LinearOperatorDiag(d, is_non_singular=_all(self.is_non_singular, other.is_non_singular))
        return None

    def _times_left(self, other):
        return self._times(other)


class LinearOperatorZeros(_OfOneNumber):
    """The operator of zero matrices, square unless `num_columns` says more."""

    def __init__(
        self,
        num_rows,
        num_columns=None,
        batch_shape=None,
        dtype=None,
        is_non_singular=False,
        is_self_adjoint=True,
        is_positive_definite=False,
        is_square=True,
        assert_proper_shapes=False,
        name="LinearOperatorZeros",
    ):
        parameters = dict(locals())
        columns = num_rows if num_columns is None else num_columns
        if is_non_singular or is_positive_definite:
            raise ValueError("A zero operator is always singular, and never positive definite.")
        self._set_sizes(num_rows, columns, batch_shape)
        if static_ints(num_rows) != static_ints(columns):
            is_square = is_self_adjoint = False
        super().__init__(dtype or float32, None, False, is_self_adjoint, False, is_square, name, parameters)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        x = adjoint_of(x) if adjoint_arg else x
        rows = self._count(self._columns if adjoint else self._rows)
        batch = broadcast_static_shape(self.batch_shape, TensorShape(x.shape_tuple[:-2])).as_list()
        if rows is None or None in (*batch, x.shape_tuple[-1]):
            raise NotImplementedError("LinearOperatorZeros needs to know the sizes of its products while tracing")
        return zeros([*batch, rows, x.shape_tuple[-1]], self.dtype)

    def _to_dense(self):
        return zeros(self.shape_tensor(), self.dtype)

    def _determinant(self):
        return zeros(self._batch_list(), self.dtype)

    _trace = _determinant

    def _log_abs_determinant(self):
        return p.sub(zeros(self._batch_list(), self.dtype), convert_to_tensor(np.inf, self.dtype))

    def add_to_tensor(self, x, name="add_to_tensor"):
        return self._stretched(self._argument(x))

    def _adjoint(self):
        return LinearOperatorZeros(self._columns, self._rows, self._batch, self.dtype)
