"""NVIDIA code without a device: PTX of every kernel assembles, and what `ptxas` says of it is a table."""

from pathlib import Path

import pytest
import tfc as tf
from kernel_programs import PROGRAMS, ptxas, spec
from tfc.config.gpus import cuda_toolkit

CHIPS = ["sm_80", "sm_90", "sm_90a"]
TOOLKIT = cuda_toolkit()
needs_ptxas = pytest.mark.skipif(
    not TOOLKIT or not Path(TOOLKIT, "bin", "ptxas").exists(),
    reason="NOT TESTED: no ptxas; install a CUDA toolkit or the package nvidia-cuda-nvcc",
)


@needs_ptxas
@pytest.mark.parametrize("chip", CHIPS)
def test_kernels_assemble_without_spills(chip, tmp_path, record_property):
    table = []
    for name, (function, specs) in PROGRAMS.items():
        code = tf.function(function).get_concrete_function(*specs).compile_for(f"nvptx:{chip}")
        assert not code.host, str(code)
        for kernel in code.kernels:
            for registers, spills, shared in ptxas(kernel.code, chip, tmp_path, TOOLKIT):
                table.append((name, kernel.kind, registers, spills, shared))
    print(f"\n{chip}: program, mapping, registers, spilled bytes, shared bytes")
    for row in table:
        print("  {:14} {:18} {:4} {:4} {:6}".format(*row))
    record_property(f"ptxas {chip}", table)
    assert all(spills == 0 for _, _, _, spills, _ in table)
    # Two blocks of 256 threads, or four of 128, share the registers of a multiprocessor.
    assert all(registers <= 128 for _, _, registers, _, _ in table)


def test_device_code_needs_no_device_and_no_toolkit():
    f = tf.function(lambda x, y: x * y + 1.0)
    code = f.compile_for("nvptx:sm_90", spec(64), spec(64))
    text = code.kernels[0].code.decode()
    assert ".target sm_90" in text and ".visible .entry" in text and code.chip == "sm_90"


PRODUCTS = {"f16": tf.float16, "bf16": tf.bfloat16, "tf32": tf.float32}


def product(kind, chip, m=64, k=64, n=64):
    dtype = PRODUCTS[kind]
    specs = [spec(m, k, dtype=dtype), spec(k, n, dtype=dtype)]
    return tf.function(tf.matmul).get_concrete_function(*specs).compile_for(f"nvptx:{chip}").kernels[0]


@pytest.mark.parametrize("chip", ["sm_80", "sm_90"])
@pytest.mark.parametrize("kind", PRODUCTS)
def test_products_run_on_the_tensor_cores(kind, chip):
    assert f"row.col.f32.{kind}.{kind}.f32" in product(kind, chip).code.decode()


@pytest.mark.parametrize("kind", PRODUCTS)
def test_large_products_are_of_warpgroups_on_sm_90a(kind):
    assert (
        f"wgmma.mma_async.sync.aligned.m64n64k{8 if kind == 'tf32' else 16}.f32.{kind}.{kind}"
        in product(kind, "sm_90a").code.decode()
    )
    assert product(kind, "sm_90a", m=32).kind == "tensor-cores"


def test_older_devices_have_scalar_tiles():
    """`mma.sync` of these shapes is part of sm_80."""
    kernel = product("f16", "sm_70")
    assert kernel.kind == "tiles" and b"mma.sync" not in kernel.code


def test_tf32_can_be_switched_off():
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        assert not tf.config.experimental.tensor_float_32_execution_enabled()
        assert product("tf32", "sm_80").kind == "tiles" and product("f16", "sm_80").kind == "tensor-cores"
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(True)


@needs_ptxas
@pytest.mark.parametrize("shape", [(100, 70, 130), (64, 8, 64), (129, 33, 65)])
def test_products_of_any_size_assemble(shape, tmp_path):
    for kind in PRODUCTS:
        for chip in CHIPS:
            kernel = product(kind, chip, *shape)
            assert all(spills == 0 for _, spills, _ in ptxas(kernel.code, chip, tmp_path, TOOLKIT))


@needs_ptxas
def test_cubin():
    concrete = tf.function(tf.nn.softmax).get_concrete_function(spec(8, 100))
    code = concrete.compile_for("nvptx:sm_80", format="bin")
    assert code.kernels[0].code[:4] == b"\x7fELF"


@pytest.mark.parametrize("target", ["nvptx:gfx90", "metal", "spirv:1", "GPU:9"])
def test_a_target_that_is_none_is_an_error(target):
    with pytest.raises(ValueError, match="no target"):
        tf.function(lambda x: x + 1.0).compile_for(target, spec(4))
