"""Lets `pytest test` collect the .mlir tests: each is one item that runs lit's RUN lines.

`lit test` does the same; here they share markers, selection and reports with the Python tests.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# A continuous-integration run tests the same examples every time; a slow machine is no failure anywhere.
settings.register_profile("development", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "development")

ROOT = Path(__file__).resolve().parents[1]
# Tests compile what they test; those of the cache name a directory of their own.
os.environ.setdefault("TFC_CACHE_DIR", "off")
TOOLS = [ROOT / "python" / "tfc" / "bin"]


def _find_tool(name):
    """The program, in the source tree (development build) or in the installed package."""
    places = list(TOOLS)
    if os.environ.get("TFC_BIN"):
        places.insert(0, Path(os.environ["TFC_BIN"]))
    spec = importlib.util.find_spec("tfc")
    if spec and spec.submodule_search_locations:
        places += [Path(place) / "bin" for place in spec.submodule_search_locations]
    return next((place / name for place in places if (place / name).exists()), None)


@pytest.fixture(scope="session")
def tfc_opt():
    """The path of tfc-opt."""
    tool = _find_tool("tfc-opt")
    if tool is None:
        pytest.skip("tfc-opt is not built: run scripts/build tfc-opt")
    return tool


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".mlir" and "RUN:" in file_path.read_text(encoding="utf-8"):
        return LitFile.from_parent(parent, path=file_path)
    return None


class LitFile(pytest.File):
    def collect(self):
        yield LitItem.from_parent(self, name="lit")


class LitFailure(Exception):
    """lit's report of a test that failed."""


class LitItem(pytest.Item):
    """One .mlir file, run by lit."""

    def runtest(self):
        tool = _find_tool("tfc-opt")
        if tool is None:
            pytest.skip("tfc-opt is not built: run scripts/build tfc-opt")
        command = [sys.executable, "-c", "from lit.main import main; main()", "-v", str(self.path)]
        # Outputs and lit's record of times in a directory of this test: processes side by side would spoil each other's.
        with tempfile.TemporaryDirectory() as outputs:
            environment = {**os.environ, "TFC_BIN": str(tool.parent), "TFC_LIT_OUTPUTS": outputs}
            run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
        if run.returncode:
            raise LitFailure(run.stdout + run.stderr)

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, LitFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, 0, str(self.path.relative_to(ROOT))
