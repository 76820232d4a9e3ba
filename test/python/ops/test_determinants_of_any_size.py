"""A determinant is right wherever its type has it, also where a product of some pivots is beyond the largest number or below the smallest one; a singular matrix of any order has 0."""

import numpy as np
import pytest
import tfc as tf

WAYS = {"eager": lambda f: f, "compiled": tf.function}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("order", [6, 40])
def test_parts_of_the_product_may_be_out_of_range(order, dtype, way):
    far = 1e30 if dtype in ("float32", "complex64") else 1e300
    half = order // 2
    x = np.diag(np.array([far] * half + [1 / far] * (order - half), dtype))
    for pivots in (x, x[::-1, ::-1].copy()):
        # What is not exact is the logarithm of pivots in float64: of the order of 700 for each.
        np.testing.assert_allclose(WAYS[way](tf.linalg.det)(pivots), 1, rtol=order * 700 * 2.3e-16 + 1e-6)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
@pytest.mark.parametrize("order", [4, 64, 400])
def test_a_singular_matrix_has_none(order, dtype, way):
    x = np.random.default_rng(1).normal(size=(2, order, order)).astype(dtype)
    x[:, order // 2] = 0
    np.testing.assert_array_equal(WAYS[way](tf.linalg.det)(x), [0, 0])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_the_gradient_is_the_determinant_times_the_inverse(scale, way):
    x = np.random.default_rng(0).normal(size=(30, 30))
    x[:15] *= scale
    x[15:] /= scale

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.linalg.det(x)
        return tape.gradient(y, x)

    want = np.linalg.det(x) * np.linalg.inv(x).T
    np.testing.assert_allclose(WAYS[way](gradient)(tf.constant(x)), want, rtol=1e-6)


def test_a_determinant_beyond_the_largest_number_is_infinite():
    np.testing.assert_array_equal(tf.function(tf.linalg.det)(np.diag([-1e300] + [1e300] * 5)), -np.inf)
    np.testing.assert_array_equal(tf.linalg.det(np.diag([-1e300] + [1e300] * 5)), -np.inf)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", ["float32", "complex64"])
@pytest.mark.parametrize("pivots", [[1e-30, 1e20, 1e20], [1e30, 1e30, 1e-30, 1e-20], [1e-30, 1e-20, 1e30, 1e30]])
def test_small_matrices_of_float32_neither(pivots, dtype, way):
    """Whose determinants are computed as they are defined."""
    got = WAYS[way](tf.linalg.det)(np.diag(np.array(pivots, dtype)))
    np.testing.assert_allclose(got, 1e10, rtol=1e-6)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("pivots", [[1e200, 1e200, 1e-200, 1e-200], [1e-200, 1e-200, 1e200, 1e200]])
def test_minors_of_order_4_may_leave_the_range(pivots, dtype, way):
    got = WAYS[way](tf.linalg.det)(np.diag(np.array(pivots, dtype)))
    np.testing.assert_allclose(got, 1, rtol=1e-6)
