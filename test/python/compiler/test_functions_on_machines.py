"""Functions, quotients and maxima in vectors of each width: with instructions that round once, and without them."""

import platform

import numpy as np
import pytest

MACHINES = ["native", *(["x86-64", "x86-64-v3"] if platform.machine() == "x86_64" else [])]
COUNT = 1003  # the last vector is not full
UNARY = {
    "sin": (np.sin, -1e5, 1e5),
    "cos": (np.cos, -1e5, 1e5),
    "sigmoid": (lambda x: np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))), -80, 80),
    "sinh": (np.sinh, -80, 80),
    "cosh": (np.cosh, -80, 80),
    "tanh": (np.tanh, -9, 9),
    "asin": (np.arcsin, -1, 1),
    "acos": (np.arccos, -1, 1),
    "atan": (np.arctan, -9, 9),
    "asinh": (np.arcsinh, -9, 9),
    "acosh": (np.arccosh, 1, 9),
    "atanh": (np.arctanh, -1, 1),
}
BINARY = {
    "pow": (np.power, (0.2, 4), (-40, 40)),
    "atan2": (np.arctan2, (-3, 3), (-3, 3)),
    "floor_mod": (np.mod, (-1e6, 1e6), (0.01, 9)),
}


def run(compiled, machine, op, of, to, *arguments):
    names = [f"%x{i}" for i in range(len(arguments))]
    text = f"""
func.func @f({", ".join(f"{n}: {of}" for n in names)}) -> {to} attributes {{tfc.entry}} {{
  %r = tfc.{op[0]} {", ".join(names)} {op[1]} : ({", ".join([of] * len(names))}) -> {to}
  return %r : {to}
}}"""
    host = compiled(text, cpu=machine)
    (result,) = host("f", *arguments)
    assert host.status == 0
    return result


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("name", "dtype"), [(n, d) for n in [*UNARY, *BINARY] for d in ("f32", "f64")])
def test_functions(compiled, machine, name, dtype):
    numpy_type = np.float32 if dtype == "f32" else np.float64
    function, *ranges = UNARY[name] if name in UNARY else BINARY[name]
    ranges = [ranges] if name in UNARY else ranges
    rng = np.random.default_rng(0)
    x = [rng.uniform(*r, COUNT).astype(numpy_type) for r in ranges]
    of = f"tensor<{COUNT}x{dtype}>"
    got = run(compiled, machine, (name, ""), of, of, *x)
    want = function(*(v.astype(np.longdouble) for v in x))
    ulps = np.abs(got - want) / np.spacing(np.abs(want).astype(numpy_type))
    assert ulps.max() <= (2 if dtype == "f32" else 4)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("dtype", ["i8", "ui8", "i16", "ui16", "i32", "ui32", "i64", "ui64"])
@pytest.mark.parametrize("count", [7, 64, COUNT])
def test_powers_of_integers(compiled, machine, dtype, count):
    """Each lane ends by itself: small exponents lie beside the largest ones."""
    numpy_type = np.dtype(dtype.replace("ui", "uint") if dtype[0] == "u" else dtype.replace("i", "int"))
    info = np.iinfo(numpy_type)
    rng = np.random.default_rng(0)
    x = rng.integers(info.min, info.max, count, numpy_type, endpoint=True)
    y = rng.integers(0, 9, count, numpy_type)
    y[::5] = rng.integers(0, info.max, y[::5].size, numpy_type, endpoint=True)
    x[:6], y[:6] = [0, 0, 1, 3, 2, 2], [0, info.max, info.max, info.max, info.bits - 1, info.bits]
    of = f"tensor<{count}x{dtype}>"
    want = [pow(int(a), int(b), 1 << info.bits) for a, b in zip(x, y, strict=True)]
    got = run(compiled, machine, ("pow", ""), of, of, x, y)
    assert [int(v) % (1 << info.bits) for v in got] == want


def powers(compiled, machine, x, y):
    of = f"tensor<{x.size}xf32>"
    with np.errstate(all="ignore"):
        want = np.power(x.astype(np.float64), y.astype(np.float64))
    return run(compiled, machine, ("pow", ""), of, of, x, y), want


def ulps_of(got, want):
    """Of results that are no denormal numbers: of those in units of the smallest normal number's."""
    spacing = np.spacing(np.maximum(np.abs(want).astype(np.float32), np.finfo(np.float32).tiny))
    return np.abs(got - want) / spacing.astype(np.float64)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("base", [(1e-9, 1e9), (0.7, 1.42), (0.999, 1.001), (1e-45, 1e-38)], ids=str)
