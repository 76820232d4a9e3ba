"""Kernels under Oclgrind, which interprets them and finds races and accesses outside of buffers: the OpenCL flavour of each.

A nightly-style check: TFC_NIGHTLY=1 runs all programs; the first one and the planted bugs always run.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tfc as tf
from installing import OCLGRIND, install, skip_loudly
from tfc.ir import LOCK, compiler, mlir, run_passes, walk

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def oclgrind():
    if not shutil.which("oclgrind-kernel") or not _translator():
        problem = install(OCLGRIND)
        if not shutil.which("oclgrind-kernel") or not _translator():
            skip_loudly(f"no oclgrind-kernel or llvm-spirv; installing {' '.join(OCLGRIND)}: {problem or 'done'}")


def _translator():
    return shutil.which("llvm-spirv-14") or shutil.which("llvm-spirv")


def kernels(function, args, change=None):
    """(name, SPIR-V, grid, block, sizes of buffers in bytes) of each kernel; `change` edits the module of kernels before."""
    concrete = tf.function(function).get_concrete_function(*args)
    with LOCK:
        module = concrete._graph.function.clone_module()
        for stage in ("tfc-optimize", "tfc-to-linalg", "tfc-pack", "tfc-bufferization", "tfc-buffers-to-kernels"):
            compiler.run_pipeline(module, stage, {"gpu": "spirv"})
        if change is not None:
            change(module)
        launches = [
            (op, [_number(o) for o in list(op.operands)[:6]], list(op.operands)[6:])
            for op in walk(module.operation)
            if op.name == "gpu.launch_func"
        ]
        made = []
        for op, geometry, operands in launches:
            name = str(op.attributes["kernel"]).split("::")[0].lstrip("@").strip('"')
            sizes = [_bytes(o.type) for o in operands]
            made.append([name, None, geometry[:3], geometry[3:6], sizes])
        run_passes(module, "builtin.module(tfc-gpu-to-spirv{opencl=true})")
        codes = {}
        for op in walk(module.operation):
            if op.name == "gpu.binary":
                text = op.get_asm()
                codes[mlir.StringAttr(op.attributes["sym_name"]).value] = _object(text)
    for kernel in made:
        kernel[1] = codes[kernel[0]]
    return made


def _number(value):
    return mlir.IntegerAttr(value.owner.attributes["value"]).value


def _bytes(type_):
    found = re.fullmatch(r"memref<(?:(\d+)x)?(\w+?)(\d+)(?:, .*)?>", str(type_))
    return int(found[1] or 1) * max(int(found[3]) // 8, 1)


def _object(text):
    """The bytes of `#gpu.object<..., "...">`, as MLIR escapes them."""
    body = re.search(r'"((?:[^"\\]|\\.)*)">\s*\]', text, re.S)[1]
    made, i = bytearray(), 0
    while i < len(body):
        if body[i] == "\\":
            if body[i + 1] in '\\"':
                made.append(ord(body[i + 1]))
                i += 2
            else:
                made.append(int(body[i + 1 : i + 3], 16))
                i += 3
        else:
            made += body[i].encode()
            i += 1
    return bytes(made)


def run(kernel, inputs, folder: Path, *, cut=0, checks=("--data-races", "--uninitialized")):
    """What Oclgrind reports and the buffers afterwards. `inputs`: float arrays of the first buffers; `cut`: bytes by which the last
    buffer is too small.
    """
    name, code, grid, block, sizes = kernel
    (folder / "k.spv").write_bytes(code)
    done = subprocess.run(
        [_translator(), "-r", "--spirv-target-env=CL2.0", "k.spv", "-o", "k.bc"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [
        "k.bc",
        name,
        " ".join(str(g * b) for g, b in zip(grid, block, strict=True)),
        " ".join(map(str, block)),
        "",
    ]
    for i, size in enumerate(sizes):
        size -= cut if i == len(sizes) - 1 else 0
        if i < len(inputs):
            lines += [f"<size={size} float dump>", " ".join(f"{v:.9g}" for v in np.ravel(inputs[i]))]
        else:
            lines.append(f"<size={size} float fill=0 dump>")
    (folder / "k.sim").write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        ["oclgrind-kernel", *checks, "--max-errors", "5", "k.sim"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    buffers = [
        np.array(re.findall(r"\] = (\S+)", part), np.float32) for part in re.split(r"Argument '", done.stdout)[1:]
    ]
    return done.stderr + "".join(
        line for line in done.stdout.splitlines() if "race" in line or "Invalid" in line
    ), buffers


def layernorm(x, g, b):
    m = tf.reduce_mean(x, axis=-1, keepdims=True)
    v = tf.reduce_mean((x - m) ** 2, axis=-1, keepdims=True)
    return (x - m) * tf.math.rsqrt(v + 1e-5) * g + b


def normal(*shape):
    return rng.standard_normal(shape).astype(np.float32)


# name -> (function, arguments in the order of the kernel's buffers)
PROGRAMS = {
    "softmax": (tf.nn.softmax, [normal(4, 300)]),
    "product": (tf.matmul, [normal(33, 20), normal(20, 35)]),
    "layernorm": (layernorm, [normal(4, 130), normal(130), normal(130)]),
    "running sums": (lambda x: tf.cumsum(x, axis=1), [normal(3, 300)]),
    "elements": (lambda x, y: x * y + 1.0, [normal(300), normal(300)]),
}
ALWAYS = ["softmax"]
NIGHTLY = bool(os.environ.get("TFC_NIGHTLY"))


def agrees(buffers, want):
    return any(b.size == want.size and np.allclose(b, want.ravel(), rtol=1e-4, atol=1e-5) for b in buffers)


@pytest.mark.parametrize("name", PROGRAMS)
def test_kernels_have_no_races_and_stay_in_their_buffers(oclgrind, tmp_path, name):
    if name not in ALWAYS and not NIGHTLY:
        pytest.skip("nightly: TFC_NIGHTLY=1")
    function, inputs = PROGRAMS[name]
    (kernel,) = kernels(function, inputs)
    report, buffers = run(kernel, inputs, tmp_path)
    assert not re.search(r"race|Invalid|Uninitialized", report), report
    assert agrees(buffers, np.asarray(function(*inputs)))


def without_barriers(module):
    """Takes every barrier out of the kernels."""
    found = [op for op in walk(module.operation) if op.name == "gpu.barrier"]
    assert found
    for op in found:
        op.erase()


@pytest.mark.parametrize("name", ["softmax", "product", "layernorm", "running sums"])
def test_a_barrier_that_is_missing_is_caught(oclgrind, tmp_path, name):
    function, inputs = PROGRAMS[name]
    (kernel,) = kernels(function, inputs, without_barriers)
    report, _ = run(kernel, inputs, tmp_path, checks=["--data-races"])
    assert "data race" in report, report


def test_an_access_outside_of_a_buffer_is_caught(oclgrind, tmp_path):
    function, inputs = PROGRAMS["elements"]
    (kernel,) = kernels(function, inputs)
    report, _ = run(kernel, inputs, tmp_path, cut=16)
    assert re.search(r"Invalid (write|read)", report), report
