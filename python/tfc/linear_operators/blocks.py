"""Operators made of blocks. Their products also take and return lists of blocks."""

import functools

from tfc.dtypes import TensorShape, broadcast_static_shape
from tfc.linear_operators.base import LinearOperator, batches_tensor, both_batches, stretched
from tfc.linear_operators.compound import _check_operators
from tfc.ops import primitives as p
from tfc.ops.array import concat, shape
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import zeros
from tfc.ops.linalg import adjoint as adjoint_of
from tfc.ops.reductions import reduce_sum


def _sum_of(sizes):
    return None if None in sizes else sum(sizes)


def _joined(parts, axis=-2):
    """Blocks below each other, with the leading dimensions that theirs broadcast to."""
    rank = max(len(t.shape_tuple) for t in parts)
    tail = -axis
    static = TensorShape([])
    for t in parts:
        static = broadcast_static_shape(static, TensorShape(t.shape_tuple[: len(t.shape_tuple) - tail]))
    if static.is_fully_defined() and all(None not in t.shape_tuple for t in parts):
        lead = tuple(static.as_list())
        wide = [p.broadcast_to(t, shape=(*lead, *t.shape_tuple[len(t.shape_tuple) - tail :])) for t in parts]
    else:
        sums = functools.reduce(p.add, [reduce_sum(t, tuple(range(-tail, 0))) for t in parts])
        lead = shape(sums)
        wide = [p.dynamic_broadcast_to(t, concat([lead, shape(t)[-tail:]], 0)) for t in parts]
    return concat(wide, rank + axis)


class _Blocks(LinearOperator):
    def _sizes(self, side):
        """Rows (-2) or columns (-1) of each block on the diagonal."""
        raise NotImplementedError

    def _split(self, x, side):
        known = self._sizes(side)
        if None in known:
            raise NotImplementedError("an operator of blocks needs to know their sizes while tracing")
        parts, start = [], 0
        for n in known:
            parts.append(x[..., start : start + n, :])
            start += n
        return parts

    def _with_lists(self, x, side, adjoint_arg, function):
        """`function` of the blocks of x, which is a tensor or a list of blocks; the result is of the same kind."""
        if isinstance(x, (list, tuple)):
            parts = [convert_to_tensor(t, None if hasattr(t, "dtype") else self.dtype) for t in x]
            if len(parts) != len(self._sizes(side)):
                raise ValueError(f"Expected {len(self._sizes(side))} blocks, got {len(parts)}")
            return function([adjoint_of(t) if adjoint_arg else t for t in parts])
        return _joined(function(self._split(adjoint_of(x) if adjoint_arg else x, side)))

    def matmul(self, x, adjoint=False, adjoint_arg=False, name="matmul"):
        if isinstance(x, (list, tuple)):
            return self._matmul(x, adjoint, adjoint_arg)
        return super().matmul(x, adjoint, adjoint_arg, name)

    def matvec(self, x, adjoint=False, name="matvec"):
        if isinstance(x, (list, tuple)):
            columns = [convert_to_tensor(t)[..., None] for t in x]
            return [t[..., 0] for t in self._matmul(columns, adjoint)]
        return super().matvec(x, adjoint, name)

    def solve(self, rhs, adjoint=False, adjoint_arg=False, name="solve"):
        if isinstance(rhs, (list, tuple)):
            return self._solve(rhs, adjoint, adjoint_arg)
        return super().solve(rhs, adjoint, adjoint_arg, name)

    def solvevec(self, rhs, adjoint=False, name="solve"):
        if isinstance(rhs, (list, tuple)):
            columns = [convert_to_tensor(t)[..., None] for t in rhs]
            return [t[..., 0] for t in self._solve(columns, adjoint)]
        return super().solvevec(rhs, adjoint, name)


