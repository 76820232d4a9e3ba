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


def programs(group: int) -> tuple[dict, list]:
    """One entry for each primitive and kind of element type of a group, and a call of each."""
    made, calls = {}, []
    for prim in [p for p in WALK if p.name not in SKIPPED][group::GROUPS]:
        for kind in OPS[prim].kinds:
            operands, _, attrs = next(iter(cases(prim, kind)))
            operands = [np.asarray(o) for o in operands]
            if prim.name == "bitcast" and operands[0].dtype.itemsize != 8:
                continue
            specs = [tf.TensorSpec(o.shape, tf.as_dtype(o.dtype)) for o in operands]
            function = tf.function(lambda *a, prim=prim, attrs=attrs: prim(*a, **attrs))
            made[f"{prim.name}_{kind}"] = function.get_concrete_function(*specs)
            calls.append((f"{prim.name}_{kind}", operands))
    return made, calls


@pytest.mark.parametrize("name", ["armv7", "aarch64"])
@pytest.mark.parametrize("group", range(GROUPS))
def test_every_op_gives_what_python_gives_and_needs_libc_and_libm_only(tmp_path, group, name):
    functions, calls = programs(group)
    target = building.TARGETS[name]
    outcomes, _ = building.run_calls(tmp_path, functions, calls, target)
    undefined = building.undefined_symbols(tmp_path / "unit.o", target)
    assert not {s for s in undefined - LIBC - LIBM if not s.startswith("__aeabi_mem")}
    for (entry, operands), outcome in zip(calls, outcomes, strict=True):
        assert outcome.status == 0, (entry, outcome.message)
        wanted = tf.nest.flatten(functions[entry](*map(tf.constant, operands)))
        for got, want in zip(outcome.results, wanted, strict=True):
            np.testing.assert_allclose(got, want.numpy(), rtol=1e-11, atol=1e-13, err_msg=entry)
