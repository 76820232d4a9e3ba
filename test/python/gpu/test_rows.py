"""Walks the op table on a Vulkan device: each row's value against eager execution, and what the row says of kernels."""

import sys
from pathlib import Path

import numpy as np
import pytest
import tfc as tf

sys.path.insert(0, str(Path(__file__).parents[1] / "compiled"))

from cases import cases, dtypes
from oracle import difference, is_float
from tfc.core import eager_tensor
from tfc.ops import primitives as p
from tfc.ops.table import OPS

MATRICES = {prim for prim in OPS if OPS[prim].numpy.__module__ in ("tfc.ops.rows.matrix", "tfc.ops.rows.spectral")}
WALK = [prim for prim in OPS if not OPS[prim].raw and prim not in MATRICES]
# Kernels of f32 and the CPU's functions are both near the true value; asin and acos come from the driver.
RELATIVE = {p.asin: 4e-4, p.acos: 4e-4, p.erfinv: 1e-4, p.digamma: 1e-4, p.lgamma: 1e-5, p.sigmoid: 1e-5, p.pow_: 1e-5}
# What NaN, infinities and denormals become is the driver's business in these: GLSL does not say.
ORDINARY = (
    p.atan2,
    p.pow_,
    p.nextafter,
    p.asin,
    p.acos,
    p.tan,
    p.sin,
    p.cos,
    p.lgamma,
    p.digamma,
    p.erfinv,
    p.sinh,
    p.cosh,
    p.asinh,
    p.acosh,
    p.atanh,
)


def samples(prim):
    """A few small calls of a dtype that devices have: float32 if the row takes it, complex64 if it takes nothing else."""
    known = dtypes(prim)
    order = [tf.float32, tf.int32, tf.uint32, tf.bool, *(d for d in known if not d.is_complex), tf.complex64]
    dtype = next((d for d in order if d in known), None)
    if dtype is None:
        return None, []
    many = [c for c in cases(prim, dtype) if all(o.size < 300 for o in c.operands)]
    if prim in ORDINARY:
        many = [c for c in many if all(o.dtype.kind != "f" or np.all(np.isfinite(o)) for o in c.operands)]
    if prim in (p.nonzero, p.lgamma):
        many = [c for c in many if c.operands[0].ndim and (prim is p.nonzero or np.all(c.operands[0] > 0))]
    return dtype, many[:6]


def traced(prim, many):
    arguments = [eager_tensor(np.array(o, order="C", ndmin=0)) for c in many for o in c.operands]

    def every(*args):
        it = iter(args)
        return [prim(*[next(it) for _ in c.operands], **c.attrs) for c in many]

    return tf.function(every, autograph=False), arguments


def close(got, want, relative):
    if not is_float(want.dtype):
        return difference(got, want)
    if got.shape != want.shape or got.dtype != want.dtype:
        return f"got {got.dtype}{list(got.shape)}, want {want.dtype}{list(want.shape)}"
    with np.errstate(all="ignore"):
        same = (
            (got == want)
            | (np.isnan(got) & np.isnan(want))
            | (np.abs(got - want) <= relative * np.abs(want) + relative / 8)
        )
    return (
        None
        if np.all(same)
        else f"got {got[~same][:3]}, want {want[~same][:3]}"
        if same.ndim
        else f"got {got}, want {want}"
    )


@pytest.mark.parametrize("prim", WALK, ids=lambda prim: prim.name)
def test_a_row_on_the_device_is_the_row(gpu, prim):
    dtype, many = samples(prim)
    if dtype is None:
        pytest.skip("no numbers")
    function, arguments = traced(prim, many)
    want = [prim(*[eager_tensor(np.array(o, order="C", ndmin=0)) for o in c.operands], **c.attrs) for c in many]
    with tf.device(f"GPU:{gpu.index}"):
        got = function(*arguments)
    wrong = []
    for case, g, w in zip(many, got, want, strict=True):
        message = close(g.numpy(), w.numpy(), RELATIVE.get(prim, 3e-6))
        if message:
            wrong.append(f"{case}: {message}")
    assert not wrong, "\n".join(wrong)


def host_ops(prim):
    """Ops that stay on the host, of a row alone."""
    _, many = samples(prim)
    function, arguments = traced(prim, many)
    return function.get_concrete_function(*arguments).compile_for("spirv")


@pytest.mark.parametrize("prim", WALK, ids=lambda prim: prim.name)
def test_a_row_says_whether_it_has_kernels(prim):
    """`gpu` of the row: what stays on the host, or nothing."""
    dtype, _ = samples(prim)
    if dtype is None:
        assert OPS[prim].gpu
        return
    code = host_ops(prim)
    text = "; ".join(dict.fromkeys(f"{h.op}: {h.why}" for h in code.host))
    assert bool(code.host) == bool(OPS[prim].gpu), f"the row says {OPS[prim].gpu!r}, the compiler {text!r}"