class LinearOperatorBlockDiag(_Blocks):
    """Operators along the diagonal, zeros beside them."""

    def __init__(
        self,
        operators,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=True,
        name=None,
    ):
        operators = _check_operators(operators, "block diagonal operator")
        parameters = dict(locals(), operators=operators)
        self._operators = operators
        hints = []
        for hint in ("is_non_singular", "is_self_adjoint", "is_positive_definite"):
            given = parameters[hint]
            hints.append(True if given is None and all(getattr(o, hint) for o in operators) else given)
        is_square = is_square if all(o.is_square is not False for o in operators) else None
        name = name or "_ds_".join(o.name for o in operators)
        super().__init__(operators[0].dtype, None, *hints, is_square, name, parameters)

    @property
    def operators(self):
        return self._operators

    def _sizes(self, side):
        return [o.shape[side] for o in self._operators]

    def _shape(self):
        batch = both_batches(*self._operators).as_list()
        return TensorShape([*batch, _sum_of(self._sizes(-2)), _sum_of(self._sizes(-1))])

    def _shape_tensor(self):
        sizes = functools.reduce(p.add, [o.shape_tensor()[-2:] for o in self._operators])
        return concat([batches_tensor(*self._operators), sizes], 0)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        def each(parts):
            return [o.matmul(t, adjoint=adjoint) for o, t in zip(self._operators, parts, strict=True)]

        return self._with_lists(x, -2 if adjoint else -1, adjoint_arg, each)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        def each(parts):
            return [o.solve(t, adjoint=adjoint) for o, t in zip(self._operators, parts, strict=True)]

        return self._with_lists(rhs, -1 if adjoint else -2, adjoint_arg, each)

    def _determinant(self):
        return functools.reduce(p.mul, [o.determinant() for o in self._operators])

    def _log_abs_determinant(self):
        return functools.reduce(p.add, [o.log_abs_determinant() for o in self._operators])

    def _trace(self):
        return functools.reduce(p.add, [o.trace() for o in self._operators])

    def _diag_part(self):
        if not all(o.is_square for o in self._operators):
            return super()._diag_part()
        return _joined([o.diag_part() for o in self._operators], -1)

    def _eigvals(self):
        return _joined([o.eigvals() for o in self._operators], -1)

    def _adjoint(self):
        return LinearOperatorBlockDiag([o.adjoint() for o in self._operators])

    def _inverse(self):
        return LinearOperatorBlockDiag([o.inverse() for o in self._operators])

    def _cholesky(self):
        return LinearOperatorBlockDiag([o.cholesky() for o in self._operators], is_non_singular=True)


class LinearOperatorBlockLowerTriangular(_Blocks):
    """Rows of blocks: `operators[i]` are the i + 1 blocks up to the diagonal of row i; zeros behind them."""

    def __init__(
        self,
        operators,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=None,
        name="LinearOperatorBlockLowerTriangular",
    ):
        rows = [_check_operators(row, "block triangular operator") for row in operators]
        if [len(row) for row in rows] != list(range(1, len(rows) + 1)):
            raise ValueError("Argument `operators` must be rows of 1, 2, 3... blocks.")
        parameters = dict(locals(), operators=rows)
        self._rows = rows
        if is_non_singular is None and all(row[-1].is_non_singular for row in rows):
            is_non_singular = True
        super().__init__(
            rows[0][0].dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name, parameters
        )

    @property
    def operators(self):
        return self._rows

    def _blocks(self):
        return [o for row in self._rows for o in row]

    def _sizes(self, side):
        return [row[-1].shape[side] for row in self._rows]

    def _shape(self):
        batch = both_batches(*self._blocks()).as_list()
        return TensorShape([*batch, _sum_of(self._sizes(-2)), _sum_of(self._sizes(-1))])

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        count = len(self._rows)

        def products(parts):
            sums = []
            for i in range(count):
                if adjoint:
                    terms = [self._rows[j][i].matmul(parts[j], adjoint=True) for j in range(i, count)]
                else:
                    terms = [self._rows[i][j].matmul(parts[j]) for j in range(i + 1)]
                sums.append(functools.reduce(p.add, terms))
            return sums

        return self._with_lists(x, -2 if adjoint else -1, adjoint_arg, products)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        """By forward substitution (backward, for the adjoint)."""
        count = len(self._rows)

        def substituted(parts):
            solved = [None] * count
            for i in reversed(range(count)) if adjoint else range(count):
                rest = parts[i]
                for j in range(i + 1, count) if adjoint else range(i):
                    block = self._rows[j][i] if adjoint else self._rows[i][j]
                    rest = p.sub(rest, block.matmul(solved[j], adjoint=adjoint))
                solved[i] = self._rows[i][i].solve(rest, adjoint=adjoint)
            return solved

        return self._with_lists(rhs, -1 if adjoint else -2, adjoint_arg, substituted)

    def _determinant(self):
        return functools.reduce(p.mul, [row[-1].determinant() for row in self._rows])

    def _log_abs_determinant(self):
        return functools.reduce(p.add, [row[-1].log_abs_determinant() for row in self._rows])

    def _trace(self):
        return functools.reduce(p.add, [row[-1].trace() for row in self._rows])

    def _diag_part(self):
        return _joined([row[-1].diag_part() for row in self._rows], -1)

    def _to_dense(self):
        batch = both_batches(*self._blocks())
        lines = []
        for i, row in enumerate(self._rows):
            parts = [adjoint_of(o.to_dense()) for o in row]
            behind = [o[-1] for o in self._rows[i + 1 :]]
            parts += [zeros([o.shape[-1], row[-1].shape[-2]], self.dtype) for o in behind]
            lines.append(adjoint_of(_joined(parts)))
        return stretched(_joined(lines), batch, batches_tensor(*self._blocks()))
