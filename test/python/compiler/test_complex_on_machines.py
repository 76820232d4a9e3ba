"""Complex numbers on several machines: vectors of any width, with masks and without, and what has no vectors."""

import platform

import numpy as np
import pytest

X86 = platform.machine() == "x86_64"
MACHINES = ["native", *(["x86-64", "x86-64-v3"] if X86 else [])]


def arithmetic(n, part):
    z, r = f"tensor<{n}xcomplex<{part}>>", f"tensor<{n}x{part}>"
    return f"""
func.func @f(%x: {z}, %y: {z}) -> ({z}, {r}) attributes {{tfc.entry}} {{
  %e = tfc.exp %x : ({z}) -> {z}
  %m = tfc.mul %e, %y : ({z}, {z}) -> {z}
  %c = tfc.conj %x : ({z}) -> {z}
  %s = tfc.add %m, %c : ({z}, {z}) -> {z}
  %a = tfc.abs %s : ({z}) -> {r}
  return %s, %a : {z}, {r}
}}"""


def sums(rows, columns):
    z = f"tensor<{rows}x{columns}xcomplex<f32>>"
    return f"""
func.func @f(%x: {z}) -> (tensor<{rows}xcomplex<f32>>, tensor<{columns}xcomplex<f32>>) attributes {{tfc.entry}} {{
  %r = tfc.reduce_sum %x {{axes = array<i64: 1>, keepdims = false}} : ({z}) -> tensor<{rows}xcomplex<f32>>
  %c = tfc.reduce_sum %x {{axes = array<i64: 0>, keepdims = false}} : ({z}) -> tensor<{columns}xcomplex<f32>>
  return %r, %c : tensor<{rows}xcomplex<f32>>, tensor<{columns}xcomplex<f32>>
}}"""


def transform(rows, n, part="f32"):
    z = f"tensor<{rows}x{n}xcomplex<{part}>>"
    return f"""
func.func @f(%x: {z}) -> {z} attributes {{tfc.entry}} {{
  %y = tfc.fft %x {{inverse = false}} : ({z}) -> {z}
  return %y : {z}
}}"""


def numbers(shape, dtype=np.complex64, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("n", [3, 16, 37, None])
@pytest.mark.parametrize("part", ["f32", "f64"])
def test_arithmetic(compiled, machine, n, part):
    dtype = np.complex64 if part == "f32" else np.complex128
    x, y = numbers(n or 29, dtype), numbers(n or 29, dtype, 1)
    got = compiled(arithmetic(n or "?", part), cpu=machine)("f", x, y)
    want = np.exp(x.astype(np.complex128)) * y + np.conj(x)
    tolerance = 1e-6 if part == "f32" else 1e-14
    np.testing.assert_allclose(got[0], want, rtol=4 * tolerance, atol=4 * tolerance)
    np.testing.assert_allclose(got[1], np.abs(want), rtol=4 * tolerance, atol=4 * tolerance)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("shape", [(7, 1000), (1000, 7), (130, 131)])
def test_sums(compiled, machine, shape):
    x = numbers(shape)
    got = compiled(sums(*shape), cpu=machine)("f", x)
    wide = x.astype(np.complex128)
    np.testing.assert_allclose(got[0], wide.sum(1), atol=2e-5)
    np.testing.assert_allclose(got[1], wide.sum(0), atol=2e-5)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("shape", [(20, 15), (3, 60), (1, 65536)])
def test_transforms(compiled, machine, shape):
    x = numbers(shape)
    (got,) = compiled(transform(*shape), cpu=machine)("f", x)
    np.testing.assert_allclose(got, np.fft.fft(x.astype(np.complex128)), atol=1e-6 * shape[1] ** 0.5 * 20)
