"""Every way a call can fail is a status with a message and a line, and leaves the state as the program had it."""

import re

import building
import corpus
import numpy as np
import pytest
import tfc as tf
from tfc.export import read_state

SPEC = tf.TensorSpec


def i32(*values):
    return np.array(values if len(values) != 1 else values[0], np.int32)


def gather():
    return corpus.one(lambda x, i: tf.gather(x, i), SPEC([4]), SPEC([None], tf.int32))


def divide():
    return corpus.one(lambda x, y: x // y, SPEC([None], tf.int32), SPEC([None], tf.int32))


def joined():
    return corpus.one(lambda x, y: x + y, SPEC([None]), SPEC([None]))


def product():
    return corpus.one(lambda x, y: x @ y, SPEC([None, None]), SPEC([None, None]))


def reshaped():
    return corpus.one(lambda x: tf.reshape(x, [3, -1]), SPEC([None]))


def asserted():
    def f(x):
        tf.debugging.assert_positive(x, message="not positive")
        return x

    return corpus.one(f, SPEC([None]))


def sliced():
    return corpus.one(lambda x, i: tf.slice(x, [i], [2]), SPEC([None]), SPEC([], tf.int32))


FAILING = [
    (gather, [np.ones(4, np.float32), i32(0, 7)], 1, "7"),
    (divide, [i32(1, 2), i32(1, 0)], 1, "zero"),
    (joined, [np.ones(2, np.float32), np.ones(3, np.float32)], 1, "2"),
    (product, [np.ones((2, 3), np.float32), np.ones((4, 2), np.float32)], 1, "3"),
    (reshaped, [np.ones(4, np.float32)], 1, "4"),
    (asserted, [np.array([1, -2], np.float32)], 1, "not positive"),
    (sliced, [np.ones(3, np.float32), i32(2)], None, "2"),
]


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("failed")
    units = {make.__name__: (make(), [("f", arrays)]) for make, arrays, _, _ in FAILING}
    return building.run_units(folder, units)


@pytest.mark.parametrize(
    "make,status,word", [(m, s, w) for m, _, s, w in FAILING], ids=lambda x: getattr(x, "__name__", str(x))
)
def test_failed_check_is_a_status_with_message_and_line(failed, make, status, word):
    (outcome,), _ = failed[make.__name__]
    assert outcome.status == status if status else outcome.status in (1, 2)
    assert word in outcome.message
    assert re.search(r"test_statuses\.py:\d+", outcome.location), outcome


def test_smallest_integer_divided_by_minus_one_is_no_signal(tmp_path):
    functions = corpus.one(lambda x, y: (x // y, x % y), SPEC([None], tf.int32), SPEC([None], tf.int32))
    (outcome,), _ = building.run_calls(tmp_path, functions, [("f", [i32(-(2**31), 5), i32(-1, -1)])])
    assert outcome.status == 0
    np.testing.assert_array_equal(outcome.results[0], [-(2**31), -5])
    np.testing.assert_array_equal(outcome.results[1], [0, 0])


WRONG = [
    ([np.ones((2, 3), np.float32)], "expected x to be float32[2,?], got float32[2,3]", None),
    ([np.ones((3, 3), np.float32)], "expected x to be float32[2,?], got float32[3,3]", 1),
    ([np.ones((2, 3), np.float64)], "expected x to be float32[2,?], got float64[2,3]", 1),
    ([np.ones(6, np.float32)], "expected x to be float32[2,?], got float32[6]", 1),
]


@pytest.fixture(scope="module")
def shaped(tmp_path_factory):
    functions = corpus.one(lambda x: x * 2.0, SPEC([2, None]))
    outcomes, _ = building.run_calls(tmp_path_factory.mktemp("shaped"), functions, [("f", a) for a, _, _ in WRONG])
    return outcomes


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_descriptors_are_checked_at_entry(shaped, number):
    _, message, status = WRONG[number]
    assert shaped[number].status == (status or 0)
    if status:
        assert message in shaped[number].message


SIZES = r"""
#include <stdio.h>
#include "f.h"
int main(void) {
  static float x[8];
  float *out = x;
  int64_t n = 5;
  tfc_host host = {0};
  int64_t bad[] = {-1, INT64_MAX, INT64_C(1) << 60};
  int i;
  for (i = 0; i < 3; ++i) {
    if (f(&host, x, bad[i], &out, &n) != TFC_INVALID_ARGUMENT || !host.message[0]) return 1 + i;
  }
  if (f(&host, NULL, 4, &out, &n) != TFC_INVALID_ARGUMENT) return 4;
  if (f(&host, x, 4, NULL, &n) != TFC_INVALID_ARGUMENT) return 5;
  if (f(&host, x, 4, &out, NULL) != TFC_INVALID_ARGUMENT) return 6;
  if (f(NULL, NULL, 4, &out, &n) != TFC_INVALID_ARGUMENT) return 7;
  if (f(&host, NULL, 0, &out, &n) != TFC_OK || n != 0) return 8;
  tfc_release(&host, out);
  if (f(&host, x, 4, &out, &n) != TFC_OK || n != 4 || host.message[0]) return 9;
  tfc_release(&host, out);
  return 0;
}
"""


@pytest.mark.parametrize("target", ["x86", "armv7"])
def test_null_and_impossible_sizes_are_statuses(tmp_path, target):
    target = building.TARGETS[target]
    tf.export.compile(corpus.one(lambda x: x * 2.0, SPEC([None])), tmp_path / "f.o", prefix="f", target=target.triple)
    program = building.link(
        tmp_path, ["f.o"], SIZES, target, flags=[*building.STRICT, "-Wno-missing-field-initializers"]
    )
    assert building.execute(program, target).returncode == 0


def test_sizes_that_overflow_are_no_memory(tmp_path):
    functions = corpus.one(
        lambda n: tf.reduce_sum(tf.sort(tf.cast(tf.range(n * n)[None] * tf.ones([n, 1], tf.int64), tf.float64))),
        SPEC([], tf.int64),
    )
    (outcome,), _ = building.run_calls(tmp_path, functions, [("f", [np.array(2**31, np.int64)])])
    assert outcome.status == 3 and outcome.message == "out of memory"
    assert "test_statuses.py" in outcome.location


NTH = r"""
#include <stdlib.h>
static long countdown;
static long live;
"""

NTH_MAIN = r"""
#include <stdio.h>
#include <stdlib.h>
#include "f.h"
static long countdown, live;
static void *allocate(tfc_context *ctx, int64_t bytes) {
  if (countdown-- == 0) return NULL;
  ++live;
  return tfc_default_allocate(ctx, bytes);
}
static void deallocate(tfc_context *ctx, void *p) {
  live -= p != NULL;
  tfc_default_deallocate(ctx, p);
}
int main(void) {
  static float x[40];
  f_state state, before;
  tfc_host host = {0};
  long n;
  int i;
  for (i = 0; i < 40; ++i) x[i] = (float)((i * 7) % 11 - 5);
  host.allocate = allocate;
  host.deallocate = deallocate;
  f_init(&state);
  for (n = 0;; ++n) {
    float *a = NULL;
    int64_t *b = NULL, k = 0, rows = 0;
    int32_t status;
    before = state;
    countdown = n;
    status = f_f(&host, &state, x, 40, &a, &k, &b, &rows);
    if (status == TFC_OK) {
      if (k != rows || state.calls[0] != before.calls[0] + 1) return 1;
      tfc_release(&host, a);
      tfc_release(&host, b);
      if (live) return 2;
      printf("%ld\n", n);
      return 0;
    }
    if (status != TFC_OUT_OF_MEMORY || a || b || live || !host.message[0]) return 3;
    if (state.calls[0] != before.calls[0] && state.calls[0] != before.calls[0] + 1) return 4;
  }
}
"""


def test_allocation_that_fails_at_the_nth_call_is_a_status_and_leaks_nothing(tmp_path):
    calls = tf.Variable(0, name="calls")

    @tf.function
    def f(x):
        calls.assign_add(1)
        y = tf.sort(x) + tf.reverse(x, [0])
        return tf.boolean_mask(y, y > 0.0), tf.where(y > 0.0)

    tf.export.compile({"f_": f.get_concrete_function(SPEC([None]))}, tmp_path / "f.o")
    main = NTH_MAIN.replace("f_f(", "f_f_(")
    program = building.link(tmp_path, ["f.o"], main, flags=[*building.STRICT, "-Wno-missing-field-initializers"])
    done = building.execute(program)
    assert done.returncode == 0
    assert int(done.stdout) >= 3


def test_state_holds_what_came_before_the_failure(tmp_path):
    v = tf.Variable([0, 0], name="v")

    @tf.function
    def f(x, i):
        v.assign(x)
        picked = tf.gather(x, i)
        v.assign([picked, picked])
        return picked

    functions = {"f": f.get_concrete_function(SPEC([2], tf.int32), SPEC([], tf.int32))}
    (outcome,), blob = building.run_calls(tmp_path, functions, [("f", [i32(3, 4), i32(9)])])
    assert outcome.status == 1
    np.testing.assert_array_equal(read_state(blob)["v"], [3, 4])


def test_sizes_of_one_name_have_to_agree(tmp_path):
    spec = tf.export.parse_spec
    functions = corpus.one(lambda x, y: x[:, 0] + y, spec("float32[n,3]"), spec("float32[n]"))
    good = ("f", [np.ones((2, 3), np.float32), np.ones(2, np.float32)])
    bad = ("f", [np.ones((2, 3), np.float32), np.ones(1, np.float32)])
    outcomes, _ = building.run_calls(tmp_path, functions, [good, bad])
    assert [o.status for o in outcomes] == [0, 1]
    assert "the sizes called n differ in y" in outcomes[1].message
    text = (tmp_path / "unit.h").read_text()
    assert "int64_t n,\n" in text and "y_dim0" not in text
