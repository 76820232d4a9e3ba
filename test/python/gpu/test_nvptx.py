"""NVIDIA code without a device: PTX of every kernel assembles, and what `ptxas` says of it is recorded."""

import glob
import os
import re
import subprocess
from pathlib import Path

import pytest
import tfc as tf

CHIPS = ["sm_80", "sm_90"]


def _toolkit():
    """A CUDA toolkit: of the system, or of the package nvidia-cuda-nvcc. None without one."""
    places = [os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"]
    for root in glob.glob(str(Path(pytest.__file__).parents[1] / "nvidia" / "cu*")):
        places.append(root)
    for place in places:
        if place and (Path(place) / "bin" / "ptxas").exists():
            return Path(place)
    return None


TOOLKIT = _toolkit()
needs_ptxas = pytest.mark.skipif(TOOLKIT is None, reason="no ptxas: install a CUDA toolkit or nvidia-cuda-nvcc")


def spec(*shape):
    return tf.TensorSpec(shape, tf.float32)


def layernorm(x, g, b):
    m = tf.reduce_mean(x, axis=-1, keepdims=True)
    v = tf.reduce_mean((x - m) ** 2, axis=-1, keepdims=True)
    return (x - m) * tf.math.rsqrt(v + 1e-5) * g + b


def lstm(x, h, c, w, u, b):
    i, f, g, o = tf.split(x @ w + h @ u + b, 4, axis=1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    return tf.sigmoid(o) * tf.tanh(c), c


PROGRAMS = {
    "add": (lambda x, y: x + y, [spec(4096), spec(4096)]),
    "softmax": (tf.nn.softmax, [spec(64, 1024)]),
    "layernorm": (layernorm, [spec(64, 1024), spec(1024), spec(1024)]),
    "matmul": (tf.matmul, [spec(256, 256), spec(256, 256)]),
    "matmul edges": (tf.matmul, [spec(100, 70), spec(70, 130)]),
    "lstm": (lstm, [spec(64, 128), spec(64, 128), spec(64, 128), spec(128, 512), spec(128, 512), spec(512)]),
}


def ptxas(ptx: bytes, chip: str, folder) -> list:
    """(registers, spilled bytes, shared bytes) of each kernel."""
    source = folder / "kernel.ptx"
    source.write_bytes(ptx)
    run = subprocess.run(
        [str(TOOLKIT / "bin" / "ptxas"), "-v", f"-arch={chip}", str(source), "-o", str(folder / "kernel.cubin")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    rows = []
    for text in run.stderr.split("Compiling entry function")[1:]:
        number = lambda pattern: int((re.search(pattern, text) or [0, 0])[1])
        rows.append((number(r"Used (\d+) registers"), number(r"(\d+) bytes spill stores"), number(r"(\d+) bytes smem")))
    assert rows
    return rows


@needs_ptxas
@pytest.mark.parametrize("chip", CHIPS)
def test_kernels_assemble_without_spills(chip, tmp_path, record_property):
    table = []
    for name, (function, specs) in PROGRAMS.items():
        concrete = tf.function(function).get_concrete_function(*specs)
        code = concrete.compile_for(f"nvptx:{chip}", toolkit=str(TOOLKIT))
        assert not code.host, str(code)
        for kernel in code.kernels:
            for registers, spills, shared in ptxas(kernel.code, chip, tmp_path):
                table.append((name, kernel.kind, registers, spills, shared))
    print(f"\n{chip}: program, mapping, registers, spilled bytes, shared bytes")
    for row in table:
        print("  {:14} {:18} {:4} {:4} {:6}".format(*row))
    record_property(f"ptxas {chip}", table)
    assert all(spills == 0 for *_, spills, _ in table)
    assert all(registers <= 128 for _, _, registers, _, _ in table)


def test_device_code_needs_no_device_and_no_toolkit():
    f = tf.function(lambda x, y: x * y + 1.0)
    code = f.compile_for("nvptx:sm_90", spec(64), spec(64))
    text = code.kernels[0].code.decode()
    assert ".target sm_90" in text and ".visible .entry" in text and code.chip == "sm_90"


@needs_ptxas
@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16], ids=lambda d: d.name)
def test_products_of_halves_assemble(dtype, chip, tmp_path):
    """float16 goes through tensor cores, bfloat16 through the tiles of other types."""
    specs = [tf.TensorSpec([64, 64], dtype)] * 2
    code = tf.function(tf.matmul).get_concrete_function(*specs).compile_for(f"nvptx:{chip}", toolkit=str(TOOLKIT))
    assert ("mma.sync" in code.kernels[0].code.decode()) == (dtype is tf.float16)
    assert all(spills == 0 for kernel in code.kernels for _, spills, _ in ptxas(kernel.code, chip, tmp_path))


@needs_ptxas
def test_cubin():
    concrete = tf.function(tf.nn.softmax).get_concrete_function(spec(8, 100))
    code = concrete.compile_for("nvptx:sm_80", format="bin", toolkit=str(TOOLKIT))
    assert code.kernels[0].code[:4] == b"\x7fELF"


@pytest.mark.parametrize("target", ["nvptx:gfx90", "metal", "spirv:1", "GPU:9"])
def test_a_target_that_is_none_is_an_error(target):
    with pytest.raises(ValueError, match="no target"):
        tf.function(lambda x: x + 1.0).compile_for(target, spec(4))
