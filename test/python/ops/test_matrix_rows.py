"""Rows of factorizations and linear systems: what they compute, and their gradients, first and second."""

import numpy as np
import pytest
import tfc as tf
from tfc.ops import primitives as p
from tfc.ops.table import OPS
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


def test_every_row_of_matrices_has_a_gradient_test():
    rows = {prim.name for prim, op in OPS.items() if op.numpy.__module__ in MATRIX_ROWS}
    assert rows - {"fft"} == {name.split()[0] for name in GRADIENTS}


def weighted(function, *xs):
    """A real number made of all results."""
    total = 0.0
    for i, out in enumerate(function(*xs)):
        w = numbers(out.shape_tuple, out.dtype.np_dtype, seed=10 + i)
        part = tf.reduce_sum(tf.math.multiply(out, tf.constant(w)))
        total = total + (tf.math.real(part) if part.dtype.is_complex else part)
    return total


def numeric(f, x, step):
    grad = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        for direction in (1, 1j) if x.dtype.kind == "c" else (1,):
            up, down = x.copy(), x.copy()
            up[i] += step * direction
            down[i] -= step * direction
            grad[i] += direction * (f(up) - f(down)) / (2 * step)
    return grad


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient_agrees_with_finite_differences(name, dtype):
    function, make = GRADIENTS[name]
    arrays = make(dtype)
    xs = [tf.constant(a) for a in arrays]
    with tf.GradientTape() as tape:
        tape.watch(xs)
        total = weighted(function, *xs)
    for i, grad in enumerate(tape.gradient(total, xs)):

        def value(x, i=i):
            return float(weighted(function, *[tf.constant(x) if k == i else xs[k] for k in range(len(xs))]))

        np.testing.assert_allclose(grad.numpy(), numeric(value, arrays[i], 1e-6), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", GRADIENTS)
def test_second_derivative_agrees_with_finite_differences(name):
    function, make = GRADIENTS[name]
    arrays = make(np.float64)
    xs = [tf.constant(a) for a in arrays]
    weight = numbers(arrays[0].shape, np.float64, 20)

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = weighted(function, x, *xs[1:])
        return tf.reduce_sum(tape.gradient(total, x) * weight)

    with tf.GradientTape() as outer:
        outer.watch(xs[0])
        total = slope(xs[0])
    got = outer.gradient(total, xs[0]).numpy()
    want = numeric(lambda x: float(slope(tf.constant(x))), arrays[0], 1e-5)
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


def test_a_matrix_that_is_not_positive_definite_has_a_factor_of_nan():
    x = np.stack([np.eye(2), -np.eye(2)])
    got = p.cholesky(tf.constant(x)).numpy()
    np.testing.assert_array_equal(got[0], np.eye(2))
    assert np.isnan(got[1]).all()


def test_full_qr_of_a_tall_matrix_has_no_gradient():
    x = tf.constant(numbers((3, 2), np.float64))
    with tf.GradientTape() as tape:
        tape.watch(x)
        q, _ = tf.linalg.qr(x, full_matrices=True)
    with pytest.raises(LookupError, match="full_matrices"):
        tape.gradient(q, x)
