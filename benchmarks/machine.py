"""What the machine allows: float32 FMA rate in registers and copy bandwidth, measured by a C program."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
typedef float v __attribute__((vector_size(VECTOR)));
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + 1e-9 * t.tv_nsec; }
int main(void) {
  enum { LANES = VECTOR / 4, ACCUMULATORS = 12 };
  v a[ACCUMULATORS], x, y;
  memset(a, 0, sizeof a);
  for (int i = 0; i < LANES; ++i) { x[i] = 1.0001f; y[i] = 0.9999f; }
  double best = 1e9;
  for (int round = 0; round < 9; ++round) {
    double start = now();
    for (long i = 0; i < 4000000; ++i)
      for (int k = 0; k < ACCUMULATORS; ++k) a[k] = a[k] * x + y;
    double t = now() - start;
    if (t < best) best = t;
  }
  float sink = 0;
  for (int k = 0; k < ACCUMULATORS; ++k) sink += a[k][0];
  double gflops = 4000000.0 * ACCUMULATORS * LANES * 2 / best / 1e9;
  size_t n = 64u << 20;
  char *p = malloc(n), *q = malloc(n);
  memset(p, 1, n); memset(q, 1, n);
  best = 1e9;
  for (int round = 0; round < 9; ++round) {
    double start = now();
    memcpy(q, p, n);
    double t = now() - start;
    if (t < best) best = t;
  }
  printf("{\"fma_gflops\": %g, \"copy_gbytes_per_second\": %g}\n", gflops + (sink == 42), 2.0 * n / best / 1e9);
  return 0;
}
"""


def measure(threads: int = 1) -> dict[str, float]:
    """Limits of so many threads, measured by as many processes at once; nothing where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return {}
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    vector = 64 if "avx512f" in flags else 32 if "avx2" in flags else 16
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "limits.c", Path(folder) / "limits"
        source.write_text(SOURCE)
        command = [compiler, "-O3", "-march=native", "-ffp-contract=fast", f"-DVECTOR={vector}", str(source)]
        subprocess.run([*command, "-o", str(program)], check=True)
        running = [subprocess.Popen([str(program)], stdout=subprocess.PIPE, text=True) for _ in range(threads)]
        found = [json.loads(process.communicate()[0]) for process in running]
        return {key: sum(each[key] for each in found) for key in found[0]}
