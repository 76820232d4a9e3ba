"""`tf.saved_model`: what was saved works like the original, without its source."""

import collections
import gc
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import tfc as tf

SPEC = tf.TensorSpec
Pair = collections.namedtuple("Pair", "a b")


class Model(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable([1.0, 2.0], name="w")
        self.count = tf.Variable(0, trainable=False, name="count")
        self.parts = [tf.Variable(1.0, name="p"), {"inner": tf.Module()}, (tf.Variable(2.0),)]
        self.parts[1]["inner"].shared = self.w
        self.table = tf.constant(np.arange(500, dtype=np.float32))

    @tf.function
    def __call__(self, x, training=False):
        self.count.assign_add(1)
        return self.w * x + (1.0 if training else 0.0)

    @tf.function(input_signature=[SPEC([None], tf.float32)])
    def double(self, x):
        return x * 2.0

    @tf.function
    def look(self, i):
        return tf.gather(self.table, i)

    @tf.function
    def nested(self, p, options):
        return {"sum": p.a + p.b, "rest": (options["k"], None)}

    @tf.function
    def loop(self, n):
        total = tf.constant(0.0)
        for i in tf.range(n):
            total += tf.cast(i, tf.float32) * self.parts[0]
        return total

    @tf.function
    def cube(self, x):
        @tf.custom_gradient
        def f(x):
            return x**3.0, lambda dy: dy * 100.0

        return f(x) * 2.0


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    model = Model()
    x = tf.constant([1.0, 1.0])
    model(x), model(x, training=True), model(tf.constant([[1.0, 2.0]] * 3))
    model.look(tf.constant(1)), model.loop(tf.constant(3)), model.cube(tf.constant(2.0))
    model.nested(Pair(tf.constant(1.0), tf.constant(2.0)), {"k": tf.constant(3)})
    folder = tmp_path_factory.mktemp("saved") / "model"
    tf.saved_model.save(
        model, folder, signatures={"double": model.double, "call": model.__call__.get_concrete_function(x)}
    )
    return model, folder


@pytest.fixture
def loaded(saved):
    return tf.saved_model.load(saved[1])


def test_values_and_attributes(loaded):
    np.testing.assert_array_equal(loaded.w.numpy(), [1, 2])
    assert loaded.count.numpy() == 3
    assert loaded.parts[0].numpy() == 1 and loaded.parts[2][0].numpy() == 2
    assert isinstance(loaded.parts, list) and isinstance(loaded.parts[2], tuple)


def test_shared_objects_stay_shared(loaded):
    assert loaded.parts[1]["inner"].shared is loaded.w


def test_trainable_flags_and_names(loaded):
    assert [v.name for v in loaded.trainable_variables if v.name == "w:0"] == ["w:0"]
    assert not loaded.count.trainable and loaded.count.name == "count:0"


def test_every_saved_trace_is_called(loaded):
    x = tf.constant([3.0, 3.0])
    np.testing.assert_array_equal(loaded(x).numpy(), [3, 6])
    np.testing.assert_array_equal(loaded(x, training=True).numpy(), [4, 7])
    np.testing.assert_array_equal(loaded(x, True).numpy(), [4, 7])
    assert loaded(tf.ones([3, 2])).shape == (3, 2)
    assert loaded.count.numpy() == 7


def test_functions_write_the_loaded_variables(loaded, saved):
    before = saved[0].count.numpy()
    loaded(tf.constant([1.0, 1.0]))
    assert loaded.count.numpy() == 4 and saved[0].count.numpy() == before


def test_other_types_find_no_trace(loaded):
    with pytest.raises(
        ValueError, match=r"Could not find matching concrete function to call loaded from the SavedModel. Got:"
    ):
        loaded(tf.constant([1, 2]))
    with pytest.raises(ValueError, match="Expected one of the following 3 option"):
        loaded(tf.ones([7]))
    with pytest.raises(ValueError, match="Could not find matching"):
        loaded(tf.constant([1.0, 1.0]), training=3)
    with pytest.raises(ValueError, match="Could not find matching"):
        loaded(tf.constant([1.0, 1.0]), 1, 2)


def test_python_values_are_converted(loaded):
    np.testing.assert_array_equal(loaded([1.0, 2.0]).numpy(), [1, 4])
    np.testing.assert_array_equal(loaded.double([1.0, 2.0, 3.0]).numpy(), [2, 4, 6])
    assert loaded.look(7).numpy() == 7


def test_captured_tensors_are_there(loaded):
    assert loaded.look(tf.constant(499)).numpy() == 499


def test_loops_run(loaded):
    assert loaded.loop(tf.constant(5)).numpy() == 10


def test_structures_of_arguments_and_results(loaded):
    result = loaded.nested(Pair(tf.constant(5.0), tf.constant(6.0)), {"k": tf.constant(1)})
    assert result["sum"].numpy() == 11 and result["rest"][0].numpy() == 1 and result["rest"][1] is None


def test_signatures_take_names_and_return_dicts(loaded):
    assert sorted(loaded.signatures) == ["call", "double"]
    signature = loaded.signatures["double"]
    result = signature(x=tf.constant([4.0]))
    assert list(result) == ["output_0"] and result["output_0"].numpy() == [8]
    assert signature.structured_input_signature == ((), {"x": SPEC([None], tf.float32, name="x")})
    assert signature.structured_outputs == {"output_0": SPEC([None], tf.float32, name="output_0")}


def test_signature_with_wrong_names_is_an_error(loaded):
    with pytest.raises(TypeError, match="missing or unexpected"):
        loaded.signatures["double"](y=tf.constant([1.0]))
    with pytest.raises(TypeError, match="missing or unexpected"):
        loaded.signatures["double"]()


def test_gradients_of_loaded_functions(loaded):
    x = tf.constant([3.0, 4.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(loaded(x))
    np.testing.assert_array_equal(tape.gradient(y, loaded.w).numpy(), [3, 4])
    with tf.GradientTape() as tape:
        y = loaded.loop(tf.constant(4))
    assert tape.gradient(y, loaded.parts[0]).numpy() == 6


def test_custom_gradients_are_kept(loaded):
    x = tf.constant(2.0)

    @tf.function
    def outer(x):
        return loaded.cube(x) + 1.0

    @tf.function
    def inner(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = loaded.cube(x)
        return tape.gradient(y, x)

    for f in (loaded.cube, outer):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        assert tape.gradient(y, x).numpy() == 200
    assert inner(x).numpy() == 200
    assert loaded.cube(x).numpy() == 16


def test_loaded_functions_are_called_in_functions(loaded):
    @tf.function
    def outer(x):
        return loaded(x) + loaded.double(x)

    np.testing.assert_array_equal(outer(tf.constant([1.0, 1.0])).numpy(), [3, 4])
    assert loaded.count.numpy() == 4


def test_two_loads_do_not_mix(saved):
    a, b = tf.saved_model.load(saved[1]), tf.saved_model.load(saved[1])

    @tf.function
    def both(x):
        return a.double(x) + b.double(x), a(x) - b(x)

    a.w.assign([10.0, 10.0])
    doubled, difference = both(tf.constant([1.0, 1.0]))
    np.testing.assert_array_equal(doubled.numpy(), [4, 4])
    np.testing.assert_array_equal(difference.numpy(), [9, 8])


def test_a_function_outlives_the_loaded_object(saved):
    function = tf.saved_model.load(saved[1]).__call__
    signature = tf.saved_model.load(saved[1]).signatures["call"]
    gc.collect()
    np.testing.assert_array_equal(signature(x=tf.constant([1.0, 1.0]))["output_0"].numpy(), [1, 2])
    np.testing.assert_array_equal(function(tf.constant([1.0, 1.0])).numpy(), [1, 2])


def test_loaded_models_are_saved_again(loaded, tmp_path):
    loaded(tf.constant([1.0, 1.0]))
    tf.saved_model.save(loaded, tmp_path / "again", signatures=loaded.signatures)
    again = tf.saved_model.load(tmp_path / "again")
    assert again.count.numpy() == 4
    np.testing.assert_array_equal(again(tf.constant([1.0, 1.0]), training=True).numpy(), [2, 3])
    assert again.signatures["double"](x=tf.constant([1.0]))["output_0"].numpy() == [2]
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = again.cube(x)
    assert tape.gradient(y, x).numpy() == 200


def test_loaded_models_are_checkpointed(loaded, tmp_path):
    loaded.w.assign([7.0, 7.0])
    path = tf.train.Checkpoint(loaded).write(tmp_path / "c")
    loaded.w.assign([0.0, 0.0])
    tf.train.Checkpoint(loaded).read(path).assert_consumed()
    np.testing.assert_array_equal(loaded.w.numpy(), [7, 7])


def test_another_process_loads_it_without_the_source(saved):
    script = """
    import sys, tfc as tf
    m = tf.saved_model.load(sys.argv[1])
    print(m(tf.constant([1., 1.])).numpy(), m.look(tf.constant(3)).numpy(), m.signatures["double"](x=tf.constant([2.]))["output_0"].numpy())
    x = tf.constant(2.0)
    with tf.GradientTape() as t:
        t.watch(x)
        y = m.cube(x)
    print(t.gradient(y, x).numpy())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), saved[1]], capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["[1. 2.] 3.0 [4.]", "200.0"], done.stderr


def test_compiled_code_is_used_on_its_machine(tmp_path):
    m = tf.Module()
    m.v = tf.Variable(2.0)
    m.f = tf.function(lambda x: x * m.v, input_signature=[SPEC([3])])
    options = tf.saved_model.SaveOptions(targets=("native", "aarch64-linux-gnu:cortex-a72"))
    tf.saved_model.save(m, tmp_path / "m", options=options)
    assert len(list(tmp_path.glob("m/data-*/functions/*.o"))) == 2
    loaded = tf.saved_model.load(tmp_path / "m")
    used = []
    concrete = loaded.f.get_concrete_function(SPEC([3]))
    stored = concrete.stored
    concrete.stored = lambda: used.append(stored()) or used[-1]
    np.testing.assert_array_equal(loaded.f(tf.ones([3])).numpy(), [2, 2, 2])
    assert used[0] is not None


def test_code_for_other_machines_is_passed_over(tmp_path):
    m = tf.Module()
    m.f = tf.function(lambda x: x + 1.0, input_signature=[SPEC([3])])
    tf.saved_model.save(m, tmp_path / "m", options=tf.saved_model.SaveOptions(targets=("aarch64-linux-gnu",)))
    assert tf.saved_model.load(tmp_path / "m").f(tf.ones([3])).numpy()[0] == 2


def test_unknown_sizes_stay_unknown(tmp_path):
    m = tf.Module()
    m.f = tf.function(lambda x: tf.reduce_sum(x, axis=1), input_signature=[SPEC([None, None])])
    tf.saved_model.save(m, tmp_path / "m")
    f = tf.saved_model.load(tmp_path / "m").f
    for shape in ((2, 3), (0, 4), (5, 1)):
        assert f(tf.ones(shape)).shape == shape[:1]


def test_single_signature_has_the_default_name(tmp_path):
    m = tf.Module()
    m.f = tf.function(lambda x: {"y": x, "z": x + 1.0}, input_signature=[SPEC([], name="given")])
    tf.saved_model.save(m, tmp_path / "m", signatures=m.f)
    signatures = tf.saved_model.load(tmp_path / "m").signatures
    assert list(signatures) == [tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY] == ["serving_default"]
    result = signatures["serving_default"](given=tf.constant(1.0))
    assert {k: v.numpy() for k, v in result.items()} == {"y": 1, "z": 2}


def test_saving_replaces_what_was_there(tmp_path):
    m = tf.Module()
    m.v = tf.Variable(1)
    tf.saved_model.save(m, tmp_path / "m")
    m.v.assign(2)
    tf.saved_model.save(m, tmp_path / "m")
    assert tf.saved_model.load(tmp_path / "m").v.numpy() == 2
    assert len(list((tmp_path / "m").iterdir())) == 2


def test_assets_are_copied(tmp_path):
    (tmp_path / "words.txt").write_text("hello")
    m = tf.Module()
    m.words = tf.saved_model.Asset(tmp_path / "words.txt")
    tf.saved_model.save(m, tmp_path / "m")
    (tmp_path / "words.txt").unlink()
    loaded = tf.saved_model.load(tmp_path / "m")
    assert Path(loaded.words.asset_path).read_text() == "hello"


def test_untraced_function_is_loaded_but_not_callable(tmp_path):
    m = tf.Module()
    m.f = tf.function(lambda x: x)
    tf.saved_model.save(m, tmp_path / "m")
    with pytest.raises(ValueError, match="Found zero restored functions"):
        tf.saved_model.load(tmp_path / "m").f(tf.constant(1.0))


def test_tensor_arrays_are_arguments(tmp_path):
    m = tf.Module()
    m.f = tf.function(lambda a: a.stack() * 2.0, input_signature=[tf.TensorArraySpec([2])])
    tf.saved_model.save(m, tmp_path / "m")
    array = tf.TensorArray(tf.float32, size=2, element_shape=[2]).unstack([[1.0, 2.0], [3.0, 4.0]])
    assert tf.saved_model.load(tmp_path / "m").f(array).numpy().tolist() == [[2, 4], [6, 8]]


def test_random_ops_go_on_where_they_were(tmp_path):
    m = tf.Module()
    m.f = tf.function(lambda: tf.random.uniform([3], seed=5), input_signature=[])
    m.f()
    tf.saved_model.save(m, tmp_path / "m")
    f = tf.saved_model.load(tmp_path / "m").f
    for _ in range(3):
        np.testing.assert_array_equal(f().numpy(), m.f().numpy())


def test_trace_that_calls_python_is_left_out_with_a_warning(tmp_path, caplog):
    m = tf.Module()
    m.f = tf.function(lambda x: tf.py_function(lambda v: v, [x], tf.float32), input_signature=[SPEC([2])])
    try:
        tf.saved_model.save(m, tmp_path / "m")
    except NotImplementedError:
        pytest.skip("functions of the host cannot be traced in this build")
    assert "py_function" in caplog.text
    with pytest.raises(ValueError, match="zero restored functions"):
        tf.saved_model.load(tmp_path / "m").f(tf.ones([2]))


# Errors of saving.


def test_untraced_function_as_signature_is_an_error(tmp_path):
    m = tf.Module()
    m.f = tf.function(lambda x: x)
    with pytest.raises(ValueError, match="Only `tf.functions` with an input signature or concrete functions"):
        tf.saved_model.save(m, tmp_path / "m", signatures=m.f)
    with pytest.raises(ValueError, match="Expected a TensorFlow function"):
        tf.saved_model.save(m, tmp_path / "m", signatures=lambda x: x)


@pytest.mark.parametrize("result", [lambda x: {"a": [x]}, lambda x: [x, (x,)]], ids=["dict", "list"])
def test_nested_results_of_a_signature_are_an_error(tmp_path, result):
    m = tf.Module()
    m.f = tf.function(result, input_signature=[SPEC([])])
    with pytest.raises(ValueError, match="non-flat outputs"):
        tf.saved_model.save(m, tmp_path / "m", signatures=m.f)


def test_saving_in_a_function_is_an_error(tmp_path):
    m = tf.Module()

    @tf.function
    def f():
        tf.saved_model.save(m, tmp_path / "m")
        return 1

    with pytest.raises(AssertionError, match="tf.saved_model.save is not supported inside a traced @tf.function"):
        f()


def test_untracked_variable_is_an_error(tmp_path):
    m = tf.Module()
    hidden = tf.Variable(1.0, name="hidden")
    m.f = tf.function(lambda x: x * hidden, input_signature=[SPEC([])])
    with pytest.raises(AssertionError, match="(?s)references an 'untracked' resource.*hidden"):
        tf.saved_model.save(m, tmp_path / "m")


def test_what_is_no_object_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="Expected an object of type `Trackable`"):
        tf.saved_model.save(3, tmp_path / "m")


# Errors of loading.


def test_missing_folder_is_an_error(tmp_path):
    assert not tf.saved_model.contains_saved_model(tmp_path)
    with pytest.raises(OSError, match="SavedModel file does not exist at"):
        tf.saved_model.load(tmp_path / "none")


@pytest.mark.parametrize("damage", ["index", "format", "variables", "trace", "missing"])
def test_damaged_model_is_data_loss(tmp_path, damage):
    m = tf.Module()
    m.v = tf.Variable([1.0])
    m.f = tf.function(lambda x: x + m.v, input_signature=[SPEC([1])])
    tf.saved_model.save(m, tmp_path / "m")
    index = tmp_path / "m" / "saved_model.json"
    (data,) = (tmp_path / "m").glob("data-*")
    if damage == "index":
        index.write_text(index.read_text()[:-20])
    elif damage == "format":
        index.write_text(json.dumps({**json.loads(index.read_text()), "format": 99}))
    elif damage == "missing":
        (data / "functions" / "0.mlirbc").unlink()
    else:
        file = data / ("variables/variables.safetensors" if damage == "variables" else "functions/0.mlirbc")
        content = bytearray(file.read_bytes())
        content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
        file.write_bytes(content)
    with pytest.raises(tf.errors.DataLossError):
        tf.saved_model.load(tmp_path / "m")


def test_string_variables_and_captured_strings(tmp_path):
    class Names(tf.Module):
        def __init__(self):
            super().__init__()
            self.names = tf.Variable([b"\xff", b""], name="names")
            self.suffix = tf.constant(b"\xfe\x00")

        @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
        def joined(self, x):
            return tf.strings.join([self.names, x, self.suffix])

        @tf.function(input_signature=[tf.TensorSpec([2], tf.string)])
        def set(self, x):
            self.names.assign(x)
            return self.names.read_value()

    tf.saved_model.save(Names(), tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    assert loaded.joined(tf.constant("!")).numpy().tolist() == [b"\xff!\xfe\x00", b"!\xfe\x00"]
    loaded.set(tf.constant([b"1", b"2"]))
    assert loaded.names.dtype == tf.string and loaded.names.numpy().tolist() == [b"1", b"2"]
