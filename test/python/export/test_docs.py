"""The first section of `docs/aot.md`, word for word: its files are written, its commands are run."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import building
import pytest

DOCS = Path(__file__).parents[3] / "docs" / "aot.md"
FILES = {"python": "model.py", "c": "main.c"}


def blocks():
    section = DOCS.read_text().split("## Five minutes")[1].split("\n## ")[0]
    return re.findall(r"```(\w*)\n(.*?)```", section, re.S)


@pytest.fixture
def commands(tmp_path):
    """The environment of a shell that has the package's commands, as an installation puts them there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, module in (("tfc-compile", "cli"), ("tfc-run", "run")):
        script = folder / name
        script.write_text(f"#!{sys.executable}\nfrom tfc.export.{module} import main\nmain()\n")
        script.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def test_from_a_python_function_to_programs_on_two_machines(tmp_path, commands):
    building.AARCH64.require()
    start, printed = time.monotonic(), []
    for language, content in blocks():
        if language in FILES:
            (tmp_path / FILES[language]).write_text(content)
            continue
        done = subprocess.run(
            content, shell=True, cwd=tmp_path, env=commands, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{content}\n{done.stderr}"
        printed += [line for line in done.stdout.splitlines() if re.fullmatch(r"-?[0-9.e-]+", line)]
    assert printed == ["0", "0"]  # of zeros
    assert time.monotonic() - start < 300
