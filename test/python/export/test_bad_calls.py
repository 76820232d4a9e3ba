"""Whatever a C program passes by mistake to an entry is TFC_INVALID_ARGUMENT, and nothing is read or written."""

import subprocess

import building
import pytest
import tfc as tf

SPEC = tf.TensorSpec

MAIN = r"""
#include <stdio.h>
#include "unit.h"

static float x[6], rows[6];
static int32_t y[4], n;
static uint8_t p[1];
static int64_t x_shape[64] = {2, 3}, y_shape[64] = {4}, out_shape[64], p_shape[1];
static const tfc_tensor_desc good_in[] = {{x, TFC_F32, 2, x_shape}, {y, TFC_I32, 1, y_shape}, {p, TFC_BOOL, 0, NULL}};
static const tfc_tensor_desc good_out[] = {{NULL, TFC_F32, 2, out_shape}, {&n, TFC_I32, 0, NULL}};
static tfc_tensor_desc in[3], out[2];
static unit_state state;
static tfc_host host;
static int checked, wrong;

static void reset(void) {
  memcpy(in, good_in, sizeof in);
  memcpy(out, good_out, sizeof out);
  x_shape[0] = 2; x_shape[1] = 3; y_shape[0] = 4;
}

static void refused(const char *what, int number, const tfc_tensor_desc *inputs, int32_t num_inputs,
                    tfc_tensor_desc *outputs, int32_t num_outputs) {
  int32_t calls = state.calls[0];
  int32_t status = unit_f_call(&host, &state, inputs, num_inputs, outputs, num_outputs);
  ++checked;
  if (status != TFC_INVALID_ARGUMENT || host.code != status || !host.message[0] || !strstr(host.location, "test_bad_calls") ||
      state.calls[0] != calls) {
    printf("%s %d: status %d, %s\n", what, number, (int)status, host.message);
    ++wrong;
  }
  reset();
}

int main(void) {
  static const int32_t ranks[] = {-1, -2147483647 - 1, 2147483647, 1000000, 65, 64, 3, 4};
  static const int32_t dtypes[] = {-1, 99, 2147483647, -2147483647 - 1, TFC_F64, TFC_C128, TFC_U8};
  static const int64_t sizes[] = {-1, INT64_MAX, INT64_MIN, INT64_C(1) << 61, INT64_C(1) << 62};
  int i, k;
  float *bytes = NULL;
  (void)rows;
  (void)p_shape;
  unit_init(&state);
  reset();
  if (unit_f_call(&host, &state, in, 3, out, 2) != TFC_OK || state.calls[0] != 1) return 1;
  tfc_release(&host, out[0].data);
  reset();
  refused("inputs", 0, NULL, 3, out, 2);
  refused("outputs", 0, in, 3, NULL, 2);
  refused("inputs", 1, in, 2, out, 2);
  refused("inputs", 2, in, -1, out, 2);
  refused("outputs", 1, in, 3, out, 3);
  for (i = 0; i < 3; ++i) {
    in[i].data = NULL; refused("data", i, in, 3, out, 2);
    if (i < 2) { in[i].shape = NULL; refused("shape", i, in, 3, out, 2); }
    for (k = 0; k < 8; ++k) { in[i].rank = ranks[k]; if (i == 2) in[i].shape = y_shape; refused("rank", 10 * i + k, in, 3, out, 2); }
    for (k = 0; k < 8; ++k) { in[i].rank = ranks[k]; in[i].shape = NULL; refused("rank without shape", 10 * i + k, in, 3, out, 2); }
    for (k = 0; k < 7; ++k) { in[i].dtype = dtypes[k]; refused("dtype", 10 * i + k, in, 3, out, 2); }
  }
  for (k = 0; k < 5; ++k) { x_shape[0] = sizes[k]; refused("size", k, in, 3, out, 2); }
  for (k = 0; k < 5; ++k) { x_shape[1] = sizes[k]; refused("known size", k, in, 3, out, 2); }
  for (k = 0; k < 5; ++k) { y_shape[0] = sizes[k]; refused("size of y", k, in, 3, out, 2); }
  for (i = 0; i < 2; ++i) {
    for (k = 0; k < 8; ++k) { out[i].rank = ranks[k]; refused("output rank", 10 * i + k, in, 3, out, 2); }
    for (k = 0; k < 7; ++k) { out[i].dtype = dtypes[k]; refused("output dtype", 10 * i + k, in, 3, out, 2); }
  }
  out[0].shape = NULL; refused("output shape", 0, in, 3, out, 2);
  out[1].data = NULL; refused("output data", 1, in, 3, out, 2);
  if (unit_f_call(&host, NULL, in, 3, out, 2) != TFC_INVALID_ARGUMENT) return 2;
  if (unit_f_call(NULL, &state, NULL, 3, out, 2) != TFC_INVALID_ARGUMENT) return 3;
  if (unit_f(&host, &state, x, 2, y, 4, p, NULL, x_shape, &n) != TFC_INVALID_ARGUMENT) return 4;
  if (unit_f(&host, &state, x, 2, y, 4, p, &bytes, NULL, &n) != TFC_INVALID_ARGUMENT) return 5;
  if (unit_f(&host, &state, x, 2, y, -4, p, &bytes, x_shape, &n) != TFC_INVALID_ARGUMENT) return 6;
  if (unit_load(&host, NULL, x, sizeof x) != TFC_INVALID_ARGUMENT) return 7;
  if (unit_load(&host, &state, NULL, 0) == TFC_OK) return 8;
  printf("%d checked, %d wrong\n", checked, wrong);
  return wrong ? 9 : 0;
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad_calls")
    calls = tf.Variable(0, name="calls")

    @tf.function(input_signature=[SPEC([None, 3]), SPEC([None], tf.int32), SPEC([], tf.bool)])
    def f(x, y, p):
        calls.assign_add(1)
        return tf.boolean_mask(x, x[:, 0] >= 0.0), tf.where(p, tf.reduce_sum(y), 0)

    tf.export.compile({"f": f}, folder / "unit.o", prefix="unit")
    return folder


def test_every_wrong_part_of_a_descriptor_is_refused(folder):
    done = building.execute(building.link(folder, ["unit.o"], MAIN))
    assert done.returncode == 0, (done.returncode, done.stdout)


def test_nothing_is_read_outside_of_what_a_descriptor_has(folder):
    flags = ["-std=c99", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover"]
    probe = subprocess.run(
        ["cc", *flags, "-x", "c", "-", "-o", "/dev/null"], input=b"int main(void){return 0;}", check=False
    )
    if probe.returncode:
        pytest.skip("NOT TESTED: the C compiler has no sanitizers")
    done = building.execute(building.link(folder, ["unit.o"], MAIN, flags=flags, name="sanitized"))
    assert done.returncode == 0, done.stderr[-2000:]
