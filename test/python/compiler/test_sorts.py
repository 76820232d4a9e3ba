"""Sorted rows, and the first places of their orders, against numpy, bit for bit, on several machines: vectors of 512 bits, of 256, and too short ones for networks."""

import platform

import numpy as np
import pytest

X86 = platform.machine() == "x86_64"
MACHINES = ["native", *(["x86-64", "x86-64-v3", "x86-64-v4"] if X86 else [])]
TYPES = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64, "ui32": np.uint32, "i16": np.int16}
SHAPES = [(35, 100), (18, 700), (9001,), (140000,)]


def sort(shape, element, descending):
    x = f"tensor<{'x'.join(map(str, shape))}x{element}>"
    return f"""
func.func @f(%x: {x}) -> {x} attributes {{tfc.entry}} {{
  %r = tfc.sort %x {{axis = {len(shape) - 1} : i64, descending = {str(descending).lower()}}} : ({x}) -> {x}
  return %r : {x}
}}"""


def first_places(shape, kept, element, descending):
    x = f"tensor<{'x'.join(map(str, shape))}x{element}>"
    order, first = f"tensor<{shape[0]}x{shape[1]}xi32>", f"tensor<{shape[0]}x{kept}xi32>"
    return f"""
func.func @f(%x: {x}) -> {first} attributes {{tfc.entry}} {{
  %r = tfc.argsort %x {{axis = 1 : i64, descending = {str(descending).lower()}}} : ({x}) -> {order}
  %s = tfc.slice %r {{starts = array<i64: 0, 0>, sizes = array<i64: {shape[0]}, {kept}>,
    strides = array<i64: 1, 1>}} : ({order}) -> {first}
  return %s : {first}
}}"""


def elements(shape, element, seed):
    rng, dtype = np.random.default_rng(seed), TYPES[element]
    if np.dtype(dtype).kind != "f":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, size=shape, dtype=dtype, endpoint=True)
    x = rng.standard_normal(shape).astype(dtype)
    if seed:  # some are special
        flat = x.reshape(-1)
        flat[::7], flat[1::11], flat[2::13], flat[3::17] = 0.0, -0.0, np.inf, -np.inf
        flat[4::19], flat[5::23] = np.nan, -np.nan
    return x


def in_order(row, descending):
    """Stable: zeros are equal, NaN are, and come after all numbers."""
    rank = np.unique(row, return_inverse=True)[1]
    return row[np.argsort(-rank if descending else rank, kind="stable")]


def places_in_order(row, descending):
    rank = np.unique(row, return_inverse=True)[1]
    return np.argsort(-rank if descending else rank, kind="stable")


def skip_what_is_not_there(machine):
    if machine == "x86-64-v4" and not has_avx512():
        pytest.skip("no AVX-512 here")


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("kept", [5, 100])
def test_first_places(compiled, kept, element, machine):
    skip_what_is_not_there(machine)
    for seed in range(4):
        x, descending = elements((3, 2001), element, seed % 2), seed >= 2
        host = compiled(first_places(x.shape, kept, element, descending), cpu=machine)
        (result,) = host("f", x)
        assert host.status == 0
        np.testing.assert_array_equal(result, np.apply_along_axis(places_in_order, 1, x, descending)[:, :kept])


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("element", TYPES)
def test_rows_in_order(compiled, element, machine):
    skip_what_is_not_there(machine)
    for seed, shape in enumerate(SHAPES * 2):
        x, descending = elements(shape, element, seed % 2), seed >= len(SHAPES)
        host = compiled(sort(shape, element, descending), cpu=machine)
        (result,) = host("f", x)
        want = np.apply_along_axis(in_order, -1, x, descending)
        assert host.status == 0
        np.testing.assert_array_equal(result.view(f"u{x.itemsize}"), want.view(f"u{x.itemsize}"))


def deceptive(n, lanes=16, samples=9, depth=14):
    """What a partition looks at for its pivot are always the least elements that are left."""
    value, known, order = np.zeros(n, np.int64), np.zeros(n, bool), np.arange(n)
    for level in range(depth):
        step = (len(order) - lanes) // (samples - 1)
        looked = order[(np.arange(samples) * step)[:, None] + np.arange(lanes)]
        fresh = np.unique(looked[~known[looked]])
        value[fresh], known[fresh] = np.arange(len(fresh)) + 1000 * level, True
        pivot = np.sort(np.where(known, value, 2**40)[looked], axis=0)[samples // 2]
        for distance in (lanes // 3, 1):
            pivot = np.median([np.roll(pivot, -distance * i) for i in range(3)], axis=0)
        kept = ~known | (value >= pivot[0])
        if level == 0:  # the first half of the row is written downwards
            middle = n // 2 // lanes * lanes
            order = np.concatenate([order[:middle].reshape(-1, lanes)[::-1].reshape(-1), order[middle:]])
        order = order[kept[order]]
    rest = np.flatnonzero(~known)
    value[rest] = np.random.default_rng(0).integers(2**20, 2**31, len(rest))
    return value


# Rows that partitions could be slow for, or wrong.
ORDERS = {
    "equal": lambda n: np.full(n, 7),
    "rising": np.arange,
    "falling": lambda n: np.arange(n)[::-1],
    "rising and falling": lambda n: np.minimum(np.arange(n), np.arange(n)[::-1]),
    "two values": lambda n: np.random.default_rng(0).integers(0, 2, n),
    "most are one value": lambda n: np.where(
        np.arange(n) % 10, 5, np.random.default_rng(0).integers(-(2**30), 2**30, n)
    ),
    "waves": lambda n: np.arange(n) % 1000,
    "the ends of the range": lambda n: np.array([-(2**31), 2**31 - 1])[np.random.default_rng(0).integers(0, 2, n)],
    "samples are the least ones": deceptive,
}


@pytest.mark.parametrize("machine", [m for m in MACHINES if m in ("native", "x86-64-v4")])
@pytest.mark.parametrize("name", ORDERS)
def test_a_row_in_any_order_before(compiled, name, machine):
    skip_what_is_not_there(machine)
    for n in (8193, 20011, 70000):
        x = ORDERS[name](n).astype(np.int32)
        host = compiled(sort((n,), "i32", False), cpu=machine)
        (result,) = host("f", x)
        assert host.status == 0
        np.testing.assert_array_equal(result, np.sort(x))


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("kept", [65, 300, 4000, 9000])
def test_many_first_places_of_a_long_row(compiled, kept, element, machine):
    """From a 256th of the row on, and where it is almost all of it."""
    skip_what_is_not_there(machine)
    for seed in range(4):
        x, descending = elements((2, 9001), element, seed % 2), seed >= 2
        host = compiled(first_places(x.shape, kept, element, descending), cpu=machine)
        (result,) = host("f", x)
        assert host.status == 0
        np.testing.assert_array_equal(result, np.apply_along_axis(places_in_order, 1, x, descending)[:, :kept])


@pytest.mark.parametrize("name", ORDERS)
def test_many_first_places_of_a_row_in_any_order_before(compiled, name):
    x = ORDERS[name](20011).astype(np.int32)[None]
    for kept in (100, 3000):
        host = compiled(first_places(x.shape, kept, "i32", False))
        (result,) = host("f", x)
        assert host.status == 0
        np.testing.assert_array_equal(result[0], np.argsort(x[0], kind="stable")[:kept])


def has_avx512():
    with open("/proc/cpuinfo") as file:
        flags = file.read().split()
    return all(flag in flags for flag in ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"))
