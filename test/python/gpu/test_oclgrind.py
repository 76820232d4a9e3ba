"""Programs whose kernels run under Oclgrind, which interprets them and finds races and accesses outside of buffers.

A nightly-style check: TFC_NIGHTLY=1 runs all programs, with and without their barriers; a few and the planted bugs always run.
"""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import oclgrind
import oclgrind_programs
import pytest
import tfc as tf
from installing import OCLGRIND, install, skip_loudly

NIGHTLY = bool(os.environ.get("TFC_NIGHTLY"))
ALWAYS = ["softmax", "first extreme", "scatters that add", "small sorts"]
NAMES = list(oclgrind_programs.programs(tf))
# Threads that share nothing need no barriers.
INDEPENDENT = {
    "elements",
    "scatters that add",
    "scatters that overwrite",
    "scatters to pairs of places",
    "segments",
    "gradient of a gather",
    "sorts",
}


@pytest.fixture(scope="module")
def installed():
    there = lambda: shutil.which("oclgrind-kernel") and oclgrind.translator()
    if not there():
        problem = install(OCLGRIND)
        if not there():
            skip_loudly(f"no oclgrind-kernel or llvm-spirv; installing {' '.join(OCLGRIND)}: {problem or 'done'}")


def outcome(*arguments):
    environment = {
        **os.environ,
        "FAKE_CUDA_CAPABILITY": "70",
        "VK_DRIVER_FILES": os.devnull,
        "PYTHONPATH": ":".join(p for p in sys.path if p),
    }
    command = [sys.executable, oclgrind_programs.__file__, *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def chosen(names):
    return [name for name in names if NIGHTLY or name in ALWAYS]


@pytest.fixture(scope="module")
def whole(installed):
    return outcome(*chosen(NAMES))


@pytest.fixture(scope="module")
def broken(installed):
    return outcome("--without-barriers", *(n for n in chosen(NAMES) if n not in INDEPENDENT))


def found(outcomes, name):
    if name not in outcomes:
        pytest.skip("nightly: TFC_NIGHTLY=1")
    return outcomes[name]


@pytest.mark.parametrize("name", NAMES)
def test_kernels_have_no_races_and_stay_in_their_buffers(whole, name):
    made = found(whole, name)
    assert not made["failures"], made["failures"][0]
    assert made["launches"] and not made["reports"], made["reports"][:1]
    assert made["right"]


@pytest.mark.parametrize("name", [n for n in NAMES if n not in INDEPENDENT])
def test_barriers_that_are_missing_are_caught(broken, name):
    """As races, or as places out of all bounds where the values that race are such."""
    made = found(broken, name)
    assert any(oclgrind.WRONG.search(text) for text in made["reports"]), made


def one_kernel(function, *args, change=None):
    (kernel,) = oclgrind.kernels(tf.function(function).get_concrete_function(*args), change).values()
    return kernel


def barriers(module):
    return [op for op in oclgrind.walk(module.operation) if op.name == "gpu.barrier"]


SOFTMAX = np.linspace(-3, 3, 300, dtype=np.float32).reshape(1, 300)


def run_softmax(tmp_path, change=None):
    kernel = one_kernel(tf.nn.softmax, SOFTMAX, change=change)
    values = [SOFTMAX.view(np.uint8).ravel(), np.zeros(SOFTMAX.nbytes, np.uint8)]
    assert kernel.sizes == [SOFTMAX.nbytes] * 2
    return oclgrind.run(kernel, (1, 1, 1), (256, 1, 1), values, tmp_path, oclgrind.RACES)[0]


def test_each_barrier_is_needed(installed, tmp_path):
    """Every single one that is left out is caught: there is none that does nothing, and none that the check does not see."""
    count = []
    assert not oclgrind.WRONG.search(run_softmax(tmp_path, lambda module: count.append(len(barriers(module)))))
    assert count[0] > 2
    for i in range(count[0]) if NIGHTLY else (0, count[0] // 2):
        report = run_softmax(tmp_path, lambda module, i=i: barriers(module)[i].erase())
        assert "data race" in report, f"barrier {i} of {count[0]}"


def test_an_access_outside_of_a_buffer_is_caught(installed, tmp_path):
    x = np.arange(300, dtype=np.float32)
    kernel = one_kernel(lambda x, y: x * y + 1.0, x, x)
    values = [x.view(np.uint8), x.view(np.uint8), np.zeros(x.nbytes - 16, np.uint8)]
    report, _ = oclgrind.run(kernel, (2, 1, 1), (256, 1, 1), values, tmp_path)
    assert "Invalid write" in report or "Invalid read" in report, report
