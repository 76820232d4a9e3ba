"""Operators made of operators: adjoints, inverses, products, Kronecker products, updates of low rank."""

import functools

from tfc.dtypes import TensorShape, broadcast_static_shape
from tfc.linear_operators.base import (
    LinearOperator,
    batches_tensor,
    both_batches,
    register_kind,
    stretched,
    tensor_of,
)
from tfc.linear_operators.diagonal import LinearOperatorDiag
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import eye
from tfc.ops.decompositions import solve
from tfc.ops.gradients import conj
from tfc.ops.linalg import adjoint as adjoint_of
from tfc.ops.linalg import matmul
from tfc.ops.matrix_functions import det, slogdet
from tfc.ops.reductions import reduce_sum


class LinearOperatorAdjoint(LinearOperator):
    """The conjugate transpose of `operator`."""

    def __init__(
        self, operator, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=None, name=None
    ):
        parameters = dict(locals())
        self._operator = operator
        given = (is_non_singular, is_self_adjoint, is_positive_definite, is_square)
        own = (operator.is_non_singular, operator.is_self_adjoint, operator.is_positive_definite, operator.is_square)
        hints = [o if g is None else g for g, o in zip(given, own, strict=True)]
        super().__init__(operator.dtype, None, *hints, name or operator.name + "_adjoint", parameters)

    @property
    def operator(self):
        return self._operator

    def _shape(self):
        *batch, rows, columns = self._operator.shape.as_list()
        return TensorShape([*batch, columns, rows])

    def _shape_tensor(self):
        sizes = self._operator.shape_tensor()
        return concat([sizes[:-2], sizes[-1:], sizes[-2:-1]], 0)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return self._operator.matmul(x, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return self._operator.solve(rhs, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _to_dense(self):
        return adjoint_of(self._operator.to_dense())

    def _diag_part(self):
        return conj(self._operator.diag_part())

    def _determinant(self):
        return conj(self._operator.determinant())

    def _log_abs_determinant(self):
        return self._operator.log_abs_determinant()

    def _trace(self):
        return conj(self._operator.trace())

    def _cond(self):
        return self._operator.cond()

    def _adjoint(self):
        return self._operator


class LinearOperatorInversion(LinearOperator):
    """The inverse of `operator`: its products are solutions."""

    def __init__(
        self, operator, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=None, name=None
    ):
        parameters = dict(locals())
        if operator.is_square is False or operator.is_non_singular is False or is_non_singular is False:
            raise ValueError("Inverse operators are square and non-singular, and so must be what they are of.")
        self._operator = operator
        adjoint = operator.is_self_adjoint if is_self_adjoint is None else is_self_adjoint
        positive = operator.is_positive_definite if is_positive_definite is None else is_positive_definite
        super().__init__(
            operator.dtype, None, True, adjoint, positive, True, name or operator.name + "_inv", parameters
        )

    @property
    def operator(self):
        return self._operator

    def _shape(self):
        return self._operator.shape

    def _shape_tensor(self):
        return self._operator.shape_tensor()

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return self._operator.solve(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return self._operator.matmul(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _determinant(self):
        out = self._operator.determinant()
        return p.div(convert_to_tensor(1, out.dtype), out)

    def _log_abs_determinant(self):
        return p.neg(self._operator.log_abs_determinant())

    def _cond(self):
        return self._operator.cond()

    def _eigvals(self):
        out = self._operator.eigvals()
        return p.div(convert_to_tensor(1, out.dtype), out)

    def _inverse(self):
        return self._operator


def _check_operators(operators, what):
    operators = list(operators)
    if not operators:
        raise ValueError(f"Expected a non-empty list of operators. Found: {operators}")
    dtype = operators[0].dtype
    for operator in operators:
        if operator.dtype is not dtype:
            raise TypeError(f"Expected all operators of a {what} to have dtype {dtype.name}, got {operator.dtype.name}")
    return operators


class LinearOperatorComposition(LinearOperator):
    """The product of operators, the last of which works first."""

    def __init__(
        self,
        operators,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name=None,
    ):
        operators = _check_operators(operators, "composition")
        for left, right in zip(operators, operators[1:], strict=False):
            if None not in (left.shape[-1], right.shape[-2]) and left.shape[-1] != right.shape[-2]:
                raise ValueError(f"Operators cannot be composed: shapes {left.shape} and {right.shape}")
        parameters = dict(locals(), operators=operators)
        self._operators = operators
        if is_non_singular is None and all(o.is_non_singular for o in operators):
            is_non_singular = True
        name = name or "_o_".join(o.name for o in operators)
        super().__init__(
            operators[0].dtype,
            None,
            is_non_singular,
            is_self_adjoint,
            is_positive_definite,
            is_square,
            name,
            parameters,
        )

    @property
    def operators(self):
        return self._operators

    def _shape(self):
        batch = both_batches(*self._operators).as_list()
        return TensorShape([*batch, self._operators[0].shape[-2], self._operators[-1].shape[-1]])

    def _shape_tensor(self):
        first, last = self._operators[0].shape_tensor(), self._operators[-1].shape_tensor()
        return concat([batches_tensor(*self._operators), first[-2:-1], last[-1:]], 0)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        for operator in self._operators if adjoint else reversed(self._operators):
            x = operator.matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)
            adjoint_arg = False
        return x

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        for operator in reversed(self._operators) if adjoint else self._operators:
            rhs = operator.solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)
            adjoint_arg = False
        return rhs

    def _each_is_square(self):
        return all(o.is_square for o in self._operators)

    def _determinant(self):
        if not self._each_is_square():
            return super()._determinant()
        return functools.reduce(p.mul, [o.determinant() for o in self._operators])

    def _log_abs_determinant(self):
        if not self._each_is_square():
            return super()._log_abs_determinant()
        return functools.reduce(p.add, [o.log_abs_determinant() for o in self._operators])

    def _adjoint(self):
        return LinearOperatorComposition([o.adjoint() for o in reversed(self._operators)])

    def _inverse(self):
        if not self._each_is_square():
            return super()._inverse()
        return LinearOperatorComposition([o.inverse() for o in reversed(self._operators)])


def _kronecker(a, b):
    """The Kronecker product of matrices of known sizes; batches broadcast."""
    (m, n), (k, l) = a.shape_tuple[-2:], b.shape_tuple[-2:]
    rank_a, rank_b = len(a.shape_tuple), len(b.shape_tuple)
    product = p.mul(p.expand_dims(a, axes=(rank_a - 1, rank_a + 1)), p.expand_dims(b, axes=(rank_b - 2, rank_b)))
    return p.reshape(product, shape=(*product.shape_tuple[:-4], m * k, n * l))


class LinearOperatorKronecker(LinearOperator):
    """The Kronecker product of operators."""

    def __init__(
        self,
        operators,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name=None,
    ):
        operators = _check_operators(operators, "Kronecker product")
        parameters = dict(locals(), operators=operators)
        self._operators = operators
        hints = []
        for hint in ("is_non_singular", "is_self_adjoint", "is_positive_definite", "is_square"):
            given = parameters[hint]
            hints.append(True if given is None and all(getattr(o, hint) for o in operators) else given)
        super().__init__(operators[0].dtype, None, *hints, name or "_x_".join(o.name for o in operators), parameters)

    @property
    def operators(self):
        return self._operators

    def _shape(self):
        sizes = [1, 1]
        for o in self._operators:
            sizes = [
                None if n is None or m is None else n * m for n, m in zip(sizes, o.shape.as_list()[-2:], strict=True)
            ]
        return TensorShape([*both_batches(*self._operators).as_list(), *sizes])

    def _shape_tensor(self):
        sizes = functools.reduce(p.mul, [o.shape_tensor()[-2:] for o in self._operators])
        return concat([batches_tensor(*self._operators), sizes], 0)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        x = adjoint_of(x) if adjoint_arg else x
        return self._each(x, -2 if adjoint else -1, lambda o, y: o.matmul(y, adjoint=adjoint))

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        return self._each(rhs, -1, lambda o, y: o.solve(y, adjoint=adjoint))

    def _to_dense(self):
        if any(None in o.shape.as_list() for o in self._operators):
            return super()._to_dense()
        return functools.reduce(_kronecker, (o.to_dense() for o in self._operators))

    def _each(self, x, side, apply):
        """`apply` of each factor along its part of the rows: the first part of them is brought last, one by one."""
        x = stretched(x, self.batch_shape, self.batch_shape_tensor())
        columns = shape(x)[-1:]
        lead = shape(x)[:-2]
        for operator in self._operators:
            known = operator.shape[side]
            n = operator.shape_tensor()[side] if known is None else known
            x = reshape(x, concat([lead, [n], [-1]], 0))
            y = apply(operator, x)
            # [m, rest * columns] -> [rest, m, columns]
            m = shape(y)[-2:-1]
            y = reshape(y, concat([lead, m, [-1], columns], 0))
            rank = len(y.shape_tuple)
            y = p.transpose(y, perm=(*range(rank - 3), rank - 2, rank - 3, rank - 1))
            x = reshape(y, concat([lead, [-1], columns], 0))
        return x

    def _powers(self):
        """Of each factor, how often its determinant counts."""
        n = self.shape[-1]
        if n is None:
            raise NotImplementedError("the determinant of a Kronecker product needs to know its size while tracing")
        return [n // max(o.shape[-1], 1) for o in self._operators]

    def _must_be_squares(self):
        for o in self._operators:
            o._must_be_square("Determinant of a factor")

    def _determinant(self):
        self._must_be_squares()
        parts = []
        for o, k in zip(self._operators, self._powers(), strict=True):
            d = o.determinant()
            parts.append(p.pow_(d, convert_to_tensor(k, d.dtype)))
        return functools.reduce(p.mul, parts)

    def _log_abs_determinant(self):
        self._must_be_squares()
        parts = []
        for o, k in zip(self._operators, self._powers(), strict=True):
            d = o.log_abs_determinant()
            parts.append(p.mul(d, convert_to_tensor(k, d.dtype)))
        return functools.reduce(p.add, parts)

    def _trace(self):
        return functools.reduce(p.mul, [o.trace() for o in self._operators])

    def _diag_part(self):
        return self._outer([o.diag_part() for o in self._operators])

    def _eigvals(self):
        return self._outer([o.eigvals() for o in self._operators])

    def _outer(self, vectors):
        out = vectors[0]
        for v in vectors[1:]:
            a, b = len(out.shape_tuple), len(v.shape_tuple)
            pairs = p.mul(p.expand_dims(out, axes=(a,)), p.expand_dims(v, axes=(b - 1,)))
            out = reshape(pairs, concat([shape(pairs)[:-2], [-1]], 0))
        return out

    def _adjoint(self):
        return LinearOperatorKronecker([o.adjoint() for o in self._operators])

    def _inverse(self):
        return LinearOperatorKronecker([o.inverse() for o in self._operators])

    def _cholesky(self):
        return LinearOperatorKronecker([o.cholesky() for o in self._operators])


class LinearOperatorLowRankUpdate(LinearOperator):
    """`base_operator + u @ diag(diag_update) @ v^H`, with `u` `[..., m, k]` and `v` `[..., n, k]` (`u` by default)."""

    def __init__(
        self,
        base_operator,
        u,
        diag_update=None,
        v=None,
        is_diag_update_positive=None,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name="LinearOperatorLowRankUpdate",
    ):
        parameters = dict(locals(), u=tensor_of(u, "u"))
        parameters["v"] = None if v is None else tensor_of(v, "v")
        parameters["diag_update"] = None if diag_update is None else tensor_of(diag_update, "diag_update")
        self._base, self._u, self._v = base_operator, parameters["u"], parameters["v"]
        self._update = parameters["diag_update"]
        if diag_update is None:
            if is_diag_update_positive is False:
                raise ValueError("Default diagonal is the identity, which is positive.")
            is_diag_update_positive = True
        self._update_positive = is_diag_update_positive
        if v is None and is_self_adjoint is None and base_operator.is_self_adjoint and not self._u.dtype.is_complex:
            is_self_adjoint = True
        if (
            v is None
            and is_positive_definite is None
            and base_operator.is_positive_definite
            and is_diag_update_positive
        ):
            is_positive_definite = True
        super().__init__(
            base_operator.dtype,
            None,
            is_non_singular,
            is_self_adjoint,
            is_positive_definite,
            is_square,
            name,
            parameters,
        )

    @property
    def base_operator(self):
        return self._base

    @property
    def u(self):
        return self._u

    @property
    def v(self):
        return self._u if self._v is None else self._v

    @property
    def diag_update(self):
        return self._update

    @property
    def is_diag_update_positive(self):
        return self._update_positive

    @property
    def diag_operator(self):
        """The operator of what stands between u and v."""
        return LinearOperatorDiag(self._between())

    def _between(self):
        if self._update is not None:
            return convert_to_tensor(self._update)
        u = convert_to_tensor(self._u)
        return p.add(p.mul(u[..., 0, :], convert_to_tensor(0, u.dtype)), convert_to_tensor(1, u.dtype))

    def _shape(self):
        *batch, rows, columns = self._base.shape.as_list()
        static = TensorShape(batch)
        for t in (self._u, self.v):
            static = broadcast_static_shape(static, TensorShape(TensorShape(t.shape).as_list()[:-2]))
        return TensorShape([*static.as_list(), rows, columns])

    def _scaled(self, adjoint):
        """(left, right) with `left @ right^H` the update, or its adjoint."""
        u, v = convert_to_tensor(self._u), convert_to_tensor(self.v)
        if self._update is not None:
            d = convert_to_tensor(self._update)
            u = p.mul(u, p.expand_dims(d, axes=(len(d.shape_tuple) - 1,)))
        return (v, u) if adjoint else (u, v)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        x = adjoint_of(x) if adjoint_arg else x
        left, right = self._scaled(adjoint)
        return p.add(self._base.matmul(x, adjoint=adjoint), matmul(left, matmul(right, x, adjoint_a=True)))

    def _capacitance(self, adjoint):
        """(base^-1 left, right, 1 + right^H base^-1 left)."""
        left, right = self._scaled(adjoint)
        solved = self._base.solve(left, adjoint=adjoint)
        small = matmul(right, solved, adjoint_a=True)
        return solved, right, p.add(small, eye(shape(small)[-1], dtype=self.dtype))

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        """By Woodbury's identity."""
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        first = self._base.solve(rhs, adjoint=adjoint)
        solved, right, small = self._capacitance(adjoint)
        return p.sub(first, matmul(solved, solve(small, matmul(right, first, adjoint_a=True))))

    def _determinant(self):
        return p.mul(self._base.determinant(), det(self._capacitance(False)[2]))

    def _log_abs_determinant(self):
        small = slogdet(self._capacitance(False)[2]).log_abs_determinant
        return p.add(self._base.log_abs_determinant(), small)

    def _to_dense(self):
        left, right = self._scaled(False)
        return p.add(self._base.to_dense(), matmul(left, right, adjoint_b=True))

    def _diag_part(self):
        left, right = self._scaled(False)
        return p.add(self._base.diag_part(), reduce_sum(p.mul(left, conj(right)), -1))


register_kind("adjoint", LinearOperatorAdjoint)
register_kind("inverse", LinearOperatorInversion)
register_kind("composition", LinearOperatorComposition)
