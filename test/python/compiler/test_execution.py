"""Hand-written linalg, compiled and run: values, places, dynamic memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

RNG = np.random.default_rng(0)


def f32(*shape):
    return RNG.standard_normal(shape, np.float32)


def matmul(m, k, n, dtype="f32"):
    zero = "0.0" if dtype[0] == "f" else "0"
    dims = "".join(
        f"%{d} = tensor.dim %{t}, %c{i} : {ty}\n"
        for d, t, i, ty, size in (
            ("m", "a", 0, f"tensor<{m}x{k}x{dtype}>", m),
            ("n", "b", 1, f"tensor<{k}x{n}x{dtype}>", n),
        )
        if size == "?"
    )
    args = ", ".join(f"%{d}" for d, size in (("m", m), ("n", n)) if size == "?")
    return f"""
    func.func @f(%a: tensor<{m}x{k}x{dtype}>, %b: tensor<{k}x{n}x{dtype}>) -> tensor<{m}x{n}x{dtype}>
        attributes {{tfc.entry}} {{
      %z = arith.constant {zero} : {dtype}
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      {dims}
      %e = tensor.empty({args}) : tensor<{m}x{n}x{dtype}>
      %f = linalg.fill ins(%z : {dtype}) outs(%e : tensor<{m}x{n}x{dtype}>) -> tensor<{m}x{n}x{dtype}>
      %r = linalg.matmul ins(%a, %b : tensor<{m}x{k}x{dtype}>, tensor<{k}x{n}x{dtype}>)
        outs(%f : tensor<{m}x{n}x{dtype}>) -> tensor<{m}x{n}x{dtype}>
      return %r : tensor<{m}x{n}x{dtype}>
    }}"""


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 16), (5, 3, 2), (4, 4, 4), (9, 13, 33), (16, 2, 1), (6, 0, 4)])
def test_matmul_of_static_size(compiled, shape):
    m, k, n = shape
    a, b = f32(m, k), f32(k, n)
    (r,) = compiled(matmul(m, k, n))("f", a, b)
    np.testing.assert_allclose(r, a @ b, rtol=1e-5, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(m=st.integers(0, 9), k=st.integers(0, 9), n=st.integers(0, 20))
def test_matmul_of_dynamic_size(compiled, m, k, n):
    a, b = f32(m, k), f32(k, n)
    host = compiled(matmul("?", "?", "?"))
    (r,) = host("f", a, b)
    np.testing.assert_allclose(r, a @ b, rtol=1e-5, atol=1e-5)
    assert not host.live


def test_integer_matmul_is_exact(compiled):
    a, b = RNG.integers(-99, 99, (5, 6)), RNG.integers(-99, 99, (6, 7))
    (r,) = compiled(matmul(5, 6, 7, "i64"))("f", a, b)
    np.testing.assert_array_equal(r, a @ b)


def reduction(axis, shape=(7, 21)):
    m, n = shape
    out = (n, m)[axis]
    maps = f"affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> ({('d1', 'd0')[axis]})>"
    kinds = ['"reduction", "parallel"', '"parallel", "reduction"'][axis]
    return f"""
    func.func @f(%a: tensor<{m}x{n}xf32>) -> tensor<{out}xf32> attributes {{tfc.entry}} {{
      %z = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<{out}xf32>
      %i = linalg.fill ins(%z : f32) outs(%e : tensor<{out}xf32>) -> tensor<{out}xf32>
      %r = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}}
          ins(%a : tensor<{m}x{n}xf32>) outs(%i : tensor<{out}xf32>) {{
        ^bb0(%x: f32, %acc: f32):
          %s = arith.addf %acc, %x fastmath<reassoc> : f32
          linalg.yield %s : f32
      }} -> tensor<{out}xf32>
      return %r : tensor<{out}xf32>
    }}"""


@pytest.mark.parametrize("axis", [0, 1])
def test_sum_over_rows_and_columns(compiled, axis):
    a = f32(7, 21)
    (r,) = compiled(reduction(axis))("f", a)
    np.testing.assert_allclose(r, a.sum(axis), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_every_optimization_level_computes_the_same(compiled, level):
    a = f32(7, 21)
    (r,) = compiled(reduction(1), opt_level=level)("f", a)
    np.testing.assert_allclose(r, a.sum(1), rtol=1e-5, atol=1e-5)


def test_strict_sum_is_in_order(compiled):
    """Without `reassociate` the sum is the sequential one, bit for bit."""
    a = f32(7, 21)
    (r,) = compiled(reduction(1), reassociate=False, contract=False)("f", a)
    expected = np.zeros(7, np.float32)
    for column in a.T:
        expected += column
    np.testing.assert_array_equal(r, expected)


CONSTANT = """
func.func @f(%x: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>) attributes {tfc.entry} {
  %c = arith.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  return %x, %c : tensor<4xi32>, tensor<4xi32>
}"""


def test_arguments_and_constants_can_be_results(compiled):
    x = np.arange(4, dtype=np.int32)
    same, constant = compiled(CONSTANT)("f", x)
    assert same.tolist() == [0, 1, 2, 3] and constant.tolist() == [1, 2, 3, 4]


GROW = """
func.func @f(%x: tensor<?xf32>, %n: tensor<i64>, %limit: tensor<i64>) -> tensor<?xf32> attributes {tfc.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f32
  %n0 = tensor.extract %n[] : tensor<i64>
  %n1 = arith.index_cast %n0 : i64 to index
  %l0 = tensor.extract %limit[] : tensor<i64>
  %l1 = arith.index_cast %l0 : i64 to index
  %r = scf.for %i = %c0 to %n1 step %c1 iter_args(%a = %x) -> tensor<?xf32> {
    %bad = arith.cmpi eq, %i, %l1 : index
    scf.for %j = %c0 to %c1 step %c1 {
      scf.if %bad {
        tfcrt.abort "limit {}", %limit, %a : tensor<i64>, tensor<?xf32>
          {code = 2 : i64, summarize = 3 : i64, dtypes = array<i32: 4, 11>}
      }
    }
    %d = tensor.dim %a, %c0 : tensor<?xf32>
    %d1 = arith.addi %d, %c1 : index
    %e = tensor.empty(%d1) : tensor<?xf32>
    %f = linalg.fill ins(%one : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    %s = tensor.insert_slice %a into %f[0] [%d] [1] : tensor<?xf32> into tensor<?xf32>
    scf.yield %s : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}"""


def scalar(value):
    return np.array(value, np.int64)


def test_loop_may_change_a_size(compiled):
    host = compiled(GROW)
    (r,) = host("f", np.arange(3, dtype=np.float32), scalar(4), scalar(-1))
    assert r.tolist() == [0, 1, 2, 1, 1, 1, 1]
    assert not host.live


def test_dynamic_memory_of_an_iteration_is_freed_in_the_next(compiled):
    host = compiled(GROW)
    most = 0
    allocate = host._allocate

    def watch(context, count):
        nonlocal most
        address = allocate(context, count)
        most = max(most, len(host.live))
        return address

    host._allocate = watch
    try:
        host("f", np.zeros(1, np.float32), scalar(50), scalar(-1))
    finally:
        del host._allocate
    assert host.allocations > 50 and most <= 4


def test_abort_in_nested_loops_leaves_the_entry_and_frees(compiled):
    host = compiled(GROW)
    host("f", np.zeros(2, np.float32), scalar(5), scalar(3))
    assert host.status == 2 and not host.live
    ((code, message, location, (limit, value)),) = host.reports
    assert (code, message, limit, value.tolist()) == (2, "limit {}", 3, [0, 0, 1, 1, 1])
    assert location.endswith(":14:9")


@pytest.mark.parametrize("which", range(1, 7))
def test_out_of_memory_is_a_status(compiled, which):
    host = compiled(GROW)
    host.fail_at = which
    try:
        host("f", np.zeros(3, np.float32), scalar(4), scalar(-1))
    finally:
        host.fail_at = None
    assert host.status == 3 and not host.live
    assert [(code, message) for code, message, *_ in host.reports] == [(3, "out of memory")]


PRINT = """
func.func @f(%x: tensor<2x3xf32>, %v: memref<f32>) attributes {tfc.entry} {
  %row = tensor.extract_slice %x[0, 1] [2, 1] [1, 1] : tensor<2x3xf32> to tensor<2xf32>
  tfcrt.print "{} {}", %x, %row : tensor<2x3xf32>, tensor<2xf32>
    {summarize = -1 : i64, stream = "stdout", dtypes = array<i32: 11, 11>}
  %one = arith.constant dense<1.0> : tensor<f32>
  bufferization.materialize_in_destination %one in restrict writable %v : (tensor<f32>, memref<f32>) -> ()
  tfcrt.print "no tensors" {summarize = 3 : i64, stream = "stderr", dtypes = array<i32>}
  return
}"""


def test_print_gives_dense_tensors(compiled):
    host = compiled(PRINT)
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    host("f", x, np.zeros((), np.float32))
    (text, summarize, stream, (whole, column)), second = host.prints
    assert (text, summarize, stream) == ("{} {}", -1, "stdout")
    np.testing.assert_array_equal(whole, x)
    np.testing.assert_array_equal(column, x[:, 1])
    assert second == ("no tensors", 3, "stderr", [])


def test_print_that_fails_stops_with_its_status(compiled):
    host = compiled(PRINT)
    v = np.zeros((), np.float32)
    host.print_status = 7
    try:
        host("f", np.zeros((2, 3), np.float32), v)
    finally:
        host.print_status = 0
    assert host.status == 7 and len(host.prints) == 1 and not host.reports and v == 0
