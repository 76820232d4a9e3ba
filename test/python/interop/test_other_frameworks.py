"""`import tfc` beside libraries that carry an LLVM of their own, before them and after them."""

import importlib.util
import itertools
import subprocess
import sys

import pytest

# Each snippet makes the other library use its compiler.
OTHERS = {
    "numpy": "import numpy; numpy.ones(3).sum()",
    "numba": "import numba; numba.njit(lambda x: x + 1)(1)",
    "torch": "import torch; torch.ones(3).sum().item()",
    "jax": "import jax; jax.jit(lambda x: x + 1)(1.0)",
    "tensorflow": "import tensorflow as other; other.function(lambda x: x + 1)(other.constant(1.0))",
}
OURS = "import tfc as tf; assert tf.function(lambda x: tf.tanh(x) + 1)(tf.constant(0.0)).numpy() == 1"
CASES = list(itertools.product(OTHERS, ["before", "after"]))


@pytest.mark.parametrize("other,order", CASES, ids=[f"{o}-imported-{w}" for o, w in CASES])
def test_works_in_one_process_with(other, order):
    if importlib.util.find_spec(other) is None:
        pytest.skip(f"{other} is not installed")
    lines = [OTHERS[other], OURS] if order == "before" else [OURS, OTHERS[other]]
    code = "\n".join([*lines, OURS, OTHERS[other]])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def test_mlir_package_stays_usable():
    code = """
import tfc as tf
from mlir import ir
from mlir.passmanager import PassManager
with ir.Context() as context, ir.Location.unknown():
    module = ir.Module.parse("func.func @f() -> i32 { %0 = arith.constant 1 : i32  return %0 : i32 }")
    PassManager.parse("builtin.module(canonicalize)").run(module.operation)
assert tf.function(lambda x: x + 1)(tf.constant(1)).numpy() == 2
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
