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


# What lib/Conversion/TFCToLinalg/SortPartition.cpp does, to find the row that is worst for it.
IN_LEAF, SAMPLES, PER_TURN = 128, 9, 8


def sample_places(count, lanes):
    step = (count - lanes) // (SAMPLES - 1)
    return np.arange(SAMPLES)[:, None] * step + np.arange(lanes)


def pivot_of(samples):
    lanes = samples.shape[1]
    x = np.sort(samples, axis=0)[SAMPLES // 2]
    for distance in (lanes // 3, 1):
        x = np.median([np.roll(x, -i * distance) for i in range(3)], axis=0)
    return x[0]


def partitioned(part, is_low, lanes):
    """The elements in their new order."""
    count, per_turn = len(part), PER_TURN * lanes
    in_turns = (count // per_turn - 2) * per_turn
    aside = np.concatenate([part[:per_turn], part[per_turn + in_turns :]])
    result = np.empty_like(part)
    low, room = 0, count

    def put(elements):
        nonlocal low, room
        lows, highs = elements[is_low(elements)], elements[~is_low(elements)]
        result[low : low + len(lows)] = lows
        low, room = low + len(lows), room - len(elements)
        result[low + room : low + room + len(highs)] = highs

    left = per_turn
    for turn in range(0, in_turns, per_turn):
        right = left + in_turns - turn
        is_right = low + room - right < left - low
        begin = right - per_turn if is_right else left
        left += 0 if is_right else per_turn
        for i in range(begin, begin + per_turn, lanes):
            put(part[i : i + lanes])
    for i in range(0, len(aside), lanes):
        put(aside[i : i + lanes])
    return result, low


def worst(size, lanes):
    """A row each of whose samples are its smallest elements (McIlroy, "A killer adversary for quicksort", 1999), and how
    many partitions that leave nearly all of it there are before a part is small enough to be sorted."""
    values = np.full(size, np.inf)
    part, known, depth = np.arange(size), 0, 0
    while len(part) > IN_LEAF * lanes:
        samples = part[sample_places(len(part), lanes)]
        for place in samples.flat:
            if values[place] == np.inf:
                values[place], known = known, known + 1
        pivot = pivot_of(values[samples])
        if pivot == values[part].min():
            pivot += 1
        order, low = partitioned(part, lambda x, pivot=pivot: values[x] < pivot, lanes)
        part, depth = order[low:], depth + 1
    left = values == np.inf
    values[left] = known + np.random.default_rng(0).permutation(left.sum())
    return values, depth


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


# A row of a matrix is sorted by one thread, in the order that is computed here.
@pytest.mark.parametrize("machine", [m for m in MACHINES if m in ("native", "x86-64-v4")])
@pytest.mark.parametrize("element, lanes", [("f32", 16), ("i32", 16), ("f64", 8), ("i64", 8)])
def test_pivots_after_many_partitions_are_halfway_between_bounds(compiled, element, lanes, machine):
    skip_what_is_not_there(machine)
    row, depth = worst(20000, lanes)
    deepest = 2 * int(np.ceil(np.log2(row.size / (IN_LEAF * lanes)))) + 4
    assert depth > deepest + 10
    x = (np.stack([row, row[::-1]]) * 1000).astype(TYPES[element])
    host = compiled(sort(x.shape, element, False), cpu=machine)
    (result,) = host("f", x)
    assert host.status == 0
    np.testing.assert_array_equal(result, np.sort(x))


def test_first_places_after_many_partitions(compiled):
    x = worst(20011, 16)[0].astype(np.int32)[None]
    for kept in (100, 3000, 15000):
        host = compiled(first_places(x.shape, kept, "i32", False))
        (result,) = host("f", x)
        assert host.status == 0
        np.testing.assert_array_equal(result[0], np.argsort(x[0], kind="stable")[:kept])


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
