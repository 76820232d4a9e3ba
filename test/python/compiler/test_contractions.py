"""Matrix products against float64 numpy: sizes at and off the tiles' edges, known and unknown, on several machines."""

import itertools
import platform

import ml_dtypes
import numpy as np
import pytest

DTYPES = {
    "f32": (np.float32, 1e-6),
    "f64": (np.float64, 1e-14),
    "f16": (np.float16, 2e-3),
    "bf16": (ml_dtypes.bfloat16, 1.6e-2),
}
X86 = platform.machine() == "x86_64"
MACHINES = ["native", *(["x86-64", "x86-64-v3"] if X86 else [])]


def tensor(shape, dtype):
    return f"tensor<{'x'.join('?' if size is None else str(size) for size in shape)}x{dtype}>"


def matmul(x, y, z, dtype, transpose_x=False, transpose_y=False):
    x, y, z = (tensor(shape, dtype) for shape in (x, y, z))
    flags = f"{{transpose_x = {str(transpose_x).lower()}, transpose_y = {str(transpose_y).lower()}}}"
    return f"""
func.func @f(%x: {x}, %y: {y}) -> {z} attributes {{tfc.entry}} {{
  %r = tfc.matmul %x, %y {flags} : ({x}, {y}) -> {z}
  return %r : {z}
}}"""


def check(compiled, x, y, dtype="f32", transpose_x=False, transpose_y=False, unknown="", **options):
    """`x`, `y`: shapes before transposition; `unknown`: which of m, k, n, b(atch) the compiler does not know."""
    numpy_type, tolerance = DTYPES[dtype]
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(x), rng.standard_normal(y)

    def hide(shape, names):
        batch = [None if "b" in unknown else size for size in shape[:-2]]
        return batch + [None if name in unknown else size for name, size in zip(names, shape[-2:], strict=True)]

    z = (*np.broadcast_shapes(x[:-2], y[:-2]), x[-2], y[-1])
    xs, ys, zs = hide(x, "mk"), hide(y, "kn"), hide(z, "mn")
    if transpose_x:
        a, xs[-2:] = a.swapaxes(-1, -2), xs[:-3:-1]
    if transpose_y:
        b, ys[-2:] = b.swapaxes(-1, -2), ys[:-3:-1]
    a, b = np.ascontiguousarray(a, numpy_type), np.ascontiguousarray(b, numpy_type)
    host = compiled(matmul(xs, ys, zs, dtype, transpose_x, transpose_y), **options)
    (result,) = host("f", a, b)
    assert host.status == 0 and result.shape == z

    a, b = a.astype(np.float64), b.astype(np.float64)
    a = a.swapaxes(-1, -2) if transpose_x else a
    b = b.swapaxes(-1, -2) if transpose_y else b
    error = np.abs(result.astype(np.float64) - a @ b)
    assert np.all(error <= tolerance * (np.abs(a) @ np.abs(b)))


SIZES = [
    (1, 1, 1), (2, 3, 5), (10, 20, 40), (7, 33, 17), (1, 300, 130), (130, 300, 1), (61, 67, 71), (3, 700, 260),
]  # fmt: skip


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("unknown", ["", "m", "k", "mkn"])
def test_product_of_any_size(compiled, size, unknown):
    m, k, n = size
    for machine in MACHINES:
        check(compiled, (m, k), (k, n), unknown=unknown, cpu=machine)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("unknown", ["", "mkn"])
@pytest.mark.parametrize("transposed", [(True, False), (False, True), (True, True)], ids=["tn", "nt", "tt"])
def test_product_of_transposed_operands(compiled, size, unknown, transposed):
    m, k, n = size
    check(compiled, (m, k), (k, n), "f32", *transposed, unknown)


