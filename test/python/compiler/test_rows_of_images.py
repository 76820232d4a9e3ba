"""Convolutions of few features on several machines: tiles that end with rows of the image, and those of a filter's gradient."""

import platform

import numpy as np
import pytest

X86 = platform.machine() == "x86_64"
MACHINES = ["native", *(["x86-64", "x86-64-v3"] if X86 else [])]
# Image, channels, features, window.
CASES = [
    ((1, 40, 41), 16, 16, 3),
    ((1, 40, 41), 8, 8, 3),
    ((2, 30, 13), 7, 32, 3),
    ((1, 50, 30), 13, 24, 3),
    ((1, 30, 30), 5, 4, 5),
]


def convolution(shape, channels, features, size):
    (b, h, w), element = shape, "f32"
    x, y = (f"tensor<{b}x{h}x{w}x{c}x{element}>" for c in (channels, features))
    f = f"tensor<{size}x{size}x{channels}x{features}x{element}>"
    options = "{strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, padding = array<i64>, groups = 1 : i64}"
    return f"""
func.func @f(%x: {x}, %w: {f}, %g: {y}) -> ({y}, {f}) attributes {{tfc.entry}} {{
  %s = tfc.constant dense<[{size}, {size}, {channels}, {features}]> : tensor<4xi64>
  %y = tfc.conv %x, %w {options} : ({x}, {f}) -> {y}
  %r = tfc.conv_filter_grad %x, %g, %s {options} : ({x}, {y}, tensor<4xi64>) -> {f}
  return %y, %r : {y}, {f}
}}"""


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_convolutions_and_gradients_of_their_filters(compiled, case, machine):
    shape, channels, features, size = case
    rng = np.random.default_rng(4)
    x, w, g = (
        rng.integers(-2, 3, to).astype(np.float32)
        for to in [(*shape, channels), (size, size, channels, features), (*shape, features)]
    )
    host = compiled(convolution(*case), cpu=machine)
    y, r = host("f", x, w, g)
    assert host.status == 0
    reach = size // 2
    whole = np.pad(x.astype(np.float64), [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    places = {k: whole[:, k[0] : k[0] + shape[1], k[1] : k[1] + shape[2]] for k in np.ndindex(size, size)}
    np.testing.assert_array_equal(y, sum(places[k] @ w[k] for k in places))
    for k, x in places.items():
        np.testing.assert_array_equal(r[k], np.tensordot(x, g.astype(np.float64), ((0, 1, 2), (0, 1, 2))))
