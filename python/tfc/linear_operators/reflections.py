"""Orthogonal operators: reflections and permutations."""

from tfc.dtypes import TensorShape, as_dtype, float32
from tfc.linear_operators.base import LinearOperator, tensor_of
from tfc.ops import primitives as p
from tfc.ops.array import concat, shape
from tfc.ops.convert import convert_to_tensor
from tfc.ops.decompositions import _stretched_vector
from tfc.ops.gradients import conj
from tfc.ops.linalg import adjoint as adjoint_of
from tfc.ops.linalg import matmul
from tfc.ops.reductions import reduce_sum


def _real(x):
    return p.real(x) if x.dtype.is_complex else x


class LinearOperatorHouseholder(LinearOperator):
    """`1 - 2 v v^H / (v^H v)`, the reflection at the plane normal to v = `reflection_axis` `[..., n]`."""

    def __init__(
        self,
        reflection_axis,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name="LinearOperatorHouseholder",
    ):
        for hint, what in ((is_non_singular, "non-singular"), (is_self_adjoint, "self adjoint"), (is_square, "square")):
            if hint is False:
                raise ValueError(f"A Householder operator is always {what}.")
        if is_positive_definite:
            raise ValueError("A Householder operator is always non-positive definite.")
        parameters = dict(
            reflection_axis=tensor_of(reflection_axis, "reflection_axis"),
            is_non_singular=is_non_singular,
            is_self_adjoint=is_self_adjoint,
            is_positive_definite=is_positive_definite,
            is_square=is_square,
        )
        self._axis = parameters["reflection_axis"]
        super().__init__(self._axis.dtype, None, True, True, False, True, name, parameters)

    @property
    def reflection_axis(self):
        return self._axis

    def _shape(self):
        dims = TensorShape(self._axis.shape).as_list()
        return TensorShape([*dims, dims[-1]])

    def _shape_tensor(self):
        sizes = shape(self._axis)
        return concat([sizes, sizes[-1:]], 0)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        x = adjoint_of(x) if adjoint_arg else x
        v = convert_to_tensor(self._axis)
        square = reduce_sum(p.mul(v, conj(v)), -1, keepdims=True)
        scaled = p.div(p.mul(v, convert_to_tensor(2, v.dtype)), square)
        left, right = (p.expand_dims(t, axes=(len(t.shape_tuple),)) for t in (scaled, v))
        return p.sub(x, p.mul(left, matmul(right, x, adjoint_a=True)))

    _solve = _matmul

    def _ones(self):
        total = reduce_sum(convert_to_tensor(self._axis), -1)
        return p.add(p.mul(total, convert_to_tensor(0, self.dtype)), convert_to_tensor(1, self.dtype))

    def _determinant(self):
        return p.neg(self._ones())

    def _log_abs_determinant(self):
        return p.sub(self._ones(), self._ones())

    def _cond(self):
        return _real(self._ones())

    def _inverse(self):
        return self


class LinearOperatorPermutation(LinearOperator):
    """The operator that puts rows in the order `perm` `[..., n]` (integers): row i of `A @ x` is row `perm[i]` of x."""

    def __init__(
        self,
        perm,
        dtype=float32,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name="LinearOperatorPermutation",
    ):
        if is_non_singular is False or is_square is False:
            raise ValueError("A Permutation operator is always square and non-singular.")
        self._perm = tensor_of(perm, "perm")
        if not self._perm.dtype.is_integer:
            raise TypeError(f"Argument `perm` must be integer dtype. Found: {self._perm.dtype.name}")
        parameters = dict(
            perm=self._perm,
            dtype=as_dtype(dtype),
            is_non_singular=is_non_singular,
            is_self_adjoint=is_self_adjoint,
            is_positive_definite=is_positive_definite,
            is_square=is_square,
        )
        super().__init__(dtype, None, True, is_self_adjoint, is_positive_definite, True, name, parameters)

    @property
    def perm(self):
        return self._perm

    def _shape(self):
        dims = TensorShape(self._perm.shape).as_list()
        return TensorShape([*dims, dims[-1]])

    def _shape_tensor(self):
        sizes = shape(self._perm)
        return concat([sizes, sizes[-1:]], 0)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        x = adjoint_of(x) if adjoint_arg else x
        order = convert_to_tensor(self._perm)
        if adjoint:
            order = p.argsort(order, axis=len(order.shape_tuple) - 1, descending=False)
        batch = len(order.shape_tuple) - 1
        if batch and len(x.shape_tuple) - 2 < batch:
            x = p.add(
                x, p.mul(p.cast(p.expand_dims(order, axes=(batch + 1,)), dtype=x.dtype), convert_to_tensor(0, x.dtype))
            )
        if len(x.shape_tuple) - 2 > 0:
            order = _stretched_vector(order, x)
        at = len(order.shape_tuple) - 1
        return p.gather(x, order, axis=at, batch_dims=at)

    def _zeros(self):
        numbers = p.cast(convert_to_tensor(self._perm), dtype=self.dtype)
        return p.mul(numbers, convert_to_tensor(0, self.dtype))

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return self._matmul(rhs, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _log_abs_determinant(self):
        zero = reduce_sum(
            p.mul(p.cast(convert_to_tensor(self._perm), dtype=self.dtype), convert_to_tensor(0, self.dtype)), -1
        )
        return p.real(zero) if zero.dtype.is_complex else zero

    def _cond(self):
        return p.add(self._log_abs_determinant(), convert_to_tensor(1, self.dtype.real_dtype))
