"""`import tfc` loads what every program needs; other namespaces and names are loaded when they are first used."""

import ast
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import tfc as tf


def in_a_new_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_loads_neither_namespaces_nor_the_compiler():
    loaded = set(in_a_new_process("import sys, tfc; print(*sys.modules)").split())
    lazy = {"tfc.data", "tfc.export", "tfc.linear_operators", "tfc.optimizers", "tfc.saved_model"}
    assert not loaded & {*lazy, "mlir.ir", "tfc._compiler", "ssl", "torch", "jax"}


def test_compiling_loads_only_what_the_function_uses(tmp_path):
    (tmp_path / "m.py").write_text("import tfc as tf\n\n\ndef f(x):\n    return tf.tanh(x)\n")
    command = ["m.py:f(float32[4])", "-o", "f.o"]
    code = f"import os, sys; os.chdir({str(tmp_path)!r}); from tfc.export.cli import run; run({command}); print(*sys.modules)"
    loaded = set(in_a_new_process(code).split())
    assert not loaded & {"tfc.data", "tfc.linear_operators", "tfc.optimizers", "tfc.profiler"}
    assert "tfc.ops.image" not in loaded and "mlir.ir" in loaded


def test_every_public_name_is_there_and_listed():
    assert set(tf.__all__) <= set(dir(tf))
    for name in tf.__all__:
        assert getattr(tf, name) is getattr(tf, name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'tfc' has no attribute 'no_such'"):
        tf.no_such  # noqa: B018
    assert not hasattr(tf, "__wrapped__")


def test_checkers_see_the_names_that_are_loaded_later():
    tree = ast.parse(Path(tf.__file__).read_text())
    (block,) = (n for n in tree.body if isinstance(n, ast.If) and getattr(n.test, "id", "") == "TYPE_CHECKING")
    declared = {
        (alias.asname or alias.name): (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert declared == tf._WHERE


@pytest.mark.parametrize("name", ["searchsorted", "unique", "add"])
def test_functions_survive_pickling(name):
    function = getattr(tf, name)
    assert pickle.loads(pickle.dumps(function)) is function


def test_first_use_inside_a_trace():
    code = """
import numpy as np, tfc as tf
f = tf.function(lambda x: (tf.nn.softmax(tf.image.flip_left_right(x)), tf.unique(tf.reshape(tf.signal.fftshift(x), [-1]))[0],
                           tf.linalg.LinearOperatorDiag(x[0, 0]).to_dense()))
a = f(tf.ones([2, 3, 4]))
print([t.shape.as_list() for t in a], [t.shape.as_list() for t in f(tf.zeros([1, 3, 4]))], len(f._concretes))
"""
    assert in_a_new_process(code) == "[[2, 3, 4], [1], [4, 4]] [[1, 3, 4], [1], [4, 4]] 2"


@pytest.mark.parametrize("name", ["image", "linalg", "math", "nn", "random", "signal", "sets", "strings"])
def test_namespaces_show_names_of_the_api_only(name):
    assert "publish" not in dir(getattr(tf, name))
