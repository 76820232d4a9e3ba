"""Input gradients of convolutions whose filter is read as it is, and windows from their end."""

import platform

import numpy as np
import pytest
from tfc.ops import windows

X86 = platform.machine() == "x86_64"
MACHINES = ["native", *(["x86-64", "x86-64-v3"] if X86 else [])]
# Image, channels, features, window, step, dilation, groups; filters of a little more than 512 KiB.
CASES = [
    ((1, 5, 6), 128, 128, (3, 3), 1, 1, 1),
    ((2, 5, 6), 100, 150, (3, 3), 1, 2, 1),
    ((1, 7, 6), 100, 150, (3, 3), 2, 1, 1),
    ((1, 7, 6), 256, 144, (3, 3), 2, 1, 2),
    ((1, 9, 8), 65, 130, (4, 5), 3, 1, 1),
    ((1, 2, 1), 128, 128, (3, 3), 1, 1, 1),
]


def gradient(image, channels, features, window, step, dilation, groups):
    (b, h, w), (k, n) = image, window
    g = f"tensor<{b}x{-(-h // step)}x{-(-w // step)}x{features}xf32>"
    f, x = f"tensor<{k}x{n}x{channels // groups}x{features}xf32>", f"tensor<{b}x{h}x{w}x{channels}xf32>"
    return f"""
func.func @f(%g: {g}, %f: {f}) -> {x} attributes {{tfc.entry}} {{
  %s = tfc.constant dense<[{b}, {h}, {w}, {channels}]> : tensor<4xi64>
  %r = tfc.conv_input_grad %g, %f, %s {{strides = array<i64: {step}, {step}>, dilations = array<i64: {dilation}, {dilation}>,
    padding = array<i64>, groups = {groups} : i64}} : ({g}, {f}, tensor<4xi64>) -> {x}
  return %r : {x}
}}"""


@pytest.mark.parametrize("machine", MACHINES)
def test_the_gradient_is_that_of_the_sum_over_windows(compiled, machine):
    rng = np.random.default_rng(2)
    for case in CASES:
        image, channels, features, window, step, dilation, groups = case
        g = rng.integers(-2, 3, (image[0], *(-(-size // step) for size in image[1:]), features)).astype(np.float32)
        f = rng.integers(-2, 3, (*window, channels // groups, features)).astype(np.float32)
        assert f.nbytes > 512 * 1024
        host = compiled(gradient(*case), cpu=machine)
        (result,) = host("f", g, f)
        assert host.status == 0
        attributes = ((step, step), (dilation, dilation), (), groups)
        wanted = windows.conv_input_grad(g.astype(np.float64), f.astype(np.float64), (*image, channels), *attributes)
        np.testing.assert_array_equal(result, wanted, err_msg=str(case))
