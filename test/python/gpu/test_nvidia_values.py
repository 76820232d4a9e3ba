"""The code for NVIDIA devices computes the CPU's values: host code on a driver without a device, kernels on a PTX machine.

The machine also finds races and accesses outside of buffers, so every program here is free of them.
"""

import json
import os
import subprocess
import sys

import nvidia_programs
import pytest
import tfc as tf

NAMES = list(nvidia_programs.programs(tf))


def run(capability):
    environment = {
        **os.environ,
        "FAKE_CUDA_CAPABILITY": capability,
        "VK_DRIVER_FILES": os.devnull,
        "PYTHONPATH": ":".join(p for p in sys.path if p),
    }
    run = subprocess.run(
        [sys.executable, nvidia_programs.__file__], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def ampere():
    return run("80")


@pytest.fixture(scope="module")
def hopper():
    return run("90")


def check(found):
    assert not found["failures"], found["failures"][0]
    assert found["launches"]
    assert max(found["errors"]) <= found["limit"], found


@pytest.mark.parametrize("name", NAMES)
def test_values_on_sm_80(ampere, name):
    check(ampere[name])


@pytest.mark.parametrize("name", NAMES)
def test_values_on_sm_90(hopper, name):
    check(hopper[name])


@pytest.mark.parametrize("kind", ["f16", "bf16", "tf32"])
def test_products_are_computed_by_tensor_cores(ampere, hopper, kind):
    for found, mapping in ((ampere, "tensor-cores"), (hopper, "warpgroups")):
        assert found[f"{kind} product"]["kinds"] == [mapping] and found[f"{kind} product"]["tensor_flops"]


@pytest.mark.parametrize("name", ["add", "softmax"])
def test_a_kernel_that_is_bound_by_memory_asks_for_each_byte_once(ampere, hopper, name):
    """Rows are in registers: what is read is read once, what is written is written once."""
    for found in (ampere, hopper):
        assert found[name]["loaded"] + found[name]["stored"] == found[name]["touched"]


UNITS = [
    "f16 product in units",
    "f16 product of columns",
    "bf16 product of columns",
    "f16 product of rows",
    "tf32 product in units",
    "tf32 product of columns",
]


@pytest.mark.parametrize("name", [*UNITS, "batches in units"])
def test_operands_in_units_of_16_bytes_are_copied_beside_the_program(ampere, name):
    """In either direction of each operand, and beyond its edges."""
    assert "tensor-cores" in ampere[name]["kinds"] and ampere[name]["async_bytes"]


def test_operands_of_odd_sizes_come_through_registers(ampere):
    assert not ampere["tf32 product"]["async_bytes"] and not ampere["f16 product"]["async_bytes"]


@pytest.mark.parametrize("name", ["softmax", "layernorm", "f16 product", "bf16 product", *UNITS])
def test_threads_do_not_meet_in_banks_of_shared_memory(ampere, hopper, name):
    """Neither where tiles are written nor where fragments are read."""
    assert ampere[name]["conflicts"] == 0 and hopper[name]["conflicts"] == 0


def test_layer_normalization_reads_its_rows_once(ampere):
    """Four rows of 130 floats come and go once; each row's block reads scale and offset, which stay in a cache."""
    row = 130 * 4
    assert ampere["layernorm"]["kinds"] == ["block-per-row"]
    assert (ampere["layernorm"]["loaded"], ampere["layernorm"]["stored"]) == (4 * row + 4 * 2 * row, 4 * row)


def test_a_sum_of_everything_takes_two_kernels(ampere):
    assert ampere["sum of all"]["kinds"].count("partial-sums") == 3
