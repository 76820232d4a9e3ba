"""The state of an artefact: first values, entries that share it, its bytes in C and in Python."""

import struct

import building
import corpus
import numpy as np
import pytest
import safetensors.numpy
import tfc as tf
from tfc.export import compile, read_state, restore_state, state_bytes, write_state


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """(functions, artefact, bytes that C saved after three steps)."""
    folder = tmp_path_factory.mktemp("counted")
    functions = corpus.counter()
    calls = [("step", [np.array(n, np.int32)]) for n in (3, 4, 5)]
    _, blob = building.run_calls(folder, functions, calls)
    return functions, compile(functions, folder / "unit.o"), blob


def test_python_reads_what_c_saved(counted):
    _, _, blob = counted
    state = read_state(blob)
    assert state["count"] == 17
    np.testing.assert_array_equal(state["history"], [3, 4, 5])


def test_python_writes_the_same_bytes(counted):
    _, artifact, blob = counted
    assert state_bytes(artifact, read_state(blob)) == blob


def test_any_reader_of_safetensors_reads_it(counted):
    tensors = safetensors.numpy.load(counted[2])
    assert tensors["count"] == 17 and tensors["history"].shape == (3,)


def test_state_goes_back_into_variables(counted):
    functions, _, blob = counted
    count, history = functions["step"].keep
    restore_state(blob, functions)
    assert count.numpy() == 17
    np.testing.assert_array_equal(history.numpy(), [3, 4, 5])


def test_checkpoint_reader_reads_it(counted, tmp_path):
    write_state(tmp_path / "s.safetensors", counted[1], read_state(counted[2]))
    assert tf.train.list_variables(tmp_path / "s.safetensors")[1:] == [("count", []), ("history", [3])]
    assert tf.train.load_variable(tmp_path / "s", "count") == 17


LOADING = r"""
#include <stdio.h>
#include <stdlib.h>
#include "unit.h"
int main(int argc, char **argv) {
  static unsigned char bytes[65536];
  unit_state state, before;
  tfc_host host = {0};
  int32_t n = 1, out = 0, status;
  FILE *f = fopen(argv[argc - 1], "rb");
  size_t length = fread(bytes, 1, sizeof bytes, f);
  fclose(f);
  unit_init(&state);
  before = state;
  status = unit_load(&host, &state, bytes, length);
  if (status != TFC_OK) {
    printf("%d %s\n", (int)status, host.message);
    return memcmp(&before, &state, sizeof state) != 0;
  }
  if (unit_step(&host, &state, &n, &out)) return 2;
  printf("%d\n", (int)out);
  return 0;
}
"""


