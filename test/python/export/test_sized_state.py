"""Variables whose sizes change, in a state: memory of the host, bytes that C and Python share."""

import building
import numpy as np
import pytest
import tfc as tf

FLAGS = [*building.STRICT, "-fsanitize=address,undefined"]


class Log(tf.Module):
    def __init__(self):
        super().__init__()
        self.n = tf.Variable(0, name="n")
        self.rows = tf.Variable(np.arange(6, dtype=np.float32).reshape(2, 3), shape=[None, 3], name="rows")
        self.seen = tf.Variable(np.zeros(0, np.int32), shape=[None], name="seen")
        self.z = tf.Variable(np.array([1 + 2j], np.complex64), shape=[None], name="z")

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def push(self, x):
        self.rows.assign(tf.concat([self.rows, x], 0))
        self.n.assign_add(1)
        self.seen.assign(tf.concat([self.seen, [self.n]], 0))
        tf.debugging.Assert(self.n < 3, ["too many:", self.n])
        self.z.assign(self.z * 2.0)
        return tf.reduce_sum(self.rows)

    @tf.function(input_signature=[])
    def read(self):
        return self.rows * 1.0


MAIN = r"""
#include <stdio.h>
static int left = -1, live;
#include "unit.h"
static void *some(tfc_context *ctx, int64_t bytes) {
  void *p = left == 0 ? NULL : tfc_default_allocate(ctx, bytes);
  if (left > 0) --left;
  live += p != NULL;
  return p;
}
static void release(tfc_context *ctx, void *p) {
  live -= p != NULL;
  tfc_default_deallocate(ctx, p);
}
static size_t save(const unit_state *s, unsigned char *bytes, const char *path) {
  FILE *f = fopen(path, "wb");
  size_t n = unit_state_size(s);
  unit_save(s, bytes);
  fwrite(bytes, 1, n, f);
  fclose(f);
  return n;
}
int main(void) {
  static unsigned char bytes[65536];
  static const float x[6] = {1, 2, 3, 4, 5, 6};
  tfc_host host = {0};
  unit_state s, t;
  float y = 0;
  size_t n;
  int i;
  FILE *f;
  host.allocate = some;
  host.deallocate = release;
  for (i = 0; i < 3; ++i) { /* no memory for the first values: a status, and nothing is held */
    left = i;
    if (unit_init(&host, &s) != TFC_OUT_OF_MEMORY || live) return 1;
  }
  left = -1;
  if (unit_init(&host, &s) || unit_init(&host, &t)) return 2;
  for (i = 0; i < 40; ++i) { /* the call fails at each of its allocations: what is held stays usable */
    unit_state u;
    int32_t status;
    if (unit_init(&host, &u)) return 3;
    left = i;
    status = unit_push(&host, &u, x, 2, &y);
    left = -1;
    if (status != TFC_OK && status != TFC_OUT_OF_MEMORY) return 4;
    if (u.rows_shape[0] != 2 + 2 * u.n[0] && u.rows_shape[0] != 4) return 5;
    unit_fini(&host, &u);
    if (live != 6) return 6;
    if (status == TFC_OK) break;
  }
  if (i == 0 || i == 40) return 7;
  for (i = 0; i < 3; ++i)
    printf("%d ", (int)unit_push(&host, &s, x, 2, &y));
  printf("%s\n", strstr(host.message, "too many"));
  n = save(&s, bytes, "c.bin");
  for (i = 0; i < 3; ++i) { /* no memory to load */
    left = i;
    if (unit_load(&host, &t, bytes, n) != TFC_OUT_OF_MEMORY || t.rows_shape[0] != 2) return 8;
  }
  left = -1;
  if (unit_load(&host, &t, bytes, n) || t.rows_shape[0] != 8 || t.rows[23] != 6) return 9;
  for (i = 0; i < (int)n; ++i) { /* any flipped bit, any missing end */
    bytes[i] ^= 1;
    if (unit_load(&host, &t, bytes, n) != TFC_FAILED_PRECONDITION) return 10;
    bytes[i] ^= 1;
    if (unit_load(&host, &t, bytes, (size_t)i) != TFC_FAILED_PRECONDITION) return 11;
  }
  f = fopen("python.bin", "rb");
  n = fread(bytes, 1, sizeof bytes, f);
  fclose(f);
  i = (int)unit_load(&host, &t, bytes, n);
  printf("%d %d %d\n", i, (int)t.rows_shape[0], (int)t.n[0]);
  unit_fini(&host, &s);
  unit_fini(&host, &t);
  printf("%d %s\n", (int)unit_push(&host, &t, x, 2, &y), host.message);
  return live;
}
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The folder, the module, and what the program printed."""
    folder = tmp_path_factory.mktemp("sized")
    log = Log()
    artifact = tf.export.compile(log, folder / "unit.o", emit="object,shared")
    given = {"n": np.int32(7), "rows": np.ones((5, 3), np.float32), "seen": np.zeros(1, np.int32)}
    tf.export.write_state(folder / "python.bin", artifact, {**given, "z": np.zeros(2, np.complex64)})
    program = building.link(folder, ["unit.o"], MAIN, flags=FLAGS)
    done = building.execute(program, cwd=folder)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    return folder, log, done.stdout.splitlines()


def test_an_assertion_after_growth_is_a_status(ran):
    assert ran[2][0].startswith("0 0 1 ") and "too many" in ran[2][0]


def test_python_reads_what_c_saved(ran):
    state = tf.export.read_state(ran[0] / "c.bin")
    assert state["rows"].shape == (8, 3) and state["n"] == 3
    np.testing.assert_array_equal(state["seen"], [1, 2, 3])
    np.testing.assert_array_equal(state["z"], np.array([4 + 8j], np.complex64))


def test_c_reads_what_python_wrote(ran):
    assert ran[2][1] == "0 5 7"


def test_a_released_state_is_refused(ran):
    assert ran[2][2].startswith("4 ") and "unit_init" in ran[2][2]


def test_python_calls_it_too(ran):
    loaded = tf.export.load(ran[0] / "unit.so")
    loaded.push(np.ones((2, 3), np.float32))
    assert loaded.state["rows"].shape == (4, 3)
    loaded.state.load(ran[0] / "c.bin")
    assert loaded.read().shape == (8, 3)


def test_variables_of_the_model_take_it_over(ran):
    tf.export.restore_state(ran[0] / "c.bin", ran[1])
    assert ran[1].rows.numpy().shape == (8, 3)


def test_unknown_rank_is_refused(tmp_path):
    v = tf.Variable(np.zeros(2, np.float32), shape=tf.TensorShape(None), name="v")
    with pytest.raises(tf.errors.InvalidArgumentError, match="unknown rank"):
        tf.export.compile({"f": tf.function(lambda: v.assign([1.0])).get_concrete_function()}, tmp_path / "f.o")
