"""What tests of rows of matrices share: operands, and functions whose results have no free phases."""

import numpy as np
import tfc as tf
from tfc.ops import primitives as p
from tfc.ops.triangles import adjoint, product

DTYPES = [np.float64, np.complex128]
MATRIX_ROWS = ("tfc.ops.rows.matrix", "tfc.ops.rows.spectral")


def numbers(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    return x + 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else x


def positive(shape, dtype):
    x = numbers(shape, dtype)
    return x @ x.conj().swapaxes(-1, -2) + shape[-1] * np.eye(shape[-1])


def well(shape, dtype):
    return numbers(shape, dtype, 1) + 3 * np.eye(shape[-1])


def hermitian(x):
    return p.mul(p.add(x, adjoint(x)), tf.constant(np.array(0.5, x.dtype.np_dtype)))


def first(x, count=2):
    rank = len(x.shape_tuple)
    return p.slice_(x, starts=(0,) * rank, sizes=(*x.shape_tuple[:-1], count), strides=(1,) * rank)


def projector(v):
    """What does not depend on the phases of vectors."""
    return product(first(v), adjoint(first(v)))


def polar(a):
    s, u, v = p.svd(a, full=False)
    return [product(u, adjoint(v)), s]


def complex_of(x):
    return x if x.dtype.is_complex else p.complex_(x, tf.zeros_like(x))


def banded(shape, dtype):
    """Diagonals of which none is zero."""
    return numbers(shape, dtype, 2) + np.array([[0.5], [3.0], [0.5]])


# name -> (function of operands to a list of results without free phases, operands)
GRADIENTS = {
    "cholesky": (lambda x: [p.cholesky(hermitian(x))], lambda t: [positive((2, 3, 3), t)]),
    "solve": (lambda a, b: [p.solve(a, b)], lambda t: [well((2, 3, 3), t), numbers((2, 3, 2), t)]),
    "lu": (lambda a: [p.lu(a)[0]], lambda t: [well((2, 3, 3), t)]),
    "qr": (lambda a: list(p.qr(a, full=False)), lambda t: [numbers((2, 4, 3), t)]),
    "qr square": (lambda a: list(p.qr(a, full=True)), lambda t: [numbers((3, 3), t)]),
    "qr wide": (lambda a: list(p.qr(a, full=False)), lambda t: [numbers((2, 4), t)]),
    "eigh": (
        lambda a: [p.eigh(hermitian(a))[0], projector(p.eigh(hermitian(a))[1])],
        lambda t: [numbers((2, 3, 3), t)],
    ),
    "eig": (lambda a: [p.eig(a)[0], p.abs_(p.eig(a)[1])], lambda t: [numbers((2, 3, 3), t, 4)]),
    "sqrtm": (lambda a: [p.sqrtm(complex_of(a))], lambda t: [well((2, 3, 3), t)]),
    "logm": (lambda a: [p.logm(complex_of(a))], lambda t: [well((2, 3, 3), t)]),
    "tridiagonal_solve": (
        lambda a, b: [p.tridiagonal_solve(a, b, pivoting=True)],
        lambda t: [banded((2, 3, 4), t), numbers((2, 4, 2), t)],
    ),
    "svd": (lambda a: [*polar(a), projector(p.svd(a, full=False)[1])], lambda t: [numbers((3, 3), t)]),
    "svd tall": (lambda a: [*polar(a), projector(p.svd(a, full=False)[2])], lambda t: [numbers((4, 3), t)]),
    "svd wide": (lambda a: [*polar(a), projector(p.svd(a, full=False)[1])], lambda t: [numbers((3, 4), t)]),
}
for _lower in (True, False):
    for _unit in (True, False):
        GRADIENTS[f"triangular_solve {_lower} {_unit}"] = (
            lambda a, b, lower=_lower, unit=_unit: [p.triangular_solve(a, b, lower=lower, unit=unit)],
            lambda t: [well((2, 3, 3), t), numbers((2, 3, 2), t)],
        )


def weighted(function, *xs):
    """A real number made of all results."""
    total = 0.0
    for i, out in enumerate(function(*xs)):
        w = numbers(out.shape_tuple, out.dtype.np_dtype, seed=10 + i)
        part = tf.reduce_sum(tf.math.multiply(out, tf.constant(w)))
        total = total + (tf.math.real(part) if part.dtype.is_complex else part)
    return total
