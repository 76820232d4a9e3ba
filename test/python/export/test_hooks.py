"""Services that a program supplies: memory, loops, printing, errors; and artefacts side by side."""

import subprocess

import building
import corpus
import numpy as np
import pytest
import tfc as tf
from tfc.export import compile

SPEC = tf.TensorSpec


@tf.function(input_signature=[SPEC([None])])
def shown(x):
    tf.print("x is", x, "of", tf.size(x))
    tf.debugging.Assert(tf.reduce_all(x < 3.0), ["too large:", x])
    return tf.sort(x)


HOOKS = r"""
#include <stdio.h>
#include "shown.h"

typedef struct { int allocated, freed, printed, reported; char text[256]; } Counts;
static Counts *counts(tfc_context *ctx) { return (Counts *)((tfc_host *)ctx->user)->user; }
static void *allocate(tfc_context *ctx, int64_t bytes) { ++counts(ctx)->allocated; return tfc_default_allocate(ctx, bytes); }
static void deallocate(tfc_context *ctx, void *p) { counts(ctx)->freed += p != NULL; tfc_default_deallocate(ctx, p); }
static int32_t print(tfc_context *ctx, const char *format, int32_t summarize, const char *stream, int32_t n,
                     const tfc_tensor_desc *tensors) {
  tfc_writer w = {NULL, NULL, 0, 0};
  w.text = counts(ctx)->text;
  w.size = sizeof counts(ctx)->text;
  tfc_write_format(&w, format, summarize, n, tensors);
  (void)stream;
  return ++counts(ctx)->printed == 3 ? TFC_CANCELLED : TFC_OK;
}
static void report(tfc_context *ctx, int32_t code, const char *message, const char *location, int32_t summarize, int32_t n,
                   const tfc_tensor_desc *tensors) {
  ++counts(ctx)->reported;
  tfc_default_report(ctx, code, message, location, summarize, n, tensors);
}
int main(void) {
  static float x[3] = {2, 1, -1}, bad[3] = {2, 9, 1};
  Counts c;
  tfc_host host;
  float *y;
  int64_t n;
  memset(&host, 0, sizeof host);
  memset(&c, 0, sizeof c);
  host.user = &c;
  host.allocate = allocate;
  host.deallocate = deallocate;
  host.print = print;
  host.report = report;
  if (shown(&host, x, 3, &y, &n) || y[0] != -1) return 1;
  tfc_release(&host, y);
  if (strcmp(c.text, "x is [2 1 -1] of 3\n")) return 2;
  if (shown(&host, bad, 3, &y, &n) != TFC_INVALID_ARGUMENT || c.reported != 1) return 3;
  if (!strstr(host.message, "too large:") || !strstr(host.message, "[2 9 1]")) return 4;
  if (shown(&host, x, 3, &y, &n) != TFC_CANCELLED) return 5;
  return c.allocated == c.freed && c.allocated ? 0 : 6;
}
"""


def test_memory_printing_and_errors_go_through_hooks(tmp_path):
    compile(shown, tmp_path / "shown.o")
    assert building.execute(building.link(tmp_path, ["shown.o"], HOOKS)).returncode == 0


SIDE_BY_SIDE = r"""
#include "first.h"
#include "second.h"
int main(void) {
  first_state a; second_state b; int32_t n = 2, out = 0;
  first_init(&a);
  second_init(&b);
  if (first_step(NULL, &a, &n, &out) || out != 7) return 1;
  if (second_step(NULL, &b, &n, &out) || out != 7) return 2;
  return a.count[0] != 7 || b.count[0] != 7;
}
"""


@pytest.mark.parametrize("suffix", [".o", ".a", ".so"])
def test_artefacts_of_two_prefixes_live_in_one_program(tmp_path, suffix):
    for name in ("first", "second"):
        compile(corpus.counter(), tmp_path / f"{name}{suffix}")
    flags = [*building.STRICT, f"-Wl,-rpath,{tmp_path}"]
    program = building.link(tmp_path, [f"first{suffix}", f"second{suffix}"], SIDE_BY_SIDE, flags=flags)
    assert building.execute(program).returncode == 0


def test_only_names_of_the_prefix_are_exported(tmp_path):
    compile(corpus.counter(), tmp_path / "mine.o")
    table = subprocess.run(["nm", "-g", "--defined-only", tmp_path / "mine.o"], capture_output=True, text=True)
    names = [line.split()[-1] for line in table.stdout.splitlines()]
    assert sorted(names) == ["mine_initial_state", "mine_read_entry", "mine_step_entry"]


