"""Console scripts of the native tools that the package carries in ``tfc/bin``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_BIN = Path(__file__).resolve().parent.parent / "bin"


def path(name: str) -> Path:
    """The file of the native tool ``name`` ("tfc-opt", "tfc-lsp-server", "tfc-reduce")."""
    return _BIN / name


def _run(name: str) -> None:
    program = path(name)
    if not program.exists():
        sys.exit(f"{name}: {program} is missing; reinstall tfc (pip install --force-reinstall tfc)")
    os.execv(program, [name, *sys.argv[1:]])


def tfc_opt() -> None:
    _run("tfc-opt")


def tfc_lsp_server() -> None:
    _run("tfc-lsp-server")


def tfc_reduce() -> None:
    _run("tfc-reduce")
