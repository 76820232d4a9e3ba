"""Iterative solutions of linear systems of operators."""

import collections

from tfc.ops import primitives as p
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import conj
from tfc.ops.linalg import norm
from tfc.ops.reductions import reduce_any, reduce_sum

_State = collections.namedtuple("CGState", ["i", "x", "r", "p", "gamma"])


def conjugate_gradient(operator, rhs, preconditioner=None, x=None, tol=1e-5, max_iter=20, name="conjugate_gradient"):
    """(i, x, r, p, gamma) after steps towards x with `operator @ x == rhs`, for self adjoint positive definite ones.

    `rhs` `[..., n]`. Ends when the norm of the residual r is at most `tol` times that of `rhs`, or after `max_iter`
    steps.
    Source: Golub and Van Loan, "Matrix Computations", 11.5.
    """
    if not hasattr(operator, "is_self_adjoint"):
        raise TypeError(f"conjugate_gradient: `operator` is a LinearOperator, got {operator!r}")
    if not (operator.is_self_adjoint and operator.is_positive_definite):
        raise ValueError("Expected a self-adjoint, positive definite operator.")
    rhs = convert_to_tensor(rhs)
    zero = convert_to_tensor(0, rhs.dtype)
    limit = p.mul(convert_to_tensor(tol, rhs.dtype.real_dtype), norm(p.abs_(rhs), axis=-1))

    def dot(a, b):
        return reduce_sum(p.mul(conj(a), b), -1)

    def ratio(a, b):
        null = p.equal(b, zero)
        return p.select(null, zero, p.div(a, p.select(null, convert_to_tensor(1, b.dtype), b)))

    def beside(a):
        return p.expand_dims(a, axes=(len(a.shape_tuple),))

    def going(i, x, r, direction, gamma):
        return p.logical_and(
            p.less(i, convert_to_tensor(max_iter)), reduce_any(p.greater(norm(p.abs_(r), axis=-1), limit))
        )

    def step(i, x, r, direction, gamma):
        z = operator.matvec(direction)
        alpha = beside(ratio(gamma, dot(direction, z)))
        x, r = p.add(x, p.mul(alpha, direction)), p.sub(r, p.mul(alpha, z))
        q = r if preconditioner is None else preconditioner.matvec(r)
        after = dot(r, q)
        direction = p.add(q, p.mul(beside(ratio(after, gamma)), direction))
        return p.add(i, convert_to_tensor(1)), x, r, direction, after

    start = p.mul(rhs, zero) if x is None else convert_to_tensor(x)
    residual = rhs if x is None else p.sub(rhs, operator.matvec(start))
    first = residual if preconditioner is None else preconditioner.matvec(residual)
    state = while_loop(going, step, (convert_to_tensor(0), start, residual, first, dot(residual, first)))
    return _State(*state)
