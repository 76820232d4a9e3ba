"""Operators that hold a matrix, or the numbers of one: full, triangular, tridiagonal, Toeplitz."""

import numpy as np

from tfc.dtypes import TensorShape, broadcast_static_shape
from tfc.linear_operators.base import LinearOperator, as_dtype_of, register_kind, tensor_of
from tfc.ops import primitives as p
from tfc.ops.array import reverse
from tfc.ops.convert import convert_to_tensor
from tfc.ops.decompositions import triangular_solve
from tfc.ops.diagonals import band_part, diag, diag_part
from tfc.ops.gradients import conj
from tfc.ops.linalg import adjoint as adjoint_of
from tfc.ops.linalg import matmul
from tfc.ops.math import abs as magnitude
from tfc.ops.math import log
from tfc.ops.reductions import reduce_prod, reduce_sum
from tfc.ops.rows.spectral import neighbours, rows_of
from tfc.ops.tridiagonal import compact_diagonals, tridiagonal_matmul, tridiagonal_solve


class LinearOperatorFullMatrix(LinearOperator):
    """The operator of `matrix` `[..., m, n]`."""

    def __init__(
        self,
        matrix,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name="LinearOperatorFullMatrix",
    ):
        parameters = dict(locals(), matrix=tensor_of(matrix, "matrix"))
        self._matrix = parameters["matrix"]
        if len(self._matrix.shape) < 2:
            raise ValueError(f"Argument `matrix` must have at least 2 dimensions. Found: {matrix}")
        super().__init__(
            self._matrix.dtype,
            None,
            is_non_singular,
            is_self_adjoint,
            is_positive_definite,
            is_square,
            name,
            parameters,
        )

    @property
    def matrix(self):
        return self._matrix

    def _shape(self):
        return TensorShape(self._matrix.shape)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return matmul(self._matrix, x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _to_dense(self):
        return convert_to_tensor(self._matrix)

    def _adjoint(self):
        return LinearOperatorFullMatrix(
            adjoint_of(self._matrix),
            self.is_non_singular,
            self.is_self_adjoint,
            self.is_positive_definite,
            self._square,
        )


class LinearOperatorLowerTriangular(LinearOperator):
    """The operator of the lower triangle of `tril` `[..., n, n]`; what stands above it does not count."""

    def __init__(
        self,
        tril,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name="LinearOperatorLowerTriangular",
    ):
        if is_square is False:
            raise ValueError("Only square lower triangular operators supported at this time.")
        parameters = dict(locals(), tril=tensor_of(tril, "tril"))
        self._tril = parameters["tril"]
        if len(self._tril.shape) < 2:
            raise ValueError(f"Argument tril must have at least 2 dimensions. Found: {tril}")
        super().__init__(
            self._tril.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, True, name, parameters
        )

    @property
    def tril(self):
        return self._tril

    def _shape(self):
        return TensorShape(self._tril.shape)

    def _to_dense(self):
        return band_part(self._tril, -1, 0)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return matmul(self._to_dense(), x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        return triangular_solve(self._tril, rhs, lower=True, adjoint=adjoint)

    def _diag_part(self):
        return diag_part(self._tril)

    def _determinant(self):
        return reduce_prod(self.diag_part(), -1)

    def _log_abs_determinant(self):
        return as_dtype_of(reduce_sum(log(magnitude(self.diag_part())), -1), self)


class LinearOperatorTridiag(LinearOperator):
    """The operator of tridiagonal matrices; `diagonals` in one of the layouts of `tf.linalg.tridiagonal_solve`."""

    def __init__(
        self,
        diagonals,
        diagonals_format="compact",
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name="LinearOperatorTridiag",
    ):
        if is_square is False:
            raise ValueError("Only square operators currently supported.")
        if diagonals_format not in ("compact", "matrix", "sequence"):
            raise ValueError(
                f"Argument `diagonals_format` must be one of compact, matrix, or sequence. Found : {diagonals_format}"
            )
        if diagonals_format == "sequence":
            diagonals = [tensor_of(d, "diagonals") for d in diagonals]
        else:
            diagonals = tensor_of(diagonals, "diagonals")
        parameters = dict(locals())
        self._diagonals, self._layout = diagonals, diagonals_format
        dtype = diagonals[1].dtype if diagonals_format == "sequence" else diagonals.dtype
        super().__init__(dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, True, name, parameters)

    @property
    def diagonals(self):
        return self._diagonals

    @property
    def diagonals_format(self):
        return self._layout

    def _compact(self):
        return compact_diagonals(self._diagonals, self._layout, "LinearOperatorTridiag")

    def _shape(self):
        if self._layout == "matrix":
            return TensorShape(self._diagonals.shape)
        if self._layout == "compact":
            dims = TensorShape(self._diagonals.shape).as_list()
            return TensorShape([*dims[:-2], dims[-1], dims[-1]])
        batch = TensorShape([])
        for d in self._diagonals:
            batch = broadcast_static_shape(batch, TensorShape(TensorShape(d.shape).as_list()[:-1]))
        n = TensorShape(self._diagonals[1].shape).as_list()[-1]
        return TensorShape([*batch.as_list(), n, n])

    def _turned(self):
        """The diagonals of the adjoint."""
        right, middle, left = rows_of(self._compact(), 3)
        axis = len(middle.shape_tuple) - 1
        moved = neighbours(left, -1, axis), middle, neighbours(right, 1, axis)
        return p.concat(*(p.expand_dims(conj(d), axes=(axis,)) for d in moved), axis=axis)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        x = adjoint_of(x) if adjoint_arg else x
        return tridiagonal_matmul(self._turned() if adjoint else self._compact(), x)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        diagonals = self._turned() if adjoint else self._compact()
        if len(rhs.shape_tuple) < len(diagonals.shape_tuple):
            extra = len(diagonals.shape_tuple) - len(rhs.shape_tuple)
            rhs = p.expand_dims(rhs, axes=tuple(range(extra)))
        return tridiagonal_solve(diagonals, rhs)

    def _diag_part(self):
        return rows_of(self._compact(), 3)[1]

    def _to_dense(self):
        return diag(self._compact(), k=(-1, 1), align="LEFT_RIGHT") if self.shape[-1] != 1 else self._diag_matrix()

    def _diag_matrix(self):
        return diag(self._diag_part())

    def _adjoint(self):
        return LinearOperatorTridiag(self._turned(), is_non_singular=self.is_non_singular)


class LinearOperatorToeplitz(LinearOperator):
    """The operator of matrices that are constant along diagonals: `col` `[..., n]` is the first column, `row` the first
    row (whose first element does not count).
    """

    def __init__(
        self,
        col,
        row,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name="LinearOperatorToeplitz",
    ):
        if is_square is False:
            raise ValueError("Only square Toeplitz operators currently supported.")
        parameters = dict(locals(), col=tensor_of(col, "col"), row=tensor_of(row, "row"))
        self._col, self._row = parameters["col"], parameters["row"]
        super().__init__(
            self._col.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, True, name, parameters
        )

    @property
    def col(self):
        return self._col

    @property
    def row(self):
        return self._row

    def _shape(self):
        dims = broadcast_static_shape(TensorShape(self._col.shape), TensorShape(self._row.shape)).as_list()
        return TensorShape([*dims[:-1], dims[-1], dims[-1]])

    def _to_dense(self):
        n = self.shape[-1]
        if n is None:
            raise NotImplementedError("LinearOperatorToeplitz needs to know its size while tracing")
        col, row = convert_to_tensor(self._col), convert_to_tensor(self._row)
        batch = self.batch_shape
        if batch.is_fully_defined():
            col, row = (p.broadcast_to(t, shape=(*batch.as_list(), n)) for t in (col, row))
        last = len(col.shape_tuple) - 1
        # The last row backwards, and the first one without its first element: each row is a window of it.
        after = p.gather(row, p.constant(value=np.arange(1, n)), axis=last, batch_dims=0)
        line = p.concat(reverse(col, [last]), after, axis=last)
        index = np.arange(n)
        place = p.constant(value=n - 1 - index[:, None] + index[None, :])
        return p.gather(line, place, axis=last, batch_dims=0)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return matmul(self._to_dense(), x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _diag_part(self):
        n = self.shape[-1]
        first = convert_to_tensor(self._col)[..., :1]
        dims = (*self.batch_shape.as_list(), n)
        return p.broadcast_to(first, shape=dims) if None not in dims else diag_part(self._to_dense())

    def _adjoint(self):
        return LinearOperatorToeplitz(conj(convert_to_tensor(self._row)), conj(convert_to_tensor(self._col)))


register_kind("triangle", LinearOperatorLowerTriangular)
