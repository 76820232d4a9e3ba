"""Rows of factorizations and linear systems: what they compute, and their gradients, first and second."""

import numpy as np
import pytest
import tfc as tf
from matrices import DTYPES, GRADIENTS, MATRIX_ROWS, numbers, weighted
from tfc.ops import primitives as p
from tfc.ops.table import OPS


def test_every_row_of_matrices_has_a_gradient_test():
    rows = {prim.name for prim, op in OPS.items() if op.numpy.__module__ in MATRIX_ROWS}
    assert rows - {"fft"} == {name.split()[0] for name in GRADIENTS}


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
