"""Ahead-of-time objects with kernels in them: C programs that build, link, run on a device, and say when there is none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import fake_cuda
import numpy as np
import pytest
import tfc as tf
from tfc.export import compile, load

CC = ["cc", "-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic"]
CUDA, VULKAN = "nvptx64-nvidia-cuda", "spirv-unknown-vulkan"

MAIN = """
#include "step.h"
#include <stdio.h>
int main(void) {
  tfc_host host = {0};
  float x[8][16], y[8][4];
  step_state state;
  int32_t status = TFC_OK;
  step_init(&state);
  for (int i = 0; i < 8 * 16; ++i)
    (&x[0][0])[i] = (float)(i % 7) - 3;
  for (int i = 0; i < 2 && status == TFC_OK; ++i)
    status = step(&host, &state, &x[0][0], &y[0][0]);
  printf("%d %s\\n", (int)status, host.message);
  for (int i = 0; i < 8 * 4 && status == TFC_OK; ++i)
    printf("%.9g\\n", (double)(&y[0][0])[i]);
  return 0;
}
"""
W = np.linspace(-1, 1, 64, dtype=np.float32).reshape(16, 4)


def model():
    """A function with a state: what is written to it counts the calls."""
    w, count = tf.Variable(W, name="w"), tf.Variable(0.0, name="count")

    @tf.function(input_signature=[tf.TensorSpec([8, 16])])
    def step(x):
        count.assign_add(1.0)
        return tf.nn.softmax(x @ w) * count

    return step


def expected():
    x = (np.arange(8 * 16) % 7 - 3).astype(np.float32).reshape(8, 16)
    e = np.exp(x @ W - (x @ W).max(1, keepdims=True))
    return (2 * e / e.sum(1, keepdims=True)).ravel()


def link(folder, *inputs):
    (folder / "main.c").write_text(MAIN)
    run = subprocess.run(
        [*CC, "main.c", *map(str, inputs), "-lm", "-ldl", "-lpthread", "-o", "main"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return folder / "main"


def output(program, **environment):
    run = subprocess.run([str(program)], env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    first, *numbers = run.stdout.splitlines()
    return int(first.split()[0]), first.partition(" ")[2], np.array(numbers, np.float32)


def objects(folder, target):
    """The object, and the runtime compiled for it."""
    artifact = compile(model(), folder / "step.o", target=target)
    run = subprocess.run(
        ["cc", "-std=gnu99", "-O1", "-Wall", "-Wextra", "-Werror", "-c", "tfc_gpu.c"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return artifact


def test_without_a_driver_the_status_says_what_was_looked_for(tmp_path):
    objects(tmp_path, CUDA)
    status, message, _ = output(link(tmp_path, "step.o", "tfc_gpu.o"), TFC_CUDA_LIBRARY="libnone.so.1")
    assert status == 4 and "there is no device 0" in message and "libnone.so.1 was not found" in message


def test_with_a_driver_its_kernels_are_launched(tmp_path):
    objects(tmp_path, CUDA)
    driver = fake_cuda.build(tmp_path)
    status, message, _ = output(link(tmp_path, "step.o", "tfc_gpu.o"), TFC_CUDA_LIBRARY=str(driver))
    assert (status, message) == (0, "")
    status, message, _ = output(
        tmp_path / "main", TFC_CUDA_LIBRARY=str(driver), FAKE_CUDA_FAIL="cuModuleLoadDataEx=218"
    )
    assert status == 6 and "ptxas" in message


@pytest.mark.parametrize("kind", ["step.o", "step.a", "step.so"])
def test_kernels_run_from_c_on_vulkan(gpu, tmp_path, kind):
    """The same, executed: values and state are those of Python."""
    if kind == "step.o":
        objects(tmp_path, VULKAN)
        inputs = ["step.o", "tfc_gpu.o"]
    else:
        compile(model(), tmp_path / kind, target=VULKAN)
        inputs = [tmp_path / kind] + ([f"-Wl,-rpath,{tmp_path}"] if kind == "step.so" else [])
    status, message, got = output(link(tmp_path, *inputs))
    assert status == 0, message
    np.testing.assert_allclose(got, expected(), rtol=1e-5, atol=1e-6)


def test_the_manifest_and_the_header_say_what_is_inside(tmp_path):
    artifact = compile(model(), tmp_path / "step.o", target=CUDA, cpu="sm_90")
    device = json.loads((tmp_path / "step.json").read_text())["device"]
    assert device["triple"] == CUDA and device["chip"] == "sm_90" and device["format"] == "ptx" and not device["host"]
    assert {k["kind"] for k in device["kernels"]} <= {
        "block-per-point",
        "block-per-row",
        "thread-per-point",
        "tiles",
    } and artifact.device == device
    header = (tmp_path / "step.h").read_text()
    assert "kernels for nvptx64-nvidia-cuda sm_90" in header and "libcuda.so.1" in header
    assert b".target sm_90" in (tmp_path / "step.o").read_bytes()


def test_kernels_can_be_cubins(tmp_path):
    from tfc.config.gpus import cuda_toolkit

    if not cuda_toolkit():
        pytest.skip("no CUDA toolkit")
    compile(model(), tmp_path / "step.o", target=CUDA, cpu="sm_80", device_format="cubin")
    content = (tmp_path / "step.o").read_bytes()
    assert b".target sm_80" not in content and content.count(b"\x7fELF") > 1


def test_an_artefact_with_kernels_runs_in_python(gpu, tmp_path):
    compile(model(), tmp_path / "step.o", target=VULKAN)
    loaded = load(tmp_path / "step.o")
    x = (np.arange(8 * 16) % 7 - 3).astype(np.float32).reshape(8, 16)
    loaded(x)
    np.testing.assert_allclose(np.asarray(loaded(x)).ravel(), expected(), rtol=1e-5, atol=1e-6)


def test_the_host_may_be_another_machine(tmp_path):
    compile(model(), tmp_path / "step.o", target=CUDA, host_target="aarch64-linux-gnu")
    assert (tmp_path / "step.o").read_bytes()[18:20] == b"\xb7\x00"  # EM_AARCH64


@pytest.mark.parametrize(
    "options",
    [
        {"target": CUDA, "cpu": "gfx90a"},
        {"target": "nvptx-nvidia-cuda"},
        {"target": VULKAN, "cpu": "sm_80"},
        {"target": CUDA, "device_format": "elf"},
        {"host_target": "aarch64-linux-gnu"},
        {"device_format": "ptx"},
    ],
    ids=str,
)
def test_options_that_do_not_fit_are_errors(tmp_path, options):
    with pytest.raises(tf.errors.InvalidArgumentError):
        compile(model(), tmp_path / "step.o", **options)


def test_the_command_takes_a_gpu_as_the_target(tmp_path):
    (tmp_path / "model.py").write_text("import tfc as tf\n@tf.function\ndef f(x):\n  return x * 2.0\n")
    command = [sys.executable, "-c", "from tfc.export.cli import main; main()"]
    run = subprocess.run(
        [*command, "model.py:f", "--spec", "float32[64]", "-o", "f.o", "--target", CUDA, "--cpu", "sm_90"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": ":".join(p for p in sys.path if p)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert {p.name for p in Path(tmp_path).iterdir()} >= {"f.o", "f.h", "f.json", "tfc_gpu.c"}
