# ruff: noqa: F821 (lit defines `config`)
"""lit configuration: `lit test` runs all .mlir tests, with the tools of the development build."""

import importlib.util
import os
from pathlib import Path

import lit.formats

root = Path(__file__).resolve().parents[1]
llvm = Path(next(iter(importlib.util.find_spec("llvm").submodule_search_locations)))

config.name = "tfc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.test_source_root = str(root / "test")
config.test_exec_root = os.environ.get("TFC_LIT_OUTPUTS", str(root / "build" / "test"))
config.excludes = ["python", "Inputs"]
config.environment["PATH"] = os.pathsep.join(
    [os.environ.get("TFC_BIN", str(root / "python" / "tfc" / "bin")), str(llvm / "bin"), os.environ["PATH"]]
)
