"""Every primitive compiles for every target, and needs nothing but libc and libm."""

import sys
from pathlib import Path

import building
import numpy as np
import pytest
import tfc as tf

sys.path.insert(0, str(Path(__file__).parent.parent / "ops"))
from test_op_table import OPS, WALK, cases

LIBC = {"memcpy", "memmove", "memset", "bzero"}
LIBM = {
    "pow",
    "fmod",
    "hypot",
    "atan2",
    "floor",
    "ceil",
    "trunc",
    "rint",
    "nearbyint",
    "roundeven",
    "fma",
    "sin",
    "cos",
}
LIBM |= {
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "asinh",
    "acosh",
    "atanh",
    "erf",
    "erfc",
    "log2",
    "exp2",
    "cbrt",
}
LIBM |= {"lgamma", "tgamma", "round", "exp", "log", "log1p", "expm1", "tanh", "log10", "nextafter", "exp10"}
LIBM |= {f"{name}f" for name in LIBM}
GROUPS = 6
SKIPPED = {"constant", "cast"}  # an attribute of another kind; below


def concretes(group: int) -> dict:
    """One entry for each primitive and kind of element type of a group."""
    made = {}
    for prim in [p for p in WALK if p.name not in SKIPPED][group::GROUPS]:
        for kind in OPS[prim].kinds:
            operands, _, attrs = next(iter(cases(prim, kind)))
            if prim.name == "bitcast" and np.asarray(operands[0]).dtype.itemsize != 8:
                continue
            specs = [tf.TensorSpec(np.shape(o), tf.as_dtype(np.asarray(o).dtype)) for o in operands]
            function = tf.function(lambda *a, prim=prim, attrs=attrs: prim(*a, **attrs))
            made[f"{prim.name}_{kind}"] = function.get_concrete_function(*specs)
    return made


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_op_compiles_and_needs_libc_and_libm_only(tmp_path, group):
    functions = concretes(group)
    for name in ("armv7", "aarch64"):
        target = building.TARGETS[name]
        tf.export.compile(functions, tmp_path / f"{name}.o", target=target.triple)
        undefined = building.undefined_symbols(tmp_path / f"{name}.o", target)
        extra = {s for s in undefined - LIBC - LIBM if not s.startswith("__aeabi_mem")}
        assert not extra, (name, extra)
