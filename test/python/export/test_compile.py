"""Object files called from C: values as in Python, state over several calls, errors as statuses, no runtime."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tfc as tf
from tfc.export import compile, parse_spec
from tfc.export.cli import run

CC = shutil.which("cc")
needs_cc = pytest.mark.skipif(CC is None, reason="no C compiler")
EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def link_and_run(folder, source, objects, *flags):
    (folder / "main.c").write_text(source)
    command = [
        CC,
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-pedantic",
        *flags,
        "main.c",
        *objects,
        "-lm",
        "-o",
        "main",
    ]
    subprocess.run(command, cwd=folder, check=True)
    return subprocess.run([folder / "main"], capture_output=True, text=True, timeout=60)


@needs_cc
def test_lstm_cell_in_c_agrees_with_python(tmp_path):
    sys.path.insert(0, str(EXAMPLES))
    try:
        import lstm_cell
    finally:
        sys.path.pop(0)
    args = lstm_cell.inputs()
    function = tf.function(lstm_cell.lstm_cell)
    compile({"lstm": function.get_concrete_function(*args)}, tmp_path / "lstm.o", cpu="native")
    want_h, want_c = (t.numpy() for t in lstm_cell.lstm_cell(*args))
    names = ["x", "h", "c", "w", "u", "b"]
    literals = "\n".join(
        f"static const float {n}[] = {{{', '.join(float(v).hex() for v in t.numpy().ravel())}}};"
        for n, t in zip(names, args, strict=True)
    )
    main = f"""
    #include <stdio.h>
    #include "lstm.h"
    {literals}
    int main(void) {{
      float h_out[100], c_out[100];
      int i;
      if (lstm(NULL, x, h, c, w, u, b, h_out, c_out)) return 1;
      for (i = 0; i < 100; ++i) printf("%a %a\\n", h_out[i], c_out[i]);
      return 0;
    }}
    """
    done = link_and_run(tmp_path, main, ["lstm.o"])
    assert done.returncode == 0, done.stderr
    got = np.array([[float.fromhex(v) for v in line.split()] for line in done.stdout.splitlines()])
    np.testing.assert_allclose(got[:, 0], want_h.ravel(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(got[:, 1], want_c.ravel(), rtol=1e-5, atol=1e-6)


def make_counter():
    count = tf.Variable(5, name="count")
    scale = tf.Variable([1.0, 2.0], name="scale")

    @tf.function
    def step(n):
        tf.debugging.Assert(n > 0, ["n must be positive:", n])
        return count.assign_add(n)

    @tf.function
    def read(x):
        return scale * x + tf.cast(count, tf.float32)

    specs = step.get_concrete_function(tf.TensorSpec([], tf.int32)), read.get_concrete_function(tf.TensorSpec([2]))
    return {"step": specs[0], "read": specs[1]}, (count, scale)


COUNTER_MAIN = r"""
#include <stdio.h>
#include "counter.h"
int main(void) {
  counter_state a, b;
  tfc_host host;
  int32_t n = 3, out = 0, bad = -1;
  float x[2] = {1, 1}, y[2];
  memset(&host, 0, sizeof host);
  counter_init(&a);
  counter_init(&b);
  if (counter_step(&host, &a, &n, &out) || out != 8) return 1;
  if (counter_step(&host, &a, &n, &out) || out != 11) return 2;
  if (a.count[0] != 11 || b.count[0] != 5) return 3;
  if (counter_read(&host, &a, x, y) || y[0] != 12 || y[1] != 13) return 4;
  if (counter_step(&host, &a, &bad, &out) != TFC_INVALID_ARGUMENT) return 5;
  if (a.count[0] != 11) return 6;
  printf("%s\n%s\n", host.message, host.location);
  return 0;
}
"""


@needs_cc
def test_state_is_shared_between_entries_and_kept_between_calls(tmp_path):
    functions, variables = make_counter()
    compile(functions, tmp_path / "counter.o")
    done = link_and_run(tmp_path, COUNTER_MAIN, ["counter.o"])
    assert done.returncode == 0
    assert variables[0].numpy() == 5


@needs_cc
def test_failed_assert_is_a_status_with_message_and_line(tmp_path):
    functions, _ = make_counter()
    compile(functions, tmp_path / "counter.o")
    *message, location = link_and_run(tmp_path, COUNTER_MAIN, ["counter.o"]).stdout.splitlines()
    assert "n must be positive:" in message[-1] and "-1" in message[-1]
    assert re.search(r"test_compile\.py:\d+", location)


@needs_cc
def test_message_of_a_failed_check_holds_the_value(tmp_path):
    function = tf.function(
        lambda x, i: tf.gather(x, i),
        input_signature=[tf.TensorSpec([4], tf.float32), tf.TensorSpec([], tf.int32)],
    )
    compile({"pick": function.get_concrete_function()}, tmp_path / "pick.o")
    main = r"""
    #include <stdio.h>
    #include "pick.h"
    int main(void) {
      float x[4] = {1, 2, 3, 4}, y;
      int32_t i = 7;
      tfc_host host;
      memset(&host, 0, sizeof host);
      if (pick(&host, x, &i, &y) == TFC_OK) return 1;
      puts(host.message);
      i = 3;
      return pick(&host, x, &i, &y) || y != 4;
    }
    """
    done = link_and_run(tmp_path, main, ["pick.o"])
    assert done.returncode == 0
    assert "7" in done.stdout and "{}" not in done.stdout


@needs_cc
def test_object_needs_only_libc_and_libm(tmp_path):
    functions, _ = make_counter()
    compile(functions, tmp_path / "counter.o")
    undefined = subprocess.run(["nm", "-u", tmp_path / "counter.o"], capture_output=True, text=True, check=True)
    names = [line.split()[-1] for line in undefined.stdout.splitlines()]
    assert set(names) <= {"memcpy", "memmove", "memset"}, names


@needs_cc
def test_unknown_sizes_and_results_allocated_by_the_call(tmp_path):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def double(x):
        return tf.concat([x, x * 2.0], axis=0)

    compile({"double_": double.get_concrete_function()}, tmp_path / "dyn.o")
    main = r"""
    #include "dyn.h"
    int main(void) {
      float x[3] = {1, 2, 3}, *out;
      int64_t n;
      if (dyn_double_(NULL, x, 3, &out, &n)) return 1;
      if (n != 6 || out[0] != 1 || out[5] != 6) return 2;
      tfc_release(NULL, out);
      return 0;
    }
    """
    assert link_and_run(tmp_path, main, ["dyn.o"]).returncode == 0


@needs_cc
def test_print_goes_to_stdio(tmp_path):
    @tf.function(input_signature=[tf.TensorSpec([2], tf.float32)])
    def show(x):
        tf.print("x is", x, output_stream=sys.stdout)
        return x

    compile({"show": show.get_concrete_function()}, tmp_path / "show.o")
    main = '#include "show.h"\nint main(void) { float x[2] = {1, 2.5f}, y[2]; return show(NULL, x, y); }'
    assert link_and_run(tmp_path, main, ["show.o"]).stdout == "x is [1 2.5]\n"


@needs_cc
def test_two_artifacts_live_in_one_program(tmp_path):
    for name in ("first", "second"):
        functions, _ = make_counter()
        compile(functions, tmp_path / f"{name}.o")
    main = """
    #include "first.h"
    #include "second.h"
    int main(void) {
      first_state a; second_state b; int32_t n = 1, out;
      first_init(&a); second_init(&b);
      return first_step(NULL, &a, &n, &out) || second_step(NULL, &b, &n, &out) || out != 6;
    }
    """
    assert link_and_run(tmp_path, main, ["first.o", "second.o"]).returncode == 0


def test_captured_tensors_are_frozen_into_the_object(tmp_path):
    table = tf.constant(np.arange(1000, dtype=np.float32))
    function = tf.function(lambda i: tf.gather(table, i), input_signature=[tf.TensorSpec([], tf.int32)])
    artifact = compile({"lookup": function.get_concrete_function()}, tmp_path / "lookup.o")
    assert [b.title for b in artifact.entries[0].arguments] == ["i"]
    assert (tmp_path / "lookup.o").stat().st_size > 4000


def test_baseline_cpu_is_the_default(tmp_path):
    functions, _ = make_counter()
    assert compile(functions, tmp_path / "generic.o").cpu == "generic"
    assert compile(functions, tmp_path / "native.o", cpu="native").cpu != "generic"


def test_manifest_describes_the_interface(tmp_path):
    functions, _ = make_counter()
    compile(functions, tmp_path / "counter.o")
    manifest = json.loads((tmp_path / "counter.json").read_text())
    assert [e["name"] for e in manifest["entries"]] == ["step", "read"]
    assert [v["name"] for v in manifest["state"]["variables"]] == ["count", "scale"]
    assert manifest["entries"][0]["arguments"] == [{"name": "n", "title": "n", "dtype": "int32", "shape": []}]


MODEL = """
import tfc as tf