@pytest.mark.parametrize("size", [(0, 3, 4), (3, 0, 4), (3, 4, 0)], ids=str)
@pytest.mark.parametrize("unknown", ["", "mkn"])
def test_product_without_elements(compiled, size, unknown):
    m, k, n = size
    for transposed in itertools.product([False, True], repeat=2):
        check(compiled, (m, k), (k, n), "f32", *transposed, unknown)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("unknown", ["", "n", "mkn"])
@pytest.mark.parametrize("transposed", [(False, False), (True, True)], ids=["nn", "tt"])
def test_large_product_in_blocks(compiled, machine, unknown, transposed):
    check(compiled, (37, 513), (513, 700), "f32", *transposed, unknown, cpu=machine)


@pytest.mark.parametrize("dtype", ["f64", "f16", "bf16"])
@pytest.mark.parametrize("transpose_y", [False, True])
@pytest.mark.parametrize("unknown", ["", "mkn"])
def test_product_of_other_floats(compiled, dtype, transpose_y, unknown):
    check(compiled, (33, 67), (67, 35), dtype, False, transpose_y, unknown)


# Vectors of columns would be half empty: sums go along k, or in vectors of rows.


@pytest.mark.parametrize("n", [2, 3, 5, 8, 11, 12, 13, 17, 24, 25])
@pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True), (True, True)], ids=str)
def test_product_of_few_columns(compiled, n, transposed):
    for m, k in [(1, 40), (4, 129), (15, 16), (16, 130), (33, 7), (50, 211)]:
        for machine in MACHINES:
            check(compiled, (m, k), (k, n), "f32", *transposed, cpu=machine)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_columns_behind_whole_vectors(compiled, machine, dtype):
    for m, k, n in [(20, 100, 33), (20, 300, 18), (9, 200, 12), (25, 1100, 129), (25, 1100, 200), (170, 700, 212)]:
        for transpose_y in (False, True):
            check(compiled, (m, k), (k, n), dtype, False, transpose_y, cpu=machine)


@pytest.mark.parametrize("dtype", ["f64", "f16", "bf16"])
@pytest.mark.parametrize("transpose_x", [False, True])
def test_product_of_few_columns_of_other_floats(compiled, dtype, transpose_x):
    for m, k, n in [(35, 100, 2), (18, 67, 3), (41, 96, 5), (20, 300, 10)]:
        for machine in MACHINES:
            check(compiled, (m, k), (k, n), dtype, transpose_x, cpu=machine)


@pytest.mark.parametrize("unknown", ["m", "k", "b", "bmkn"])
@pytest.mark.parametrize("transpose_x", [False, True])
def test_product_of_few_columns_and_unknown_sizes(compiled, unknown, transpose_x):
    for batch, m, n in [(1, 5, 3), (3, 40, 2), (9, 37, 10)]:
        check(compiled, (batch, m, 120), (batch, 120, n), "f32", transpose_x, unknown=unknown)


BATCHES = [
    ((4, 5, 6), (4, 6, 7)), ((3, 1, 5, 6), (4, 6, 7)), ((2, 3, 5, 6), (6, 7)), ((5, 6), (3, 6, 7)),
    ((2, 3, 5, 6), (1, 1, 6, 7)), ((8, 1, 20), (20, 30)), ((2, 33, 600), (2, 600, 300)),
]  # fmt: skip


@pytest.mark.parametrize("shapes", BATCHES, ids=str)
@pytest.mark.parametrize("unknown", ["", "m", "bmkn"])
def test_product_of_batches(compiled, shapes, unknown):
    check(compiled, *shapes, unknown=unknown)


ACCUMULATE = """
func.func @f(%a: tensor<{m}x{k}xf32>, %b: tensor<{k}x{n}xf32>, %c: tensor<{m}x{n}xf32>) -> tensor<{m}x{n}xf32>
    attributes {{tfc.entry}} {{
  %r = linalg.matmul ins(%a, %b : tensor<{m}x{k}xf32>, tensor<{k}x{n}xf32>) outs(%c : tensor<{m}x{n}xf32>)
       -> tensor<{m}x{n}xf32>
  return %r : tensor<{m}x{n}xf32>
}}"""


