"""Gradients of depthwise filters on several machines: as many sums in registers as there are, masks or none, windows at margins."""

import platform

import numpy as np
import pytest

X86 = platform.machine() == "x86_64"
MACHINES = ["native", *(["x86-64", "x86-64-v3"] if X86 else [])]
TYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16}
# Image, window, step, dilation. Windows up to 9, 49 and 64 elements, and larger ones; rows of the window one by one, some at
# once, all; channels that are whole vectors, and others; runs that are rows, parts of one, several, whole images; images
# smaller than their window, and with fewer places than that.
CASES = [
    ((2, 9, 11, 32), (3, 3), 1, 1),
    ((2, 9, 11, 5), (3, 3), 1, 1),
    ((1, 3, 300, 16), (3, 3), 1, 1),
    ((1, 3, 300, 17), (2, 5), 2, 1),
    ((3, 14, 13, 96), (5, 5), 1, 1),
    ((3, 14, 13, 7), (5, 5), 1, 2),
    ((2, 12, 11, 33), (7, 7), 1, 1),
    ((2, 12, 11, 16), (7, 7), 2, 1),
    ((2, 15, 16, 16), (8, 8), 1, 1),
    ((2, 30, 40, 16), (5, 13), 1, 1),
    ((70, 2, 3, 24), (3, 4), 1, 1),
    ((2, 2, 2, 16), (3, 3), 1, 1),
    ((300, 1, 1, 16), (3, 3), 1, 1),
    ((4, 10, 10, 48), (1, 3), 3, 1),
]


def padding(shape, window, stride, dilation):
    pads = []
    for size, k in zip(shape[1:3], window, strict=True):
        total = max(0, (-(-size // stride) - 1) * stride + (k - 1) * dilation + 1 - size)
        pads.append((total // 2, total - total // 2))
    return pads


def gradient(shape, window, stride, dilation, element):
    (b, h, w, c), (k, n) = shape, window
    x = f"tensor<{b}x{h}x{w}x{c}x{element}>"
    g = f"tensor<{b}x{-(-h // stride)}x{-(-w // stride)}x{c}x{element}>"
    r = f"tensor<{k}x{n}x1x{c}x{element}>"
    return f"""
func.func @f(%x: {x}, %g: {g}) -> {r} attributes {{tfc.entry}} {{
  %s = tfc.constant dense<[{k}, {n}, 1, {c}]> : tensor<4xi64>
  %r = tfc.conv_filter_grad %x, %g, %s {{strides = array<i64: {stride}, {stride}>, dilations = array<i64: {dilation}, {dilation}>,
    padding = array<i64>, groups = {c} : i64}} : ({x}, {g}, tensor<4xi64>) -> {r}
  return %r : {r}
}}"""


def wanted(x, g, window, stride, dilation):
    x, g = x.astype(np.float64), g.astype(np.float64)
    whole = np.pad(x, [(0, 0), *padding(x.shape, window, stride, dilation), (0, 0)])
    result = np.empty((*window, 1, x.shape[3]))
    for k in np.ndindex(*window):
        rows, columns = (
            slice(at * dilation, at * dilation + (n - 1) * stride + 1, stride)
            for at, n in zip(k, g.shape[1:3], strict=True)
        )
        result[k][0] = np.sum(whole[:, rows, columns] * g, (0, 1, 2))
    return result


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("element", TYPES)
def test_sums_over_places_for_each_element_of_a_window(compiled, element, machine):
    rng = np.random.default_rng(3)
    for shape, window, stride, dilation in CASES if element == "f32" else CASES[:4]:
        places = [-(-size // stride) for size in shape[1:3]]
        x = rng.integers(-2, 3, shape).astype(TYPES[element])
        g = rng.integers(-2, 3, (shape[0], *places, shape[3])).astype(TYPES[element])
        host = compiled(gradient(shape, window, stride, dilation, element), cpu=machine)
        (result,) = host("f", x, g)
        assert host.status == 0
        np.testing.assert_array_equal(result, wanted(x, g, window, stride, dilation))
