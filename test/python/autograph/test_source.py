"""Which text of a file a function is converted from: files are edited while programs run."""

import importlib
import os
import sys

import pytest
import tfc as tf

PROGRAM = """
def first(x):
    if x > 0.0:
        x = x * {0}
    return x

def second(x):
    if x > 0.0:
        x = x + {0}
    return x
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A function that writes the text of the module with another number, and its name."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "edited_program.py"

    def write(number):
        path.write_text(PROGRAM.format(float(number)))
        os.utime(path, (1e9 + number,) * 2)
        importlib.invalidate_caches()

    write(2)
    yield write, path.stem
    sys.modules.pop(path.stem, None)


def run(function):
    return float(tf.function(function)(tf.constant(1.0)))


def test_a_module_that_is_loaded_again_is_converted_from_its_new_text(program):
    write, name = program
    module = importlib.import_module(name)
    assert run(module.first) == 2.0
    for number in (3, 4):
        write(number)
        module = importlib.reload(module)
        assert run(module.first) == number and run(module.second) == number + 1


def test_a_function_that_is_not_loaded_again_is_converted_from_its_old_text(program):
    write, name = program
    module = importlib.import_module(name)
    assert run(module.first) == 2.0
    write(3)
    assert run(module.second) == 3.0