@pytest.mark.parametrize("size", [(1, 20, 33), (5, 20, 33), (40, 600, 300), (1, 700, 400), (35, 90, 5)], ids=str)
@pytest.mark.parametrize("machine", MACHINES)
def test_product_is_added_to_what_there_is(compiled, size, machine):
    m, k, n = size
    rng = np.random.default_rng(0)
    a, b, c = (rng.standard_normal(shape).astype(np.float32) for shape in [(m, k), (k, n), (m, n)])
    (result,) = compiled(ACCUMULATE.format(m=m, k=k, n=n), cpu=machine)("f", a, b, c)
    np.testing.assert_allclose(result, a.astype(np.float64) @ b + c, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("unknown", ["", "mkn"])
def test_order_of_sums_is_kept_on_demand(compiled, unknown):
    # 1 + 2**-25 * 64 is 1 in that order, and more in any other that adds small numbers first.
    k = 65
    a, b = np.full((1, k), 2.0**-25, np.float32), np.ones((20, k), np.float32)
    a[0, 0] = 1
    dims = [None if unknown else 1, None if unknown else k], [None if unknown else 20, None if unknown else k]
    source = matmul(*dims, [dims[0][0], dims[1][0]], "f32", transpose_y=True)
    (result,) = compiled(source, reassociate="false")("f", a, b)
    assert np.all(result == 1)


@pytest.mark.parametrize("reassociate", ["true", "false"])
def test_order_of_sums_is_kept_on_demand_for_one_sum(compiled, reassociate):
    # As above: in vectors, the small numbers are added up before the 1 is.
    k = 400
    a, b = np.full((1, k), 2.0**-25, np.float32), np.ones((k, 1), np.float32)
    a[0, 0] = 1
    (result,) = compiled(matmul((1, k), (k, 1), (1, 1), "f32"), reassociate=reassociate)("f", a, b)
    assert (result > 1) == (reassociate == "true")


@pytest.mark.parametrize("transpose_x", [False, True])
def test_order_of_sums_is_kept_on_demand_for_few_columns(compiled, transpose_x):
    k = 65
    a, b = np.full((20, k), 2.0**-25, np.float32), np.ones((k, 3), np.float32)
    a[:, 0] = 1
    source = matmul((k, 20) if transpose_x else (20, k), (k, 3), (20, 3), "f32", transpose_x)
    (result,) = compiled(source, reassociate="false")("f", np.ascontiguousarray(a.T) if transpose_x else a, b)
    assert np.all(result == 1)


def test_order_of_sums_is_kept_on_demand_over_blocks_of_the_depth(compiled):
    k = 1000
    a, b = np.full((20, k), 2.0**-25, np.float32), np.ones((k, 600), np.float32)
    a[:, 0] = 1
    (result,) = compiled(matmul((20, k), (k, 600), (20, 600), "f32"), reassociate="false")("f", a, b)
    assert np.all(result == 1)


def test_infinities_and_nans_stay_in_their_rows_and_columns(compiled):
    a, b = np.ones((10, 20), np.float32), np.ones((20, 40), np.float32)
    a[9, 3], b[5, 39] = np.inf, np.nan
    (result,) = compiled(matmul((10, 20), (20, 40), (10, 40), "f32"))("f", a, b)
    assert np.all(result[:9, :39] == 20) and np.all(np.isinf(result[9, :39])) and np.all(np.isnan(result[:, 39]))


# What kernels absorb: what stands after and before the product, windows, loops.

EPILOGUE = """
func.func @f(%x: {x}, %y: {y}, %bias: {bias}, %more: {z}) -> ({z}, {z}) attributes {{tfc.entry}} {{
  %p = tfc.matmul %x, %y {{transpose_x = {turned}, transpose_y = false}} : ({x}, {y}) -> {z}
  %b = tfc.add %p, %bias : ({z}, {bias}) -> {z}
  %a = tfc.abs %b : ({z}) -> {z}
  %r = tfc.add %a, %more : ({z}, {z}) -> {z}
  return %r, {second} : {z}, {z}
}}"""


@pytest.mark.parametrize(
    "size", [(1, 5, 3), (13, 20, 40), (61, 67, 71), (40, 600, 300), (2, 33, 17), (37, 80, 3), (16, 130, 10)], ids=str
)
@pytest.mark.parametrize("unknown", ["", "m", "mkn"])
@pytest.mark.parametrize("turned", [False, True])
def test_epilogue_is_what_follows_the_product(compiled, size, unknown, turned):
    m, k, n = size
    second = "%p" if m % 2 else "%a"  # the sums themselves are needed, or another step of the epilogue
    rng = np.random.default_rng(0)
    x, y, bias, more = (rng.standard_normal(s).astype(np.float32) for s in [(m, k), (k, n), (n,), (m, n)])

    def hide(names, sizes):
        return tensor([None if name in unknown else s for name, s in zip(names, sizes, strict=True)], "f32")

    types = {
        "x": hide("km", (k, m)) if turned else hide("mk", (m, k)),
        "y": hide("kn", (k, n)),
        "bias": hide("n", (n,)),
        "z": hide("mn", (m, n)),
    }
    product = x.astype(np.float64) @ y
    want = np.abs(product + bias)
    types["turned"] = str(turned).lower()
    stored = np.ascontiguousarray(x.T) if turned else x
    for machine in MACHINES:
        host = compiled(EPILOGUE.format(second=second, **types), cpu=machine)
        got = host("f", stored, y, bias, more)
        np.testing.assert_allclose(got[0], want + more, rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(got[1], want if second == "%a" else product, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("m", [1, 2, 9, 70])
@pytest.mark.parametrize("n", [96, 101])
def test_weights_of_bytes_are_widened_and_scaled_where_they_are_read(compiled, m, n):
    k = 400
    rng = np.random.default_rng(0)
    x, scale = rng.standard_normal((m, k)).astype(np.float32), rng.standard_normal(n).astype(np.float32)
    q = rng.integers(-128, 128, (k, n)).astype(np.int8)
    source = f"""
func.func @f(%x: tensor<{m}x{k}xf32>, %q: tensor<{k}x{n}xi8>, %s: tensor<{n}xf32>) -> tensor<{m}x{n}xf32>
    attributes {{tfc.entry}} {{
  %w = tfc.cast %q {{dtype = f32}} : (tensor<{k}x{n}xi8>) -> tensor<{k}x{n}xf32>
  %y = tfc.mul %w, %s : (tensor<{k}x{n}xf32>, tensor<{n}xf32>) -> tensor<{k}x{n}xf32>
  %r = tfc.matmul %x, %y {{transpose_x = false, transpose_y = false}} : (tensor<{m}x{k}xf32>, tensor<{k}x{n}xf32>) -> tensor<{m}x{n}xf32>
  return %r : tensor<{m}x{n}xf32>
}}"""
    want = x.astype(np.float64) @ (q * scale.astype(np.float64))
    for machine in MACHINES:
        (got,) = compiled(source, cpu=machine)("f", x, q, scale)
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=2e-3)


def sum_over_windows(x, w, stride, dilation):
    """A convolution as defined, of [batch, height, width, channels], without padding."""
    high, wide = (
        (size - (window - 1) * dilation - 1) // stride + 1
        for size, window in zip(x.shape[1:3], w.shape[:2], strict=True)
    )
    out = np.zeros((x.shape[0], high, wide, w.shape[-1]))
    for i, j in itertools.product(*map(range, w.shape[:2])):
        seen = x[:, i * dilation :: stride, j * dilation :: stride][:, :high, :wide]
        out += seen.astype(np.float64) @ w[i, j]
    return out


WINDOWS = [  # batch, height, width, channels, window, features, stride, dilation
    (2, 9, 8, 5, (3, 3), 17, 1, 1), (1, 12, 11, 3, (7, 7), 64, 2, 1), (2, 11, 13, 4, (3, 2), 33, 1, 2),
    (1, 7, 9, 130, (3, 3), 70, 1, 1), (3, 5, 6, 7, (1, 1), 9, 2, 1), (1, 6, 6, 600, (2, 2), 5, 3, 1),
    (1, 5, 5, 2, (3, 3), 1, 1, 1), (2, 9, 7, 64, (3, 3), 3, 1, 1),
]  # fmt: skip


@pytest.mark.parametrize("case", WINDOWS, ids=str)
@pytest.mark.parametrize("dtype", ["f32", "bf16"])
@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
def test_convolution_is_a_product_on_windows(compiled, case, dtype, unknown):
    batch, high, wide, channels, window, features, stride, dilation = case
    numpy_type, tolerance = DTYPES[dtype]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, high, wide, channels)).astype(numpy_type)
    w = rng.standard_normal((*window, channels, features)).astype(numpy_type)
    want = sum_over_windows(x.astype(np.float64), w.astype(np.float64), stride, dilation)
    bound = sum_over_windows(np.abs(x.astype(np.float64)), np.abs(w.astype(np.float64)), stride, dilation)
    xt = tensor([None, None, None, channels] if unknown else x.shape, dtype)
    zt = tensor([None, None, None, features] if unknown else want.shape, dtype)
    wt = tensor(w.shape, dtype)
    source = f"""
func.func @f(%x: {xt}, %w: {wt}) -> {zt} attributes {{tfc.entry}} {{
  %r = tfc.conv %x, %w {{strides = array<i64: {stride}, {stride}>, dilations = array<i64: {dilation}, {dilation}>,
      padding = array<i64: 0, 0, 0, 0>, groups = 1 : i64}} : ({xt}, {wt}) -> {zt}
  return %r : {zt}
}}"""
    for machine in MACHINES:
        (got,) = compiled(source, cpu=machine)("f", x, w)
        assert np.all(np.abs(got.astype(np.float64) - want) <= tolerance * bound + 1e-30)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("m", [1, 16, 50])
