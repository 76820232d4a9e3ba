"""What tfc-compile and tfc-run take and print."""

import json
import subprocess

import building
import numpy as np
import pytest
import tfc as tf
from tfc.export import cli
from tfc.export import run as runner

MODEL = """
import tfc as tf

@tf.function
def add(x, y, negate=False):
    return -(x + y) if negate else x + y

def plain(x):
    return x * 2.0

class Counter(tf.Module):
    def __init__(self, start=5):
        super().__init__()
        self.n = tf.Variable(start, name="n")
    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
    def step(self, k):
        return self.n.assign_add(k).read_value()
    @tf.function(input_signature=[])
    def read(self):
        return self.n.read_value()
    @tf.function
    def scaled(self, x):
        return x * tf.cast(self.n, tf.float32)

counter = Counter()
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def entries(name):
    manifest = json.loads(building.Path(name).with_suffix(".json").read_text())
    return {e["name"]: [a["shape"] for a in e["arguments"]] for e in manifest["entries"]}


def test_specs_in_parentheses(model):
    cli.run(["model.py:add(float32[2], float32[2], negate=True)", "-o", "a.o", "-q"])
    assert entries("a.o") == {"add": [[2], [2]]}
    assert tf.export.load("a.o").add([1.0, 2.0], [1.0, 1.0]).numpy().tolist() == [-2, -3]


def test_spec_options_with_names_and_values(model):
    cli.run(
        [
            "model.py:add",
            "--spec",
            "x:float32[?,3]",
            "--spec",
            "float32[3]",
            "--spec",
            "negate=False",
            "-o",
            "a.o",
            "-q",
        ]
    )
    assert entries("a.o") == {"add": [[None, 3], [3]]}


def test_every_trace_of_a_function_is_an_entry(model, tmp_path):
    f = tf.function(lambda x: x + x)
    f(tf.constant(1)), f(tf.constant([1.0, 2.0]))
    artifact = tf.export.compile({"f": f}, "f.o")
    assert [(e.name, e.arguments[0].text()) for e in artifact.entries] == [("f", "int32[]"), ("f_1", "float32[2]")]


def test_function_that_calls_python_is_refused(model):
    f = tf.function(lambda x: tf.py_function(lambda v: v, [x], tf.float32), input_signature=[tf.TensorSpec([2])])
    try:
        concrete = f.get_concrete_function()
    except NotImplementedError:
        pytest.skip("functions of the host cannot be traced in this build")
    with pytest.raises(tf.errors.InvalidArgumentError, match="not there without Python"):
        tf.export.compile({"f": concrete}, "f.o")


def test_plain_function_is_traced(model):
    cli.run(["model.py:plain(float32[2])", "-o", "p.o", "-q"])
    assert tf.export.load("p.o").plain([1.0, 2.0]).numpy().tolist() == [2, 4]


@pytest.mark.parametrize("name", ["counter", "Counter"])
def test_module_gives_all_its_functions_on_one_state(model, name):
    cli.run([f"model.py:{name}", "-o", "c.o", "-q"])
    assert entries("c.o") == {"step": [[]], "read": []}
    loaded = tf.export.load("c.o")
    loaded.step(3)
    assert loaded.read().numpy() == 8 and loaded.state["n"] == 8
    assert loaded.read(state=loaded.new_state()).numpy() == 5


def test_methods_and_entry_names(model):
    cli.run(["up=model.py:counter.step", "model.py:counter.scaled(float32[4])", "-o", "c.o", "-q"])
    assert entries("c.o") == {"up": [[]], "scaled": [[4]]}


def test_saved_model_and_one_of_its_functions(model):
    tf.saved_model.save(runpy_counter(), "saved")
    cli.run(["saved", "-o", "all.o", "-q"])
    assert entries("all.o") == {"read": [], "step": [[]]}
    cli.run(["saved:step", "-o", "one.o", "-q"])
    assert entries("one.o") == {"step": [[]]}


def runpy_counter():
    import runpy

    return runpy.run_path("model.py")["counter"]


@pytest.fixture
def mlir(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    v = tf.Variable(5, name="count")
    f = tf.function(lambda n: v.assign_add(n).read_value(), input_signature=[tf.TensorSpec([], tf.int32)])
    text = f.get_concrete_function().mlir()
    return text.replace('{tfc.name = "count"}', '{tfc.name = "count", tfc.initial = dense<5> : tensor<i32>}')


def test_mlir_file_with_a_variable(mlir, capsys):
    building.Path("m.mlir").write_text(mlir)
    cli.run(["m.mlir", "-o", "m.o", "-q"])
    loaded = tf.export.load("m.o")
    assert [loaded(2).numpy() for _ in range(2)] == [7, 9]
    runner.run(["m.mlir", "--input", "3"])
    assert "= 8" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["func.func @f(", "module {}", "func.func private @g()"])
def test_malformed_mlir_is_an_error(tmp_path, text):
    (tmp_path / "m.mlir").write_text(text)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        cli.run([str(tmp_path / "m.mlir"), "-o", str(tmp_path / "m.o"), "-q"])


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["none.py:f"], "no file"),
        (["model.py"], "FILE.py:NAME"),
        (["model.py:nothing"], "does not define"),
        (["model.py:counter.nothing"], "no attribute"),
        (["model.py:add"], "spec for each argument"),
        (["model.py:counter.step(int32)"], "input_signature"),
        (["model.py:counter.step", "model.py:counter.step"], "two entries"),
        (["model.py:MODEL"], "does not define"),
        (["model.py:add(float32[2],float32[2])", "--emit", "exe"], "no output kind"),
        (["model.py:add(float32[2],float32[2])", "--cpu", "none"], "unknown cpu"),
        (["model.py:add(float32[2],float32[2])", "--features", "+none"], "unknown feature"),
        (["model.py:add(float32[2],float32[2])", "--linker", "no-such-linker", "--emit", "shared"], "no linker"),
    ],
    ids=lambda x: x[0] if isinstance(x, list) else "",
)
def test_errors_name_what_is_wrong(model, arguments, message):
    with pytest.raises((ValueError, TypeError, OSError, tf.errors.OpError)) as caught:
        cli.run([*arguments, "-o", "x.o", "-q"])
    assert message in str(caught.value)
    assert not building.Path("x.o").exists()


def test_several_outputs_at_once(model):
    cli.run(["model.py:plain(float32[2])", "-o", "out/p", "--emit", "object,archive,shared,asm,llvm,mlir", "-q"])
    names = {p.name for p in building.Path("out").iterdir()}
    assert names == {f"p.{s}" for s in ("o", "a", "so", "s", "ll", "mlir", "h", "json", "pc", "cmake")}
    listed = subprocess.run(["nm", "out/p.a"], capture_output=True, text=True, check=True).stdout
    assert "p_plain_entry" in listed


def test_suffix_says_what_to_write(model):
    cli.run(["model.py:plain(float32[2])", "-o", "p.ll", "-q"])
    assert "define" in building.Path("p.ll").read_text()


# tfc-run.


@pytest.fixture
def artefact(model):
    cli.run(["model.py:counter", "model.py:add(float32[?], float32[?])", "-o", "c.so", "-q"])
    return model


def test_run_prints_results(artefact, capsys):
    runner.run(["c.so", "--entry", "add", "--input", "[1,2]", "--input", "y=2xf32=3"])
    assert capsys.readouterr().out == "out: float32[2] = [4. 5.]\n"


def test_run_reads_and_writes_npy(artefact):
    np.save("x.npy", np.arange(3, dtype=np.float32))
    runner.run(["c.so", "--entry", "add", "--input", "x=x.npy", "--input", "y=@x.npy", "--output", "out=r.npy"])
    np.testing.assert_array_equal(np.load("r.npy"), [0, 2, 4])


def test_run_keeps_state_in_a_file(artefact, capsys):
    runner.run(["c.so", "--entry", "step", "--input", "2", "--repeat", "3", "--save-state", "s.safetensors"])
    runner.run(["c.so", "--entry", "read", "--state", "s.safetensors"])
    assert capsys.readouterr().out.splitlines()[-1] == "out: int32[] = 11"


def test_run_measures(artefact, capsys):
    runner.run(["c.so", "--entry", "add", "--input", "4xf32=rand", "--input", "4xf32=iota", "--benchmark"])
    assert "a call" in capsys.readouterr().out


def test_run_lists(artefact, capsys):
    runner.run(["c.so", "--list"])
    out = capsys.readouterr().out
    assert "entry step" in out and "variable n: int32[]" in out and "in  y: float32[?]" in out


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["none.so"], "no file"),
        (["c.so", "--input", "1"], "there is no entry"),
        (["c.so", "--entry", "step"], "inputs are missing for k: int32[]"),
        (["c.so", "--entry", "step", "--input", "1", "--input", "2"], "too many inputs"),
        (["c.so", "--entry", "step", "--input", "[1,2]"], "does not fit"),
        (["c.so", "--entry", "step", "--input", "x y"], "cannot read the input"),
        (["c.so", "--entry", "add", "--input", "rand", "--input", "rand"], "unknown sizes"),
        (["c.so", "--entry", "read", "--output", "z=f.npy"], "no result"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else "",
)
def test_run_errors_name_what_is_wrong(artefact, arguments, message):
    with pytest.raises((ValueError, OSError, tf.errors.OpError)) as caught:
        runner.run(arguments)
    assert message in str(caught.value)


def test_failed_call_shows_message_and_line(artefact):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?s)model\.py"):
        runner.run(["c.so", "--entry", "add", "--input", "[1,2]", "--input", "[1,2,3]"])


def test_a_library_without_its_manifest_is_not_found(artefact):
    building.Path("c.json").unlink()
    with pytest.raises(tf.errors.NotFoundError, match="no manifest"):
        tf.export.load("c.so")