def test_powers_of_f32_reach_all_results(compiled, machine, base):
    rng = np.random.default_rng(0)
    x = np.exp(rng.uniform(*np.log(base), 40_003)).astype(np.float32)
    x[x == 1] = 1.5
    y = (rng.uniform(-104, 88.7, x.size) / np.log(x.astype(np.float64))).astype(np.float32)
    got, want = powers(compiled, machine, x, y)
    assert ulps_of(got, want).max() <= 1.75


@pytest.mark.parametrize("machine", MACHINES)
def test_powers_beyond_all_numbers_are_zero_or_infinite(compiled, machine):
    x = np.array([2, 0.5, 2, 0.5, 1 + 2**-23, 1 - 2**-24, 3e38, 1e-45, 2, 2, 2, 0.5], np.float32)
    y = np.array([129, 129, -151, -151, 1e10, 1e10, 1e30, 1e38, 128, -149, -151, 151], np.float32)
    got, want = powers(compiled, machine, x, y)
    with np.errstate(all="ignore"):
        assert np.array_equal(got, want.astype(np.float32))


@pytest.mark.parametrize("machine", MACHINES)
def test_powers_of_special_values_are_those_of_c(compiled, machine):
    values = np.array(
        [0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1.5, -1.5, 1e-45, -1e-45, 1e-40, 3e38, -3e38, np.inf, -np.inf, np.nan,
         8388607.5, 4194303.5, -4194305, 8388609, 16777215, -16777215, 16777216, 1 + 2**-23, 1 - 2**-24, -1 - 2**-23],
        np.float32,
    )  # fmt: skip
    x, y = (a.ravel() for a in np.meshgrid(values, values))
    got, want = powers(compiled, machine, x, y)
    with np.errstate(all="ignore"):
        rounded = want.astype(np.float32)
    assert np.array_equal(np.isnan(got), np.isnan(want))
    number = ~np.isnan(want)
    assert np.array_equal(np.signbit(got[number]), np.signbit(want[number]))
    finite = np.isfinite(rounded)
    assert np.array_equal(got[number & ~finite], rounded[number & ~finite])
    assert ulps_of(got[finite], want[finite]).max() <= 1.75


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("dtype", ["i8", "ui8", "i16", "ui16", "i32", "ui32", "i64"])
def test_quotients_of_integers(compiled, machine, dtype):
    numpy_type = np.dtype(dtype.replace("ui", "uint") if dtype[0] == "u" else dtype.replace("i", "int"))
    info = np.iinfo(numpy_type)
    rng = np.random.default_rng(0)
    x, y = (rng.integers(info.min, info.max, COUNT, numpy_type, endpoint=True) for _ in range(2))
    x[:4], y[:4] = [info.max, info.min, info.max, info.min], [1, 1, info.max, 2]
    y[y == 0] = 3
    of = f"tensor<{COUNT}x{dtype}>"
    assert np.array_equal(run(compiled, machine, ("floor_div", ""), of, of, x, y), x // y)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("width", [12, 16, 17, 20, 32, 33, 50, 64, 65])
@pytest.mark.parametrize(("op", "reduce"), [("reduce_max", np.max), ("reduce_min", np.min)])
def test_extremes_of_rows(compiled, machine, width, op, reduce):
    x = np.random.default_rng(0).normal(size=(43, width)).astype(np.float32)
    x[3, 5], x[4, width - 1], x[5, 1] = np.nan, np.copysign(np.nan, -1), np.inf
    x[6], x[7] = 0.0, -0.0
    x[6, 2], x[7, width - 1] = -0.0, 0.0
    of, to = f"tensor<43x{width}xf32>", "tensor<43xf32>"
    got = run(compiled, machine, (op, "{axes = array<i64: 1>, keepdims = false}"), of, to, x)
    assert np.array_equal(got, reduce(x, 1), equal_nan=True)
    assert np.signbit(got[6:8]).tolist() == [op == "reduce_min"] * 2


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("width", [12, 16, 17, 20, 32, 33, 64, 65])
def test_sums_of_rows(compiled, machine, width):
    x = np.random.default_rng(0).integers(-50, 50, (43, width)).astype(np.float32)
    of, to = f"tensor<43x{width}xf32>", "tensor<43xf32>"
    got = run(compiled, machine, ("reduce_sum", "{axes = array<i64: 1>, keepdims = false}"), of, to, x)
    assert np.array_equal(got, x.sum(1))
