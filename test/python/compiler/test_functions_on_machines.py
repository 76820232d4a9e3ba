"""Functions, quotients and maxima in vectors of each width: with instructions that round once, and without them."""

import platform

import numpy as np
import pytest

MACHINES = ["native", *(["x86-64", "x86-64-v3"] if platform.machine() == "x86_64" else [])]
COUNT = 1003  # the last vector is not full
UNARY = {
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
@pytest.mark.parametrize("width", [20, 50])
def test_maxima_of_rows(compiled, machine, width):
    x = np.random.default_rng(0).normal(size=(40, width)).astype(np.float32)
    x[3, 5], x[4, width - 1], x[5, 1] = np.nan, np.copysign(np.nan, -1), np.inf
    of, to = f"tensor<40x{width}xf32>", "tensor<40xf32>"
    got = run(compiled, machine, ("reduce_max", "{axes = array<i64: 1>, keepdims = false}"), of, to, x)
    assert np.array_equal(got, x.max(1), equal_nan=True)