@tf.function
def twice(x):
    return x * 2.0
"""


def test_command_line_writes_object_header_and_manifest(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    run([f"{tmp_path}/model.py:twice", "--spec", "float32[4]", "-o", str(tmp_path / "build" / "twice.o"), "-q"])
    assert sorted(p.name for p in (tmp_path / "build").iterdir()) == [
        "twice.cmake", "twice.h", "twice.json", "twice.o", "twice.pc",
    ]  # fmt: skip
    assert "in x: float32[4]" in (tmp_path / "build" / "twice.h").read_text()


@pytest.mark.parametrize("emit,needle", [("llvm", "define"), ("asm", "twice_entry"), ("mlir", "tfc.mul")])
def test_other_outputs_are_text(tmp_path, emit, needle):
    (tmp_path / "model.py").write_text(MODEL)
    output = tmp_path / f"twice.{emit}"
    run([f"{tmp_path}/model.py:twice", "--spec", "float32[4]", "--emit", emit, "-o", str(output), "-q"])
    assert needle in output.read_text()


@pytest.mark.parametrize("triple", ["aarch64-linux-gnu", "armv7-linux-gnueabihf"])
def test_cross_target_is_one_flag(tmp_path, triple):
    (tmp_path / "model.py").write_text(MODEL)
    run([f"{tmp_path}/model.py:twice", "--spec", "float32[4]", "--target", triple, "-o", str(tmp_path / "t.o"), "-q"])
    elf_machine = int.from_bytes((tmp_path / "t.o").read_bytes()[18:20], "little")
    assert elf_machine == (183 if triple.startswith("aarch64") else 40)


def test_unwritable_output_is_an_error_and_writes_nothing(tmp_path):
    functions, _ = make_counter()
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="counter.o"):
        compile(functions, tmp_path / "file" / "counter.o")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_unknown_target_is_an_error(tmp_path):
    functions, _ = make_counter()
    with pytest.raises(tf.errors.InvalidArgumentError, match="nonsense"):
        compile(functions, tmp_path / "c.o", target="nonsense-none-none")


def test_spec_beside_an_input_signature_is_an_error(tmp_path):
    text = MODEL.replace("@tf.function", "@tf.function(input_signature=[tf.TensorSpec([4], tf.float32)])")
    (tmp_path / "model.py").write_text(text)
    with pytest.raises(ValueError, match="input_signature"):
        run([f"{tmp_path}/model.py:twice", "--spec", "float32[5]", "-o", str(tmp_path / "t.o"), "-q"])


def test_not_a_concrete_function_is_an_error(tmp_path):
    with pytest.raises(TypeError, match="get_concrete_function"):
        compile({"f": tf.function(lambda x: x)}, tmp_path / "f.o")


@pytest.mark.parametrize("text", ["float32[", "float99[2]", "float32[-3]", ""])
def test_malformed_spec_is_an_error(text):
    with pytest.raises(ValueError, match="cannot read the spec"):
        parse_spec(text)


def test_spec_text():
    assert parse_spec("float32[10,?]") == tf.TensorSpec([10, None], tf.float32)
    assert parse_spec("n:int64").shape.rank == 0
