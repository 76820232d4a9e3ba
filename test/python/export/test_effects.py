"""The order of effects in artefacts: other compilers' silent errors with state, each by the name of its rule, and refused prints."""

import building
import numpy as np
import pytest
import tfc as tf
from tfc.export import compile, read_state

SPEC = tf.TensorSpec


def f32(*values):
    return np.array(values, np.float32)


def i32(value):
    return np.array(value, np.int32)


def keep(functions, *variables):
    for concrete in functions.values():
        concrete.keep = variables
    return functions


def mutation_before_a_cond():
    state = tf.Variable(tf.zeros([4]), name="buffer")

    @tf.function
    def f(x):
        state.assign_add(x)
        return tf.cond(tf.reduce_sum(x) > 0.0, lambda: state * 10.0, lambda: state - 1.0)

    return keep({"f": f.get_concrete_function(SPEC([4]))}, state)


def mutation_behind_a_cond():
    state = tf.Variable(tf.ones([4]), name="buffer")

    @tf.function
    def f(p):
        before = tf.cond(p, lambda: state * 10.0, lambda: state - 1.0)
        state.assign(state * 2.0)
        return before

    return keep({"f": f.get_concrete_function(SPEC([], tf.bool))}, state)


def condition_that_mutates():
    checks = tf.Variable(0, name="checks")

    def more(i):
        checks.assign_add(1)
        return i < 3

    f = tf.function(lambda: tf.while_loop(more, lambda i: (i + 1,), (tf.constant(0),)))
    return keep({"f": f.get_concrete_function()}, checks)


def condition_that_sees_its_body():
    level = tf.Variable(0.0, name="level")

    @tf.function
    def f(limit):
        steps = tf.constant(0)
        while level < limit:
            level.assign_add(1.5)
            steps += 1
        return steps

    return keep({"f": f.get_concrete_function(SPEC([]))}, level)


def small_buffer():
    counter = tf.Variable(tf.zeros([1]), name="counter")

    @tf.function
    def f():
        counter.assign_add(tf.ones([1]))
        return counter + 0.0

    return keep({"f": f.get_concrete_function()}, counter)


def methods():
    total = tf.Variable(tf.zeros([2]), name="total")

    @tf.function
    def add(x):
        total.assign_add(x)

    @tf.function
    def read():
        return total + 0.0

    return keep({"add": add.get_concrete_function(SPEC([2])), "read": read.get_concrete_function()}, total)


