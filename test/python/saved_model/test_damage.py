"""Files that are damaged in any way are errors of ours: never another exception, never the end of the process."""

import contextlib
import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tfc as tf
from tfc.commands import path as tool
from tfc.export.sources import read_mlir


class Model(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(np.ones((3, 2), np.float32), name="w")
        self.parts = [tf.Variable(1.0), {"n": tf.Variable(2)}]

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def f(self, x):
        return tf.nn.softmax(x @ self.w)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damage")
    model = Model()
    tf.saved_model.save(model, folder / "model", signatures={"serving_default": model.f})
    tf.train.Checkpoint(model=model).save(folder / "ckpt")
    tf.export.compile(model, folder / "unit.o", emit="object,shared,mlir")
    command = [tool("tfc-opt"), folder / "unit.mlir", "--emit-bytecode", "-o", folder / "unit.mlirbc"]
    subprocess.run(command, check=True)
    return folder


def parts_of(value, path=()):
    """The path of everything in a JSON value."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, (dict, list)):
            yield from parts_of(inner, (*path, key))


@pytest.mark.parametrize("damage", ["removed", "null", "negative", "text"])
def test_any_part_of_the_index_may_be_wrong(folder, damage):
    file = folder / "model" / "saved_model.json"
    content = file.read_text()
    try:
        for path in list(parts_of(json.loads(content))):
            index = json.loads(content)
            holder = index
            for key in path[:-1]:
                holder = holder[key]
            if damage == "removed":
                del holder[path[-1]]
            else:
                holder[path[-1]] = {"null": None, "negative": -7, "text": "?"}[damage]
            file.write_text(json.dumps(index))
            with contextlib.suppress(tf.errors.OpError, OSError):
                tf.saved_model.load(folder / "model")
    finally:
        file.write_text(content)


def test_an_index_of_another_kind_is_refused(folder, tmp_path):
    (tmp_path / "saved_model.json").write_text("[1, 2]")
    with pytest.raises(tf.errors.DataLossError):
        tf.saved_model.load(tmp_path)


def test_a_state_file_of_checkpoints_that_cannot_be_read_says_so(tmp_path):
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "ckpt-1\n')
    with pytest.raises(tf.errors.DataLossError, match="is damaged"):
        tf.train.latest_checkpoint(tmp_path)


FLIPPING = """
    import random, sys
    from pathlib import Path
    import numpy as np
    import tfc as tf
    from tfc.export.mlir_code import load_mlir
    from tfc.export.sources import read_mlir

    kind, file = sys.argv[1], Path(sys.argv[2])
    folder, x = file.parent, np.ones((2, 3), np.float32)
    while not (folder / "unit.o").exists():
        folder = folder.parent
    uses = {
        "model": lambda: tf.saved_model.load(folder / "model").f(x),
        "checkpoint": lambda: tf.train.load_checkpoint(str(file)),
        "state": lambda: tf.export.read_state(file),
        "mlir": lambda: load_mlir(read_mlir(file)),
        "manifest": lambda: tf.export.load(folder / "unit.json"),
        "code": lambda: tf.export.load(file).f(x),
    }
    content, random = file.read_bytes(), random.Random(3)
    for number in range(12):
        damaged = bytearray(content)
        for _ in range(1 + number % 3):
            damaged[random.randrange(len(damaged))] = random.randrange(256)
        file.write_bytes(damaged if number % 4 else damaged[: random.randrange(len(damaged))])
        try:
            uses[kind]()
        except (tf.errors.OpError, OSError, ValueError) as e:
            assert str(e)
    file.write_bytes(content)
"""


@pytest.mark.parametrize(
    "kind, pattern",
    [
        ("model", "model/**/*.mlirbc"),  # whose reader aborts on some bytes
        ("model", "model/**/*.safetensors"),
        ("checkpoint", "ckpt-1.safetensors"),
        ("state", "ckpt-1.safetensors"),
        ("mlir", "unit.mlir"),
        ("mlir", "unit.mlirbc"),
        ("manifest", "unit.json"),
        ("code", "unit.so"),
        ("code", "unit.o"),
    ],
)
def test_damaged_bytes_are_an_error_and_no_crash(folder, kind, pattern):
    file = next(iter(folder.glob(pattern)))
    command = [sys.executable, "-c", textwrap.dedent(FLIPPING), kind, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_library_that_its_owner_changed_can_be_loaded(folder, tmp_path):
    for name in ("unit.so", "unit.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with (tmp_path / "unit.so").open("ab") as file:
        file.write(b"a signature")
    with pytest.raises(tf.errors.DataLossError, match="is damaged, or was changed"):
        tf.export.load(tmp_path / "unit.so")
    loaded = tf.export.load(tmp_path / "unit.so", verify=False)
    assert loaded.f(np.ones((2, 3), np.float32)).shape == (2, 2)


def test_a_manifest_with_other_sizes_is_refused(folder, tmp_path):
    text = (folder / "unit.json").read_text()
    assert '"arena_bytes"' in text
    (tmp_path / "unit.json").write_text(text.replace("float32", "float64"))
    with pytest.raises(tf.errors.DataLossError, match="it was changed after it was written"):
        tf.export.load(tmp_path / "unit.json")


def test_mlir_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "x.mlir").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="neither MLIR text nor"):
        read_mlir(tmp_path / "x.mlir")
