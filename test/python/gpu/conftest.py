"""The software Vulkan device that kernels of these tests run on: installed where that is possible, else a loud skip."""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

# Helpers of this folder.
sys.path.insert(0, str(Path(__file__).parent))

from installing import VULKAN, install, skip_loudly


def _has_driver() -> bool:
    try:
        ctypes.CDLL("libvulkan.so.1")
    except OSError:
        return False
    places = [Path("/usr/share/vulkan/icd.d"), Path("/etc/vulkan/icd.d")]
    named = os.environ.get("VK_DRIVER_FILES") or os.environ.get("VK_ICD_FILENAMES")
    return bool(named) or any(p.is_dir() and any(p.glob("*.json")) for p in places)


@pytest.fixture(scope="session")
def gpu():
    """A GPU of this machine: its info. Before the first question, the driver has to be there."""
    problem = ""
    if not _has_driver():
        problem = install(VULKAN)
    import tfc as tf
    from tfc.config.gpus import gpus, why_none

    found = [g for g in gpus() if g.target == "spirv"]
    if not found:
        skip_loudly(f"no Vulkan device: {why_none()}; installing {' '.join(VULKAN)}: {problem or 'done'}")
    assert tf.config.list_physical_devices("GPU")
    return found[0]


@pytest.fixture(scope="session")
def spirv_val(gpu):
    """`spirv-val` on the code of kernels; `AssertionError` with its text for an invalid one."""
    if not shutil.which("spirv-val"):
        problem = install(["spirv-tools"])
        if not shutil.which("spirv-val"):
            skip_loudly(f"no spirv-val: {problem}")

    def check(code: bytes):
        with tempfile.NamedTemporaryFile(suffix=".spv") as file:
            file.write(code)
            file.flush()
            run = subprocess.run(
                ["spirv-val", "--target-env", "vulkan1.1", file.name], capture_output=True, text=True, check=False
            )
        assert run.returncode == 0, run.stdout + run.stderr

    return check


@pytest.fixture
def on_gpu(gpu, spirv_val):
    """`on_gpu(function, *args)`: the result of a tf.function on the device, as numpy arrays; all of its kernels are valid.

    `fallback`: whether ops may stay on the host.
    """
    import tfc as tf

    def run(function, *args, fallback=False, kernels=None):
        name = f"GPU:{gpu.index}"
        with tf.device(name):
            result = function(*args)
        concrete = function.get_concrete_function(*args)
        shapes = [t.shape_tuple for t in _tensors(concrete, args)]
        code = concrete.compile_for(name, *shapes) if shapes else concrete.compile_for(name)
        for kernel in code.kernels:
            spirv_val(kernel.code)
        if not fallback:
            assert not code.host, f"left to the host: {[str(h) for h in code.host]}"
        if kernels is not None:
            assert len(code.kernels) == kernels, str(code)
        return tf.nest.map_structure(lambda t: t.numpy(), result)

    return run


def _tensors(concrete, args):
    from tfc.core import VariableStorage
    from tfc.ops.convert import convert_to_tensor
    from tfc.ops.nest import flatten

    given = [convert_to_tensor(a) for a in flatten(args) if not isinstance(a, VariableStorage)]
    return [*given, *concrete._graph.captured]
