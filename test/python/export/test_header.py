"""The generated header, compiled by the system's C and C++ compilers against entry points written by hand."""

import shutil
import subprocess

import pytest
from tfc import dtypes
from tfc.export.header import header
from tfc.export.model import Artifact, Buffer, EntryPoint, layout

CC, CXX = shutil.which("cc"), shutil.which("c++")
pytestmark = pytest.mark.skipif(CC is None, reason="no C compiler")

COUNTER = Buffer("count", dtypes.int32, (), "count:0", initial="data")
WEIGHTS = Buffer("weights", dtypes.float64, (3,), "weights:0")
FILES = {"object": "demo.o", "header": "demo.h"}


def artifact(arena_bytes=0, results=None, arguments=None):
    variables = (COUNTER, WEIGHTS)
    offsets, total = layout([v.nbytes for v in variables])
    step = EntryPoint(
        name="step",
        symbol="demo_step_entry",
        arguments=arguments or (Buffer("x", dtypes.float32, (2, 2)), Buffer("rows", dtypes.int64, (None,))),
        variables=("count", "weights"),
        results=results or (Buffer("y", dtypes.float32, (2, 2)), Buffer("found", dtypes.int64, (None, 3))),
        arena_bytes=arena_bytes,
        signature="step(x, rows) */ not the end of the comment",
    )
    return Artifact(
        "demo", (step,), variables, offsets, total, target="test", initial_offsets={"count": 0}, files=FILES
    )


ENTRY = r"""
#include "demo.h"
const unsigned char demo_initial_state[128] = {7};
int32_t demo_step_entry(tfc_context *ctx, void **buffers, int64_t *sizes) {
  float *x = (float *)buffers[0], *y = (float *)buffers[4];
  int64_t *rows = (int64_t *)buffers[1], i;
  int32_t *count = (int32_t *)buffers[2];
  if (ARENA && ((uintptr_t)ctx->arena % 64 || ctx->arena_bytes < ARENA)) return TFC_INTERNAL;
  if (sizes[0] == 0) {
    int64_t shape[1] = {2};
    tfc_tensor_desc d;
    d.data = x; d.dtype = TFC_F32; d.rank = 1; d.shape = shape;
    ctx->report(ctx, TFC_INVALID_ARGUMENT, "no rows:", "model.py:3:1", 3, 1, &d);
    return TFC_INVALID_ARGUMENT;
  }
  ++*count;
  for (i = 0; i < 4; ++i) y[i] = x[i] * 2;
  buffers[5] = ctx->allocate(ctx, sizes[0] * 3 * 8);
  for (i = 0; i < sizes[0] * 3; ++i) ((int64_t *)buffers[5])[i] = rows[i / 3];
  sizes[1] = sizes[0];
  return TFC_OK;
}
"""
MAIN = r"""
#include <stdio.h>
#include "demo.h"
int main(void) {
  demo_state a, b;
  tfc_host host;
  float x[4] = {1, 2, 3, 4}, y[4];
  int64_t rows[2] = {5, 6}, *found, n;
  memset(&host, 0, sizeof host);
  demo_init(&a);
  demo_init(&b);
  if (demo_step(&host, &a, x, rows, 2, y, &found, &n)) return 1;
  if (n != 2 || found[0] != 5 || found[5] != 6 || y[3] != 8 || a.count[0] != 8 || b.count[0] != 7) return 2;
  tfc_release(&host, found);
  if (demo_step(&host, &a, x, rows, 0, y, &found, &n) != TFC_INVALID_ARGUMENT || found) return 3;
  if (strcmp(host.message, "no rows: [1 2]") || strcmp(host.location, "model.py:3:1")) return 4;
  if (demo_step(NULL, &b, x, rows, 0, y, &found, &n) != TFC_INVALID_ARGUMENT) return 5;
  return a.count[0] == 8 ? 0 : 6;
}
"""


def build_and_run(folder, compiler, flags, arena):
    (folder / "demo.h").write_text(header(artifact(arena)))
    suffix = "c" if compiler == CC else "cpp"
    (folder / f"entry.{suffix}").write_text(ENTRY)
    (folder / f"main.{suffix}").write_text(MAIN)
    command = [compiler, *flags, "-Wall", "-Wextra", "-Werror", "-pedantic", f"-DARENA={arena}"]
    command += [f"entry.{suffix}", f"main.{suffix}", "-o", "demo"]
    subprocess.run(command, cwd=folder, check=True)
    assert subprocess.run([folder / "demo"]).returncode == 0


@pytest.mark.parametrize("arena", [0, 256, 1 << 20], ids=["none", "stack", "heap"])
def test_header_is_c99_and_calls_the_entry(tmp_path, arena):
    build_and_run(tmp_path, CC, ["-std=c99"], arena)


@pytest.mark.skipif(CXX is None, reason="no C++ compiler")
def test_header_is_cxx(tmp_path):
    build_and_run(tmp_path, CXX, ["-std=c++11"], 256)


def test_state_layout_is_aligned():
    offsets, total = layout([COUNTER.nbytes, WEIGHTS.nbytes])
    assert offsets == (0, 64) and total == 128


def test_header_says_shape_dtype_and_ownership():
    text = header(artifact())
    assert "in x: float32[2, 2]" in text
    assert "out found: int64[?, 3]; allocated by the call, release it with tfc_release" in text
    assert "variable count: int32[] (count:0)" in text


POOL = r"""
#include "pooled.h"
static int32_t body(tfc_context *ctx, void *env, int64_t begin, int64_t end) {
  int64_t i;
  (void)ctx;
  for (i = begin; i < end; ++i) {
    if (i == 77777) return TFC_OUT_OF_RANGE;
    ++((unsigned char *)env)[i];
  }
  return TFC_OK;
}
int32_t pooled_entry(tfc_context *ctx, void **buffers, int64_t *sizes) {
  return ctx->parallel_for(ctx, 0, sizes[0], 10, body, buffers[0]);
}
int main(void) {
  static unsigned char x[70000];
  long i, round;
  for (round = 1; round <= 50; ++round)
    if (pooled(NULL, x, 70000)) return 1;
  for (i = 0; i < 70000; ++i)
    if (x[i] != 50) return 2;
  {
    static unsigned char y[80000];
    return pooled(NULL, y, 80000) != TFC_OUT_OF_RANGE;
  }
}
"""


@pytest.mark.parametrize("threads", [0, 4])
def test_pool_runs_every_iteration_once_and_returns_the_status_of_a_piece(tmp_path, threads):
    entry = EntryPoint("pooled", "pooled_entry", (Buffer("x", dtypes.uint8, (None,)),), (), (), 0)
    files = {"object": "pooled.o", "header": "pooled.h"}
    (tmp_path / "pooled.h").write_text(header(Artifact("pooled", (entry,), threads=threads, files=files)))
    (tmp_path / "main.c").write_text(POOL)
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-pthread", "-D_POSIX_C_SOURCE=200809L"]
    subprocess.run([CC, *flags, "main.c", "-o", "main"], cwd=tmp_path, check=True)
    assert subprocess.run([tmp_path / "main"], timeout=60).returncode == 0