THREADS = r"""
#include <pthread.h>
#include "unit.h"
static void *work(void *argument) {
  long number = (long)argument, i;
  static const float x[24];
  unit_state state;
  float a[24], y[16], loss = 0;
  unit_init(&state);
  for (i = 0; i < 24; ++i) a[i] = (float)(number + 1) * 0.01f * (float)(i % 5);
  for (i = 0; i < 16; ++i) y[i] = (float)number;
  (void)x;
  for (i = 0; i < 300; ++i)
    if (unit_train(NULL, &state, a, 8, y, 8, &loss)) return (void *)1;
  return (void *)(long)(state.b[0] < (float)number - 0.5f * (float)number || state.b[0] > (float)number + 0.1f);
}
int main(void) {
  pthread_t threads[4];
  long i, bad = 0;
  void *result;
  for (i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, work, (void *)i);
  for (i = 0; i < 4; ++i) { pthread_join(threads[i], &result); bad += result != NULL; }
  return (int)bad;
}
"""


def test_threads_with_states_of_their_own_do_not_meet(tmp_path):
    compile(corpus.training(), tmp_path / "unit.o")
    program = building.link(tmp_path, ["unit.o"], THREADS, flags=["-std=gnu99", "-O1", "-pthread"])
    assert building.execute(program).returncode == 0


ASAN = [*building.STRICT, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


@pytest.fixture
def asan():
    probe = subprocess.run(["cc", "-print-file-name=libasan.so"], capture_output=True, text=True)
    if "/" not in probe.stdout:
        pytest.skip("NOT TESTED: the C compiler has no AddressSanitizer")


NAMES = ["loop", "matmul_unknown", "softmax", "data_dependent", "sorting", "halves", "counter", "training"]


def test_code_under_address_sanitizer(tmp_path, asan):
    chosen = [(make, calls) for make, calls in corpus.PROGRAMS if make.__name__ in NAMES]
    units = {make.__name__: (make(), corpus.calls_of(calls, make)) for make, calls in chosen}
    outcomes = building.run_units(tmp_path, units, flags=ASAN, sanitize="address")
    assert all(o.status in (0, 1) for made, _ in outcomes.values() for o in made)
    undefined = building.undefined_symbols(tmp_path / "sorting.o")
    assert any(name.startswith("__asan_") for name in undefined), "the code is instrumented"


def test_address_sanitizer_sees_what_the_code_does(tmp_path, asan):
    """A caller that lies about a size is caught: the instrumentation is not for show."""
    compile(corpus.one(lambda x: x * 2.0, SPEC([None])), tmp_path / "f.o", sanitize="address", prefix="f")
    main = '#include "f.h"\nint main(void) { float *x = malloc(8), *y; int64_t n; return f(NULL, x, 400, &y, &n); }'
    program = building.link(tmp_path, ["f.o"], main, flags=["-std=c99", "-fsanitize=address"])
    done = building.execute(program)
    assert done.returncode != 0 and "heap-buffer-overflow" in done.stderr


SHARED = r"""
#define _POSIX_C_SOURCE 200809L
#include "one.h"
#include "four.h"
static long pieces;
static int32_t counted(tfc_context *ctx, int64_t begin, int64_t end, int64_t grain, tfc_loop_body body, void *env) {
  ++pieces;
  return four_parallel_for(ctx, begin, end, grain, body, env);
}
int main(void) {
  static float x[1 << 20], a[1 << 20], b[1 << 20];
  tfc_host host;
  long i;
  memset(&host, 0, sizeof host);
  for (i = 0; i < 1 << 20; ++i) x[i] = (float)(i % 1000) * 0.01f - 5;
  host.parallel_for = counted;
  if (one(&host, x, a) || pieces) return 1;
  if (four(&host, x, b) || pieces != 1) return 2;
  if (memcmp(a, b, sizeof a)) return 3;
  memset(b, 0, sizeof b);
  if (four(NULL, x, b)) return 4;
  return memcmp(a, b, sizeof a) != 0;
}
"""


def test_threads_share_large_loops_where_asked(tmp_path):
    f = tf.function(lambda x: tf.tanh(x) * tf.exp(-x)).get_concrete_function(SPEC([1 << 20]))
    compile({"one": f}, tmp_path / "one.o", prefix="one")
    compile({"four": f}, tmp_path / "four.o", prefix="four", threads=4)
    flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"]
    assert building.execute(building.link(tmp_path, ["one.o", "four.o"], SHARED, flags=flags)).returncode == 0


def test_sizes_of_small_artefacts(tmp_path):
    n = tf.Variable(0, name="n")
    count = tf.function(lambda k: n.assign_add(k)).get_concrete_function(SPEC([], tf.int32))
    w, u = (tf.constant(np.ones((10, 40), np.float32)) for _ in range(2))

    def cell(x, h, c):
        i, f, g, o = tf.split(x @ w + h @ u, 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c

    lstm = tf.function(cell).get_concrete_function(*[SPEC([10, 10])] * 3)
    for name, concrete, limit in (("counter", count, 2048), ("lstm", lstm, 16384)):
        for target in ("", "aarch64-linux-gnu", "armv7-linux-gnueabihf"):
            compile({name: concrete}, tmp_path / f"{name}.o", target=target)
            size = subprocess.run(["size", tmp_path / f"{name}.o"], capture_output=True, text=True)
            assert int(size.stdout.splitlines()[1].split()[0]) < limit, (name, target)