def test_constant_weights_are_kept_as_panels(compiled, m, transposed):
    k, n = 401, 371
    rng = np.random.default_rng(0)
    x, w = rng.integers(-3, 4, (m, k)).astype(np.float32), rng.integers(-3, 4, (k, n)).astype(np.float32)
    stored = np.ascontiguousarray(w.T) if transposed else w
    wt = tensor(stored.shape, "f32")
    source = f"""
func.func @f(%x: tensor<{m}x{k}xf32>) -> tensor<{m}x{n}xf32> attributes {{tfc.entry}} {{
  %w = tfc.constant dense<"0x{stored.tobytes().hex()}"> : {wt}
  %r = tfc.matmul %x, %w {{transpose_x = false, transpose_y = {str(transposed).lower()}}}
      : (tensor<{m}x{k}xf32>, {wt}) -> tensor<{m}x{n}xf32>
  return %r : tensor<{m}x{n}xf32>
}}"""
    for machine in MACHINES:
        host = compiled(source, cpu=machine)
        np.testing.assert_array_equal(host("f", x)[0], x @ w)
        if m == 16:  # nothing is packed when the function runs
            assert next(iter(host.entries.values()))["arena_bytes"] == 0


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("columns", [16, 20, 32, 33])
def test_few_columns_of_packed_products(compiled, columns, machine):
    """Tiles of up to two vectors have more rows."""
    for rows in (13, 100):
        check(compiled, (rows, 9000), (9000, columns), cpu=machine)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("rows", [60, 64, 70])
def test_deep_products_of_rows_that_are_neighbours(compiled, rows, machine):
    """Up to 64 of them are read as they are where a copy would have several pieces."""
    for columns in (5, 40, 100):
        check(compiled, (rows, 17500), (17500, columns), transpose_x=True, cpu=machine)
