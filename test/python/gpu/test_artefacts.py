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


# The counters of tfc_gpu.h: launches, waits, bytes_in, bytes_out, bytes_in_use, bytes_peak, modules, barriers.
COUNTERS = """
#include "step.h"
#include <stdio.h>
#include <stdlib.h>
extern void tfc_gpu_get_counters(int32_t device, void *out);
extern void *tfc_gpu_allocate(int32_t device, int64_t bytes);
static void show(void) {
  int64_t c[8];
  tfc_gpu_get_counters(0, c);
  printf("%lld %lld %lld %lld\\n", (long long)c[0], (long long)c[2], (long long)c[3], (long long)c[4]);
}
int main(int argc, char **argv) {
  tfc_host host = {0};
  static float own_x[32][32], own_y[32][32];
  float(*x)[32] = own_x, (*y)[32] = own_y;
  int32_t status = TFC_OK;
  (void)argv;
  if (argc > 1) {
    x = tfc_gpu_allocate(0, sizeof own_x);
    y = tfc_gpu_allocate(0, sizeof own_y);
  }
  for (int i = 0; i < 32 * 32; ++i)
    (&x[0][0])[i] = (float)(i % 5) / 8;
  for (int i = 0; i < 3 && status == TFC_OK; ++i) {
    status = step(&host, &x[0][0], &y[0][0]);
    show();
  }
  printf("%d %s\\n", (int)status, host.message);
  for (int i = 0; i < 32 * 32; ++i)
    printf("%.9g\\n", (double)(&y[0][0])[i]);
  return 0;
}
"""
TABLE = np.linspace(-1, 1, 32 * 32, dtype=np.float32).reshape(32, 32)


def chain():
    """Many launches with temporaries between them, scalars that change from one to the next, and a constant."""

    @tf.function(input_signature=[tf.TensorSpec([32, 32])])
    def step(x):
        i = tf.constant(1)
        while i < 5:
            x = tf.tanh(x @ tf.constant(TABLE)) + x[::-1] * tf.cast(i, tf.float32)
            i += 1
        return x

    return step