@pytest.fixture(scope="module")
def loading(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loading")
    artifact = compile(corpus.counter(), folder / "unit.o")
    return artifact, building.link(folder, ["unit.o"], LOADING, flags=building.STRICT[:-1])


def load_in_c(loading, content):
    path = loading[1].parent / "state.bin"
    path.write_bytes(content)
    done = building.execute(loading[1], building.HOST, str(path))
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def test_c_reads_what_python_wrote(loading):
    values = {"count": np.array(41, np.int32), "history": np.array([7, 8, 9], np.float32)}
    assert load_in_c(loading, state_bytes(loading[0], values)) == "42"


@pytest.mark.parametrize("at", [8, 60, 150, -1, -14], ids=["brace", "version", "header", "data", "first"])
def test_a_flipped_bit_is_a_status_and_changes_nothing(loading, at):
    values = {"count": np.array(41, np.int32), "history": np.array([7, 8, 9], np.float32)}
    content = bytearray(state_bytes(loading[0], values))
    content[at] ^= 1
    assert load_in_c(loading, bytes(content)).startswith("4 ")
    with pytest.raises(tf.errors.DataLossError):
        read_state(bytes(content))


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_cut_off_bytes_are_a_status(loading, keep):
    values = {"count": np.array(41, np.int32), "history": np.array([7, 8, 9], np.float32)}
    content = state_bytes(loading[0], values)[:keep]
    assert load_in_c(loading, content).startswith("4 ")
    with pytest.raises(tf.errors.DataLossError):
        read_state(content)


def test_state_of_another_program_is_refused(loading, tmp_path):
    other = compile(corpus.training(), tmp_path / "other.o")
    values = {"w": np.zeros((3, 2), np.float32), "b": np.zeros(2, np.float32)}
    assert load_in_c(loading, state_bytes(other, values)).startswith("4 ")


@pytest.mark.parametrize(
    "values",
    [{"count": np.int32(1)}, {"count": np.int64(1), "history": np.zeros(3, np.float32)},
     {"count": np.int32(1), "history": np.zeros(4, np.float32)}],
    ids=["missing", "dtype", "shape"],
)  # fmt: skip
def test_values_that_do_not_fit_are_an_error(loading, values):
    with pytest.raises(tf.errors.FailedPreconditionError):
        state_bytes(loading[0], values)


def test_length_comes_first(loading):
    content = state_bytes(loading[0], {"count": np.int32(1), "history": np.zeros(3, np.float32)})
    (length,) = struct.unpack_from("<Q", content)
    assert content[8 : 8 + length].lstrip().startswith(b'{"__metadata__"')


def test_zeros_take_no_place_in_the_object(tmp_path):
    big = tf.Variable(tf.zeros([100_000]), name="big")
    f = tf.function(lambda i: big[i]).get_concrete_function(tf.TensorSpec([], tf.int32))
    compile({"f": f}, tmp_path / "f.o")
    assert (tmp_path / "f.o").stat().st_size < 20_000


def test_variables_made_on_the_first_call_have_their_first_values(tmp_path):
    class Lazy(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
        def scale(self, x):
            if not hasattr(self, "v"):
                self.v = tf.Variable(3.0, name="v")
            self.v.assign_add(1.0)
            return self.v * x

    outcomes, blob = building.run_calls(tmp_path, Lazy(), [("scale", [np.float32(2)]), ("scale", [np.float32(2)])])
    assert [o.results[0].item() for o in outcomes] == [8.0, 10.0]
    assert read_state(blob)["v"] == 5


def test_initial_values_that_depend_on_arguments_are_an_error(tmp_path):
    held = []

    @tf.function
    def f(x):
        if not held:
            held.append(tf.Variable(x))
        return held[0] + x

    concrete = f.get_concrete_function(tf.TensorSpec([2]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="first values depend on its arguments"):
        compile({"f": concrete}, tmp_path / "f.o")


def test_module_becomes_one_entry_for_each_method(tmp_path):
    class M(tf.Module):
        def __init__(self):
            super().__init__()
            self.v = tf.Variable([1.0, 2.0], name="v")

        @tf.function(input_signature=[])
        def read(self):
            return self.v.read_value()

        @tf.function(input_signature=[tf.TensorSpec([2])])
        def write(self, x):
            self.v.assign(x)

        @tf.function
        def without_signature(self, x):
            return x

    artifact = compile(M(), tmp_path / "m.o")
    assert [e.name for e in artifact.entries] == ["read", "write"]
    assert [e.written for e in artifact.entries] == [(), ("v",)]


def test_saved_model_becomes_an_artefact(tmp_path):
    class M(tf.Module):
        def __init__(self):
            super().__init__()
            self.v = tf.Variable([1.0, 2.0], name="v")

        @tf.function(input_signature=[tf.TensorSpec([2])])
        def add(self, x):
            return self.v.assign_add(x).read_value()

    tf.saved_model.save(M(), tmp_path / "saved")
    loaded = tf.saved_model.load(tmp_path / "saved")
    outcomes, _ = building.run_calls(tmp_path, loaded, [("add", [np.ones(2, np.float32)])] * 2)
    np.testing.assert_array_equal(outcomes[1].results[0], [3, 4])


def test_random_numbers_have_a_state(tmp_path):
    f = tf.function(lambda: tf.random.uniform([2], seed=5), input_signature=[])
    concrete = f.get_concrete_function()
    outcomes, _ = building.run_calls(tmp_path, {"f": concrete}, [("f", [])] * 2)
    for outcome in outcomes:
        np.testing.assert_array_equal(outcome.results[0], f().numpy())
    assert (outcomes[0].results[0] != outcomes[1].results[0]).any()
