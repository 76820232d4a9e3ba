"""Small programs as users write them, each with the output that TensorFlow 2 gives.

`programs/<topic>.txt` holds them: a line `#--- name`, the program, a line `#===`, and what it prints (standard output
and error together). `better.txt` has programs that TensorFlow refuses, or gives another value than Python would.
"""

import collections
import contextlib
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import reading
import tfc as tf

FOLDER = Path(__file__).parent / "programs"


def _programs():
    for path in sorted(FOLDER.glob("*.txt")):
        for part in re.split(r"^#--- *", path.read_text(), flags=re.M)[1:]:
            name, rest = part.split("\n", 1)
            program, expected = rest.split("\n#===\n")
            yield pytest.param(program + "\n", expected, id=f"{path.stem}-{name}")


@contextlib.contextmanager
def _one_stream():
    """Standard error goes to standard output, so that the order of lines counts."""
    saved = os.dup(2)
    sys.stdout.flush()
    os.dup2(1, 2)
    try:
        with contextlib.redirect_stderr(sys.stdout):
            yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


@pytest.mark.parametrize(("program", "expected"), list(_programs()))
def test_program(program, expected, tmp_path, capfd, caplog, monkeypatch):
    caplog.set_level(logging.ERROR)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "program.py"
    path.write_text(program)
    if "experimental_enable_numpy_behavior" in program:
        _agree(_output_alone(path), expected)
        return
    space = {
        "__name__": "program",
        "__file__": str(path),
        **{n: getattr(reading, n) for n in ("show", "raises", "attempt")},
        **{"np": np, "collections": collections, "tf": tf, "sys": sys},
    }
    with _one_stream():
        try:
            exec(compile(program, str(path), "exec"), space)
        finally:
            tf.config.run_functions_eagerly(False)
    _agree(capfd.readouterr().out, expected)


def _agree(output, expected):
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    assert lines == [line for line in expected.splitlines() if line.strip()]


def _output_alone(path) -> str:
    """What a program prints that changes tensors for the whole process: it has one of its own."""
    prelude = "import sys, collections; sys.path.insert(0, sys.argv[2]); import numpy as np, tfc as tf; from reading import *; "
    code = prelude + "exec(compile(open(sys.argv[1]).read(), sys.argv[1], 'exec'))"
    command = [sys.executable, "-c", code, str(path), str(Path(__file__).parent)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
