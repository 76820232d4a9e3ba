"""Powers of float32 on several machines: with a branch for rare arguments, and without."""

import platform

import numpy as np
import pytest

X86 = platform.machine() == "x86_64"
MACHINES = ["native", *(["x86-64", "x86-64-v3"] if X86 else [])]
# One of each among ordinary numbers: what takes the branch.
RARE = np.array([0.0, -0.0, -1.0, -2.5, 1e-40, -1e-40, 3e38, -3e38, np.inf, -np.inf, np.nan, 1e30, 1e-30], np.float32)
EXPONENTS = np.array([2.0, 3.0, -1.0, 0.5, 0.0, -0.0, 4.0, -3.0, 7.5, np.inf, -np.inf, np.nan, 50.0], np.float32)


def power(n):
    t = f"tensor<{n}xf32>"
    return f"""
func.func @f(%x: {t}, %y: {t}) -> {t} attributes {{tfc.entry}} {{
  %r = tfc.pow %x, %y : ({t}, {t}) -> {t}
  return %r : {t}
}}"""


def arguments(n):
    rng = np.random.default_rng(n)
    return rng.uniform(0.1, 9, n).astype(np.float32), rng.uniform(-3, 3, n).astype(np.float32)


def assert_like_numpy(got, x, y):
    with np.errstate(all="ignore"):
        want = np.power(x.astype(np.float64), y.astype(np.float64)).astype(np.float32)
        np.testing.assert_allclose(got, want, rtol=2.4e-7, atol=3e-45)
    zero = want == 0
    assert np.array_equal(np.signbit(got[zero]), np.signbit(want[zero]))


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("n", [1, 7, 16, 33, None])
def test_ordinary_numbers(compiled, machine, n):
    x, y = arguments(n or 29)
    (got,) = compiled(power(n or "?"), cpu=machine)("f", x, y)
    assert_like_numpy(got, x, y)


@pytest.mark.parametrize("machine", MACHINES)
def test_rare_numbers_among_ordinary_ones(compiled, machine):
    call = compiled(power(40), cpu=machine)
    x, y = arguments(40)
    (ordinary,) = call("f", x, y)
    for place in (0, 5, 17, 39):
        for base in RARE:
            for exponent in EXPONENTS:
                x2, y2 = x.copy(), y.copy()
                x2[place], y2[place] = base, exponent
                (got,) = call("f", x2, y2)
                assert_like_numpy(got[place : place + 1], x2[place : place + 1], y2[place : place + 1])
                got[place] = ordinary[place]
                assert np.array_equal(got, ordinary)


@pytest.mark.parametrize("machine", MACHINES)
def test_results_at_the_ends_of_normal_numbers(compiled, machine):
    y = np.concatenate([np.linspace(-151, -124, 2000), np.linspace(124, 129, 2000)]).astype(np.float32)
    x = np.full(y.size, 2.0, np.float32)
    (got,) = compiled(power(y.size), cpu=machine)("f", x, y)
    assert_like_numpy(got, x, y)