UNITS = {
    "before": (mutation_before_a_cond, [("f", [np.full(4, s, np.float32)]) for s in (1, 1, -1)]),
    "behind": (mutation_behind_a_cond, [("f", [np.array(p)]) for p in (True, False)]),
    "condition": (condition_that_mutates, [("f", [])] * 3),
    "body": (condition_that_sees_its_body, [("f", [np.array(x, np.float32)]) for x in (4, 4, 6)]),
    "small": (small_buffer, [("f", [])] * 3),
    "methods": (methods, [("add", [f32(1, 2)]), ("add", [f32(1, 2)]), ("read", [])]),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """For each unit the results of its calls, and its state after them."""
    folder = tmp_path_factory.mktemp("effects")
    outcomes = building.run_units(folder, {name: (make(), calls) for name, (make, calls) in UNITS.items()})
    assert all(o.status == 0 for calls, _ in outcomes.values() for o in calls)
    return {
        name: ([[np.asarray(r).tolist() for r in o.results] for o in calls], read_state(blob))
        for name, (calls, blob) in outcomes.items()
    }


def test_a_mutation_before_a_cond_is_seen_in_its_branches(seen):
    """PyTorch #169118: an ahead-of-time compiler moved a buffer's mutation behind the cond that reads it."""
    assert seen["before"][0] == [[[10.0] * 4], [[20.0] * 4], [[0.0] * 4]]


def test_a_mutation_behind_a_cond_is_not_seen_in_its_branches(seen):
    results, state = seen["behind"]
    assert results == [[[10.0] * 4], [[1.0] * 4]] and state["buffer"].tolist() == [4.0] * 4


def test_a_loop_condition_that_mutates_leaves_its_state(seen):
    """PyTorch #195327, #195393: state written by a while_loop's condition went stale, and later calls were wrong."""
    results, state = seen["condition"]
    assert results == [[3]] * 3 and state["checks"] == 12


def test_a_loop_condition_sees_what_its_body_mutates(seen):
    results, state = seen["body"]
    assert results == [[3], [0], [1]] and state["level"] == 6.0


def test_a_small_mutated_buffer_is_no_constant(seen):
    """PyTorch #169347: small buffers were inlined as constants although the program writes them."""
    results, state = seen["small"]
    assert results == [[[1.0]], [[2.0]], [[3.0]]] and state["counter"].tolist() == [3.0]


def test_methods_share_their_state(seen):
    """ExecuTorch: each method of a program got buffers of its own."""
    results, state = seen["methods"]
    assert results[2] == [[2.0, 4.0]] and state["total"].tolist() == [2.0, 4.0]


REFUSING = r"""
#include "unit.h"
static int left;
static int32_t print(tfc_context *ctx, const char *format, int32_t summarize, const char *stream, int32_t n,
                     const tfc_tensor_desc *tensors) {
  (void)ctx, (void)format, (void)summarize, (void)stream, (void)n, (void)tensors;
  return left-- ? TFC_OK : TFC_CANCELLED;
}
int main(void) {
  unit_state state;
  tfc_host host = {0};
  int32_t n = 5;
  unit_init(&state);
  host.print = print;
  left = 2; /* the third iteration's print is refused */
  if (unit_f(&host, &state, &n) != TFC_CANCELLED) return 1;
  if (state.total[0] != 3 || state.steps[0] != 2 || state.after[0] != 0) return 2;
  left = 5;
  if (unit_f(&host, &state, &n) != TFC_CANCELLED) return 3;
  if (state.total[0] != 13 || state.steps[0] != 7 || state.after[0] != 1) return 4;
  left = 100;
  if (unit_f(&host, &state, &n) != TFC_OK) return 5;
  return state.total[0] != 23 || state.steps[0] != 12 || state.after[0] != 102;
}
"""


def test_a_refused_print_leaves_what_program_order_says(tmp_path):
    total, steps, after = (tf.Variable(0, name=name) for name in ("total", "steps", "after"))

    @tf.function
    def f(n):
        for i in tf.range(n):
            total.assign_add(i)
            tf.print("step", i)
            steps.assign_add(1)
        after.assign_add(1)
        tf.print("done")
        after.assign_add(100)

    functions = keep({"f": f.get_concrete_function(SPEC([], tf.int32))}, total, steps, after)
    compile(functions, tmp_path / "unit.o")
    assert building.execute(building.link(tmp_path, ["unit.o"], REFUSING)).returncode == 0


CHAINS = r"""
#include "unit.h"
int main(void) {
  static unit_state state;
  static tfc_host host;
  float x = 1;
  int i;
  unit_init(&state);
  for (i = 0; i < 3; ++i)
    if (unit_f(&host, &state, &x)) return 1;
  /* The first element counts calls, the others are x. */
  if (state.v[0] != 3 || state.w[0] != 13) return 2;
  return state.v[199999] != 1 || state.w[199999] != 1 ? 3 : 0;
}
"""


def test_chains_of_an_artefact_run_on_its_threads(tmp_path):
    n = 200_000
    v, w = tf.Variable(tf.zeros([n]), name="v"), tf.Variable(tf.fill([n], 10.0), name="w")

    @tf.function
    def f(x):
        for u in (v, w):
            u.assign(tf.cumsum(u) * tf.cast(tf.range(n) < 1, tf.float32) + x)

    functions = keep({"f": f.get_concrete_function(SPEC([]))}, v, w)
    artifact = compile(functions, tmp_path / "unit.o", threads=2)
    assert artifact is not None
    flags = [*building.STRICT, "-D_POSIX_C_SOURCE=200809L", "-pthread"]
    assert building.execute(building.link(tmp_path, ["unit.o"], CHAINS, flags=flags)).returncode == 0


def test_chains_of_unknown_length_have_their_values(tmp_path):
    """Whether a thread wakes up for them is decided in the artefact: their length is a number that the caller gives."""
    a, b = tf.Variable(0, name="a"), tf.Variable(0, name="b")

    @tf.function
    def f(n):
        x = tf.range(n)
        a.assign_add(tf.reduce_sum(tf.cumsum(tf.cumsum(x % 3) % 11) % 13))
        b.assign_add(tf.reduce_sum(tf.cumsum(tf.cumsum(x % 2) % 11) % 13))

    def expected(n, by):
        return np.sum(np.cumsum(np.cumsum(np.arange(n) % by) % 11) % 13)

    functions = keep({"f": f.get_concrete_function(SPEC([], tf.int32))}, a, b)
    lengths = (0, 5, 300_000)
    flags = [*building.STRICT, "-D_POSIX_C_SOURCE=200809L", "-pthread"]
    outcomes, blob = building.run_calls(tmp_path, functions, [("f", [i32(n)]) for n in lengths], flags=flags, threads=2)
    assert all(o.status == 0 for o in outcomes)
    state = read_state(blob)
    assert (state["a"], state["b"]) == tuple(sum(expected(n, by) for n in lengths) for by in (3, 2))
