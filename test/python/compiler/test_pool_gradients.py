"""Gradients of pools on several machines: steps and phases, margins, ties, numbers that are not finite, large windows."""

import platform

import numpy as np
import pytest
from tfc.ops import windows

X86 = platform.machine() == "x86_64"
MACHINES = ["native", *(["x86-64", "x86-64-v3"] if X86 else [])]
TYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16}
# Image, window, step, dilation, padding. Windows that overlap or not, that leave elements out, with margins before and behind,
# of more than 127 elements and with more than 16 phases; one, two and three dimensions; whole vectors of channels and others.
# Those behind the line have vectors of channels, perhaps and some more, in several blocks of rows or one, and windows that are unrolled or not.
CASES = [
    ((2, 8, 8, 16), (3, 3), 2, 1, None),
    ((2, 9, 7, 16), (3, 3), 2, 1, None),
    ((2, 8, 8, 5), (3, 3), 1, 1, None),
    ((2, 8, 8, 17), (2, 2), 2, 1, None),
    ((1, 7, 7, 3), (2, 2), 3, 1, None),
    ((2, 11, 10, 8), (3, 2), 2, 1, (0, 0, 0, 0)),
    ((2, 9, 9, 4), (3, 3), 1, 2, None),
    ((1, 9, 9, 4), (3, 3), 1, 1, (2, 2, 2, 2)),
    ((1, 13, 15, 3), (12, 11), 1, 1, None),
    ((1, 30, 31, 3), (12, 11), 4, 1, None),
    ((1, 20, 21, 3), (7, 6), 5, 1, None),
    ((2, 37, 16), (3,), 2, 1, None),
    ((1, 4, 5, 6, 16), (2, 3, 2), 2, 1, None),
    ((1, 1, 1, 16), (3, 3), 2, 1, None),
    ((0, 4, 4, 3), (3, 3), 2, 1, None),
    # ---
    ((2, 70, 9, 20), (3, 3), 2, 1, None),
    ((9, 40, 6, 16), (3, 2), 1, 1, None),
    ((1, 70, 6, 16), (3, 2), 1, 1, (2, 1, 0, 1)),
    ((1, 41, 12, 17), (7, 6), 2, 1, None),
    ((1, 41, 12, 16), (6, 6), 1, 1, None),
    ((1, 100, 9, 33), (2, 2), 3, 1, None),
    ((1, 35, 4, 5, 16), (2, 3, 2), 1, 1, None),
    ((1, 100, 19), (3,), 2, 1, None),
    ((0, 40, 9, 16), (3, 3), 2, 1, None),
    ((1, 1, 9, 16), (3, 3), 1, 1, None),
]


def functions(shape, out, window, step, dilation, padding, element):
    rank = len(window)
    one = "x".join(map(str, shape)) + f"x{element}"
    x, g = f"tensor<{one}>", "tensor<" + "x".join(map(str, out)) + f"x{element}>"
    count, outs = int(np.prod(shape)), int(np.prod(out))
    pads = "" if padding is None else ": " + ", ".join(map(str, padding))
    array = lambda value: "array<i64: " + ", ".join(map(str, [value] * rank if np.isscalar(value) else value)) + ">"
    attributes = f"""{{window = {array(window)}, strides = {array(step)}, dilations = {array(dilation)},
      padding = array<i64{pads}>}}"""
    at = g.replace(element, "i64")
    return f"""
func.func @mean(%g: {g}) -> {x} attributes {{tfc.entry}} {{
  %s = tfc.constant dense<[{", ".join(map(str, shape))}]> : tensor<{rank + 2}xi64>
  %r = tfc.avg_pool_grad %g, %s {attributes} : ({g}, tensor<{rank + 2}xi64>) -> {x}
  return %r : {x}
}}
func.func @largest(%x: {x}, %g: {g}) -> {x} attributes {{tfc.entry}} {{
  %z = tfc.constant dense<0.0> : tensor<{count}x{element}>
  %a = tfc.argmax_pool %x {attributes} : ({x}) -> {at}
  %f = tfc.reshape %a {{shape = array<i64: {outs}>}} : ({at}) -> tensor<{outs}xi64>
  %i = tfc.expand_dims %f {{axes = array<i64: 1>}} : (tensor<{outs}xi64>) -> tensor<{outs}x1xi64>
  %u = tfc.reshape %g {{shape = array<i64: {outs}>}} : ({g}) -> tensor<{outs}x{element}>
  %s = tfc.scatter %z, %i, %u {{mode = "add"}}
      : (tensor<{count}x{element}>, tensor<{outs}x1xi64>, tensor<{outs}x{element}>) -> tensor<{count}x{element}>
  %r = tfc.reshape %s {{shape = {array(shape)}}} : (tensor<{count}x{element}>) -> {x}
  return %r : {x}
}}"""


def images(shape, rng):
    """Ties, NaN, signed zeros, windows of nothing but -inf."""
    x = rng.integers(-2, 3, shape).astype(np.float64)
    yield "ties", x
    yield "nan", np.where(rng.random(shape) < 0.2, np.nan, x)
    yield "zeros", np.where(rng.random(shape) < 0.5, -0.0, 0.0)
    yield "low", np.where(rng.random(shape) < 0.9, -np.inf, x)
    yield "lowest", np.full(shape, -np.inf)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("element", TYPES)
def test_each_window_gives_to_the_first_of_its_largest_elements(compiled, element, machine):
    rng = np.random.default_rng(7)
    for shape, window, step, dilation, padding in CASES if element == "f32" else CASES[:4] + CASES[15:17]:
        attributes = (window, (step,) * len(window), (dilation,) * len(window), padding or ())
        out = windows.max_pool(np.zeros(shape), *attributes).shape
        host = compiled(functions(shape, out, window, step, dilation, padding, element), cpu=machine)
        g = rng.integers(-3, 4, out).astype(TYPES[element])
        for name, x in images(shape, rng):
            x = x.astype(TYPES[element])
            at = windows.argmax_pool(x, *attributes)
            wanted = np.zeros(x.size)
            np.add.at(wanted, at.ravel(), g.ravel().astype(np.float64))
            (result,) = host("largest", x, g)
            assert host.status == 0
            np.testing.assert_array_equal(
                result, wanted.reshape(shape).astype(x.dtype), err_msg=f"{name} {shape} {window}"
            )


@pytest.mark.parametrize("machine", MACHINES)
def test_each_window_of_a_mean_gives_the_same_to_all(compiled, machine):
    rng = np.random.default_rng(7)
    for shape, window, step, dilation, padding in CASES:
        attributes = (window, (step,) * len(window), (dilation,) * len(window), padding or ())
        out = windows.max_pool(np.zeros(shape), *attributes).shape
        host = compiled(functions(shape, out, window, step, dilation, padding, "f32"), cpu=machine)
        g = rng.standard_normal(out).astype(np.float32)
        (result,) = host("mean", g)
        assert host.status == 0
        wanted = windows.avg_pool_grad(g.astype(np.float64), shape, *attributes)
        np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-6)
