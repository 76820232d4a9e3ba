"""Factorizations in blocks with the vectors of each machine."""

import platform

import numpy as np
import pytest

MACHINES = ["native", *(["x86-64", "x86-64-v3"] if platform.machine() == "x86_64" else [])]
N, COLUMNS = 150, 21


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("machine", MACHINES)
def test_factors_and_solutions(compiled, machine, dtype):
    numpy_type = np.float32 if dtype == "f32" else np.float64
    rng = np.random.default_rng(0)
    a = rng.normal(size=(N, N)) + 20 * np.eye(N)
    x, b = (a @ a.T / N).astype(numpy_type), rng.normal(size=(N, COLUMNS)).astype(numpy_type)
    square, rows = f"tensor<{N}x{N}x{dtype}>", f"tensor<{N}x{COLUMNS}x{dtype}>"
    host = compiled(
        f"""
func.func @f(%x: {square}, %b: {rows}) -> ({square}, {rows}) attributes {{tfc.entry}} {{
  %l = tfc.cholesky %x : ({square}) -> {square}
  %y = tfc.solve %x, %b : ({square}, {rows}) -> {rows}
  return %l, %y : {square}, {rows}
}}""",
        cpu=machine,
    )
    lower, solution = host("f", x, b)
    assert host.status == 0
    tolerance = {"rtol": 2e-4, "atol": 2e-5} if dtype == "f32" else {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(lower, np.linalg.cholesky(x.astype(np.float64)), **tolerance)
    np.testing.assert_allclose(solution, np.linalg.solve(x.astype(np.float64), b), **tolerance)
