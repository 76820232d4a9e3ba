"""Convolutions in groups and their gradients on several machines: groups that share a vector, and those that take turns."""

import platform

import ml_dtypes
import numpy as np
import pytest
from tfc.ops import windows

X86 = platform.machine() == "x86_64"
MACHINES = ["native", *(["x86-64", "x86-64-v3"] if X86 else [])]
TYPES = {"f32": np.float32, "f64": np.float64, "bf16": ml_dtypes.bfloat16, "i32": np.int32}
# Image, depth of a group, features of a group, groups, window, step. Features that are a part of a vector, with as many
# channels as features, fewer or more; a number of groups that fills vectors or not; whole vectors and more; few and many rows;
# a row that tiles do not divide.
CASES = [
    ((2, 12, 11), 4, 4, 8, (3, 3), 1),
    ((2, 12, 11), 4, 4, 6, (3, 3), 1),
    ((1, 30, 30), 8, 8, 4, (3, 3), 2),
    ((1, 30, 30), 2, 4, 8, (3, 3), 1),
    ((1, 9, 9), 8, 4, 8, (3, 2), 1),
    ((1, 9, 9), 3, 4, 4, (3, 3), 1),
    ((1, 9, 9), 4, 5, 4, (3, 3), 1),
    ((1, 9, 9), 16, 4, 4, (1, 3), 1),
    ((1, 17, 20), 16, 16, 3, (3, 3), 1),
    ((1, 17, 20), 16, 24, 3, (3, 3), 1),
    ((1, 15, 17), 32, 32, 2, (3, 3), 1),
    ((1, 15, 17), 5, 40, 2, (2, 3), 1),
    ((1, 2, 2), 4, 4, 4, (3, 3), 1),
    ((0, 5, 5), 4, 4, 4, (3, 3), 1),
    ((3, 4, 4), 4, 4, 8, (1, 1), 1),
]


def functions(image, depth, features, groups, window, step, element):
    (b, h, w), (k, n) = image, window
    x = f"tensor<{b}x{h}x{w}x{depth * groups}x{element}>"
    f = f"tensor<{k}x{n}x{depth}x{features * groups}x{element}>"
    y = f"tensor<{b}x{-(-h // step)}x{-(-w // step)}x{features * groups}x{element}>"
    bias = f"tensor<{features * groups}x{element}>"
    attributes = f"""{{strides = array<i64: {step}, {step}>, dilations = array<i64: 1, 1>, padding = array<i64>,
      groups = {groups} : i64}}"""
    return f"""
func.func @forward(%x: {x}, %f: {f}) -> {y} attributes {{tfc.entry}} {{
  %r = tfc.conv %x, %f {attributes} : ({x}, {f}) -> {y}
  return %r : {y}
}}
func.func @biased(%x: {x}, %f: {f}, %b: {bias}, %c: {y}) -> {y} attributes {{tfc.entry}} {{
  %r = tfc.conv %x, %f {attributes} : ({x}, {f}) -> {y}
  %s = tfc.add %r, %b : ({y}, {bias}) -> {y}
  %t = tfc.mul %s, %c : ({y}, {y}) -> {y}
  return %t : {y}
}}
func.func @input_grad(%g: {y}, %f: {f}) -> {x} attributes {{tfc.entry}} {{
  %s = tfc.constant dense<[{b}, {h}, {w}, {depth * groups}]> : tensor<4xi64>
  %r = tfc.conv_input_grad %g, %f, %s {attributes} : ({y}, {f}, tensor<4xi64>) -> {x}
  return %r : {x}
}}
func.func @filter_grad(%x: {x}, %g: {y}) -> {f} attributes {{tfc.entry}} {{
  %s = tfc.constant dense<[{k}, {n}, {depth}, {features * groups}]> : tensor<4xi64>
  %r = tfc.conv_filter_grad %x, %g, %s {attributes} : ({x}, {y}, tensor<4xi64>) -> {f}
  return %r : {f}
}}"""


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("element", TYPES)
def test_groups_see_their_own_channels(compiled, element, machine):
    rng = np.random.default_rng(5)
    small = lambda shape: rng.integers(-2, 3, shape).astype(TYPES[element])
    for image, depth, features, groups, window, step in CASES if element == "f32" else CASES[:6]:
        x, f = small((*image, depth * groups)), small((*window, depth, features * groups))
        g = small((image[0], *(-(-size // step) for size in image[1:]), features * groups))
        bias = small(features * groups)
        attributes = ((step, step), (1, 1), (), groups)
        host = compiled(functions(image, depth, features, groups, window, step, element), cpu=machine)
        wide = [v.astype(np.float64) if v.dtype.kind != "i" else v for v in (x, f, g, bias)]
        y = windows.conv(*wide[:2], *attributes)
        wanted = {
            "forward": ((x, f), y),
            "biased": ((x, f, bias, g), (y + wide[3]) * wide[2]),
            "input_grad": ((g, f), windows.conv_input_grad(wide[2], wide[1], x.shape, *attributes)),
            "filter_grad": ((x, g), windows.conv_filter_grad(wide[0], wide[2], f.shape, *attributes)),
        }
        for name, (operands, value) in wanted.items():
            (result,) = host(name, *operands)
            assert host.status == 0
            np.testing.assert_array_equal(
                result, value.astype(TYPES[element]), err_msg=f"{name} {depth} {features} {groups}"
            )


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_that_are_not_finite_stay_in_their_group(compiled, machine):
    rng = np.random.default_rng(5)
    x, f = rng.standard_normal((1, 6, 6, 32)).astype(np.float32), rng.standard_normal((3, 3, 4, 32)).astype(np.float32)
    x[..., 5], x[0, 2, 2, 9] = np.inf, np.nan
    host = compiled(functions((1, 6, 6), 4, 4, 8, (3, 3), 1, "f32"), cpu=machine)
    (result,) = host("forward", x, f)
    others = np.isfinite(result).all((0, 1, 2))
    np.testing.assert_array_equal(others, [group not in (1, 2) for group in range(8) for _ in range(4)])
