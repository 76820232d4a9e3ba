"""Every op that allocates: each of its allocations fails once, which is a status, leaks nothing and gives no output.

Operands have unknown sizes, so that temporaries and results come from the allocator.
"""

import sys
from pathlib import Path

import building
import numpy as np
import pytest
import tfc as tf

sys.path.insert(0, str(Path(__file__).parent.parent / "ops"))
from test_op_table import OPS, WALK, cases

GROUPS = 4
SKIPPED = {"constant", "cast"}
# The number of elements of an operand is a rank.
NEEDS_SIZES = {"dynamic_broadcast_to", "sum_to", "dynamic_reshape", "gather_nd", "scatter", "random_bits"}

HOOKS = r"""
static long countdown, live;
static void *allocate(tfc_context *ctx, int64_t bytes) {
  void *memory = countdown-- == 0 ? NULL : tfc_default_allocate(ctx, bytes);
  if (memory) {
    ++live;
    memset(memory, 0xA5, (size_t)bytes);
  }
  return memory;
}
static void deallocate(tfc_context *ctx, void *p) {
  live -= p != NULL;
  tfc_default_deallocate(ctx, p);
}
"""
# Prints how many allocations an entry makes, or what was wrong when the k-th failed.
LOOP = r"""
  for (k = 0; k < 10000; ++k) {
    PREPARE
    countdown = k;
    host.code = -1;
    status = CALL;
    if (status == TFC_OK) {
      RELEASE
      if (live) { printf("leak of %ld after %ld\n", live, k); return; }
      printf("%ld\n", k);
      return;
    }
    if (status != TFC_OUT_OF_MEMORY || host.code != status) { printf("status %d at %ld: %s\n", (int)status, k, host.message); return; }
    if (!host.message[0]) { printf("no message at %ld\n", k); return; }
    if (live) { printf("leak of %ld when %ld failed\n", live, k); return; }
    if (GIVEN) { printf("an output when %ld failed\n", k); return; }
  }
  printf("endless\n");
"""


def run_of(number: int, entry, operands) -> str:
    """A C function that lets each allocation of an entry fail."""
    lines = [f"static void run_{number}(void) {{", "  static tfc_host host;", "  long k;", "  int32_t status;"]
    inputs, outputs, nothing = [], [], "{NULL, 0, 0, NULL}"
    for i, array in enumerate(operands):
        content = np.ascontiguousarray(array).tobytes() or b"\0"
        lines.append(f"  static TFC_ALIGNED unsigned char a{i}[] = {{{','.join(map(str, content))}}};")
        lines.append(f"  static int64_t s{i}[] = {{{','.join(map(str, array.shape)) or '0'}}};")
        inputs.append(f"{{a{i}, {building._CODES.index(str(array.dtype))}, {array.ndim}, s{i}}}")
    prepare, release, given = [], [], ["0"]
    for i, buffer in enumerate(entry.results):
        if buffer.is_static:
            lines.append(f"  static TFC_ALIGNED unsigned char r{i}[{max(buffer.nbytes, 1)}];")
        else:
            prepare.append(f"res[{i}].data = NULL;")
            release.append(f"tfc_release(&host, res[{i}].data);")
            given.append(f"res[{i}].data != NULL")
        lines.append(f"  static int64_t t{i}[] = {{{','.join(str(d or 0) for d in buffer.shape) or '0'}}};")
        data = f"r{i}" if buffer.is_static else "NULL"
        outputs.append(f"{{{data}, {building._CODES.index(buffer.dtype.name)}, {len(buffer.shape)}, t{i}}}")
    lines.append(
        f"  static tfc_tensor_desc in[] = {{{', '.join(inputs) or nothing}}}, res[] = {{{', '.join(outputs)}}};"
    )
    lines += ["  host.allocate = allocate;", "  host.deallocate = deallocate;", f'  printf("{entry.name} ");']
    call = f"unit_{entry.name}_call(&host, in, {len(inputs)}, res, {len(outputs)})"
    loop = LOOP.replace("CALL", call).replace("PREPARE", " ".join(prepare)).replace("RELEASE", " ".join(release))
    return "\n".join([*lines, loop.replace("GIVEN", " || ".join(given)), "}"])


def outcomes(folder, functions, calls) -> dict:
    artifact = tf.export.compile(functions, folder / "unit.o", prefix="unit", cpu="generic")
    text = ["#include <stdio.h>", '#include "unit.h"', HOOKS]
    text += [run_of(number, artifact.entry(name), operands) for number, (name, operands) in enumerate(calls)]
    text += ["int main(void) {", *(f"  run_{n}();" for n in range(len(calls))), "  return 0;", "}"]
    done = building.execute(building.link(folder, ["unit.o"], "\n".join(text) + "\n"), cwd=folder)
    assert done.returncode == 0, (done.returncode, done.stdout[-300:])
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize("group", range(GROUPS))
def test_each_allocation_of_each_op_may_fail(tmp_path, group):
    functions, calls = {}, []
    for prim in [p for p in WALK if p.name not in SKIPPED][group::GROUPS]:
        operands, _, attrs = max(cases(prim, OPS[prim].kinds[0]), key=lambda case: sum(np.size(o) for o in case[0]))
        operands = [np.asarray(o) for o in operands]
        if prim.name == "bitcast" and operands[0].dtype.itemsize != 8:
            continue
        known = prim.name in NEEDS_SIZES
        specs = [tf.TensorSpec(o.shape if known else [None] * o.ndim, tf.as_dtype(o.dtype)) for o in operands]
        functions[prim.name] = tf.function(lambda *a, prim=prim, attrs=attrs: prim(*a, **attrs)).get_concrete_function(
            *specs
        )
        calls.append((prim.name, operands))
    made = outcomes(tmp_path, functions, calls)
    assert len(made) == len(calls)
    assert not {name: text for name, text in made.items() if not text.isdigit()}
    assert sum(map(int, made.values())) > len(calls) // 2


def test_each_allocation_of_factorizations_and_of_programs_may_fail(tmp_path):
    spec = tf.TensorSpec
    square = np.random.default_rng(0).normal(size=(9, 9))
    programs = {
        "cholesky": lambda a: tf.linalg.cholesky(tf.matmul(a, a, transpose_b=True)),
        "solve": lambda a: tf.linalg.solve(a, a),
        "svd": lambda a: tf.linalg.svd(a),
        "qr": lambda a: tf.linalg.qr(a),
        "eig": lambda a: tf.linalg.eig(a),
        "eigh": lambda a: tf.linalg.eigh(a + tf.transpose(a)),
        "lu": lambda a: tf.linalg.lu(a),
        "sqrtm": lambda a: tf.linalg.sqrtm(tf.cast(tf.matmul(a, a, transpose_b=True), tf.complex128)),
        "loop": lambda a: tf.while_loop(
            lambda i, x: i < 3, lambda i, x: (i + 1, tf.concat([x, x], 0)), [0, a],
            shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, None])],
        )[1],
        "branch": lambda a: tf.cond(a[0, 0] > 0.0, lambda: tf.sort(a), lambda: tf.reverse(a, [0])[1:]),
        "picked": lambda a: tf.unique(tf.boolean_mask(a, a > 0.0)),
        "list": lambda a: tf.map_fn(lambda row: tf.sort(row), a),
    }  # fmt: skip
    functions = {n: tf.function(f).get_concrete_function(spec([None, None], tf.float64)) for n, f in programs.items()}
    made = outcomes(tmp_path, functions, [(name, [square]) for name in functions])
    assert not {name: text for name, text in made.items() if not text.isdigit()}
    assert all(int(text) > 0 for text in made.values()), made
