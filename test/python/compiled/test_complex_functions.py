"""Functions of complex numbers, compiled: near branch points, far away, and at C99's special values, as numpy's."""

import itertools

import numpy as np
import pytest
import tfc as tf

PARTS = [
    0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 1e-160, -1e-200, 1e-30, 1e160, -1e200, 88.5, -89.5, 300.0, 710.3, -709.9,
    1 + 2**-40, 1 - 2**-45, 1e-9, np.inf, -np.inf, np.nan,
]  # fmt: skip
FUNCTIONS = {
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh, "acosh": np.arccosh,
    "atanh": np.arctanh, "sin": np.sin, "cos": np.cos, "sinh": np.sinh, "cosh": np.cosh, "tan": np.tan, "tanh": np.tanh,
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt,
}  # fmt: skip


def numbers(dtype):
    rng = np.random.default_rng(0)
    scattered = (rng.normal(size=300) + 1j * rng.normal(size=300)) * np.exp(rng.normal(size=300) * 5)
    z = np.concatenate([[complex(*z) for z in itertools.product(PARTS, PARTS)], scattered])
    with np.errstate(all="ignore"):
        return z.astype(dtype)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128], ids=lambda d: d.__name__)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_parts_are_within_four_ulp_of_numpys(name, dtype):
    x = numbers(dtype)
    with np.errstate(all="ignore"):
        # complex64 against a result that is rounded once.
        want = FUNCTIONS[name](x.astype(np.complex128)).astype(dtype)
    got = tf.function(getattr(tf.math, name), autograph=False)(x).numpy()
    finite = np.isfinite(x)
    for part in ("real", "imag"):
        g, w = getattr(got, part), getattr(want, part)
        with np.errstate(all="ignore"):
            close = np.abs(g - w) <= 4 * np.finfo(dtype).eps * np.maximum(np.abs(w), np.finfo(dtype).tiny)
        same = (g == w) | (np.isnan(g) & np.isnan(w))
        wrong = ~(same | close)
        assert not wrong.any(), f"{part} of {name}{x[wrong][0]}: {g[wrong][0]}, want {w[wrong][0]}"
        # C99 leaves some signs of zero open where a part of the argument is infinite or NaN.
        signs = (w == 0) & finite & (np.signbit(g) != np.signbit(w))
        assert not signs.any(), f"sign of {part} of {name}{x[signs][0]}: {g[signs][0]}, want {w[signs][0]}"


@pytest.mark.parametrize("name", ["asin", "acos", "atan", "asinh", "acosh", "atanh"])
def test_the_gradient_of_a_compiled_inverse_is_the_eager_one(name):
    x = tf.constant(numbers(np.complex128)[-50:])

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = getattr(tf.math, name)(x)
        return tape.gradient(y, x)

    np.testing.assert_allclose(tf.function(slope, autograph=False)(x), slope(x), rtol=1e-12)