@pytest.fixture(scope="module")
def counting(gpu, tmp_path_factory):
    folder = tmp_path_factory.mktemp("counting")
    artifact = compile(chain(), folder / "step.o", target=VULKAN)
    (folder / "main.c").write_text(COUNTERS)
    command = ["cc", "-std=gnu99", "-O1", "main.c", "step.o", "tfc_gpu.c", "-lm", "-ldl", "-lpthread", "-o", "main"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return folder / "main", artifact


def counted(program, *arguments):
    run = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[3].strip() == "0", lines[3]
    x = (np.arange(32 * 32) % 5 / 8).astype(np.float32).reshape(32, 32)
    np.testing.assert_allclose(
        np.array(lines[4:], np.float32).reshape(32, 32), np.asarray(chain()(x)), rtol=1e-4, atol=1e-5
    )
    rows = np.array([line.split() for line in lines[:3]], np.int64)
    return rows[1:] - rows[:-1]


def test_a_call_copies_arguments_in_and_results_out_and_nothing_else(counting):
    """However many kernels it launches: temporaries stay on the device, constants were copied by the first call."""
    calls = counted(counting[0])
    size = 32 * 32 * 4
    assert (calls[:, 0] >= 4).all()
    scalars = 8 * 2 * calls[:, 0]  # Vulkan: words of one more buffer
    assert (calls[:, 1] >= size).all() and (calls[:, 1] <= size + scalars).all()
    assert (calls[:, 2] == size).all() and (calls[:, 3] == 0).all()


def test_memory_of_the_device_is_not_copied(counting):
    calls = counted(counting[0], "on the device")
    assert (calls[:, 1] <= 8 * 2 * calls[:, 0]).all() and (calls[:, 2] == 0).all()


def test_temporaries_take_no_memory_of_the_host(counting):
    assert all(e.arena_bytes == 0 for e in counting[1].entries)


STATE = """
#include "step.h"
#include <stdio.h>
#include <stdlib.h>
extern void tfc_gpu_set_memory_limit(int32_t device, int64_t bytes);
int main(int argc, char **argv) {
  tfc_host host = {0};
  float x[8][16] = {{1}}, y[8][4];
  step_state state;
  step_init(&state);
  if (argc > 1)
    tfc_gpu_set_memory_limit(0, atoi(argv[1]));
  for (int i = 0; i < 2; ++i) {
    int32_t status = step(&host, &state, &x[0][0], &y[0][0]);
    printf("%d %g %s\\n", (int)status, (double)*(float *)state.count, host.message);
  }
  return 0;
}
"""


def states(folder, *arguments, **environment):
    (folder / "main.c").write_text(STATE)
    command = ["cc", "-std=gnu99", "-O1", "main.c", "step.o", "tfc_gpu.c", "-lm", "-ldl", "-lpthread", "-o", "main"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    command = [str(folder / "main"), *arguments]
    run = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [line.split(" ", 2) for line in run.stdout.splitlines()]


def test_without_memory_on_the_device_nothing_runs(gpu, tmp_path):
    compile(model(), tmp_path / "step.o", target=VULKAN)
    for status, count, message in states(tmp_path, "300"):
        assert (status, count) == ("3", "0") and "out of device memory" in message


@pytest.mark.parametrize(
    "failure", ["cuLaunchKernel=719", "cuCtxSynchronize=719", "cuModuleLoadDataEx=218", "cuMemAllocManaged=2"]
)
def test_a_device_that_fails_leaves_variables_as_they_were(tmp_path, failure):
    compile(model(), tmp_path / "step.o", target=CUDA)
    driver = fake_cuda.build(tmp_path)
    for status, count, message in states(tmp_path, TFC_CUDA_LIBRARY=str(driver), FAKE_CUDA_FAIL=failure):
        assert status != "0" and count == "0" and message.strip()


class Growing(tf.Module):
    """Sizes found out at run time: results, temporaries, and a variable that grows."""

    def __init__(self):
        self.rows = tf.Variable(np.ones((2, 3), np.float32), shape=[None, 3], name="rows")
        self.count = tf.Variable(0.0, name="count")

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def step(self, x):
        self.count.assign_add(1.0)
        self.rows.assign(tf.concat([self.rows, tf.tanh(x)], 0))
        tf.print("rows:", tf.shape(self.rows)[0])
        tf.debugging.assert_less(tf.reduce_sum(x), 100.0)
        self.count.assign_add(10.0)
        return tf.nn.softmax(x) * self.count, tf.boolean_mask(x, x[:, 0] > 0), tf.reduce_sum(self.rows)


def test_sizes_of_run_time_cross_the_boundary(gpu, tmp_path, capfd):
    """Results and variables of any size come back into memory of the caller; after an error, all writes before it count."""
    compile(Growing().step, tmp_path / "step.o", target=VULKAN)
    loaded, expected = load(tmp_path / "step.o"), Growing()
    x = np.array([[1, 2, 3], [-1, 0, 1], [2, 2, 2]], np.float32)
    for call in range(3):
        for got, want in zip(loaded(x[: 3 - call]), expected.step(x[: 3 - call]), strict=True):
            np.testing.assert_allclose(np.asarray(got), want.numpy(), rtol=1e-5, atol=1e-6)
    for run in (loaded, expected.step):
        with pytest.raises(tf.errors.InvalidArgumentError, match="1200"):
            run(x * 100)
    state = loaded.state
    np.testing.assert_allclose(np.asarray(state["rows"]), expected.rows.numpy(), rtol=1e-5, atol=1e-6)
    assert np.asarray(state["count"]) == expected.count.numpy() == 34.0
    assert capfd.readouterr().err.count("rows: 11") == 2
