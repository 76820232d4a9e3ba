"""Bytecode that somebody gives us: a file of unknown origin, which MLIR's reader may not survive."""

from __future__ import annotations

import subprocess

from tfc.commands import path as tool
from tfc.errors import page


def reread(content: bytes, name: str) -> bytes:
    """The same module as bytecode that can be read in this process: `tfc-opt` reads `content`, checks and writes it.

    Raises:
        ValueError: it is damaged, or does not verify.
        FileNotFoundError: `tfc-opt` is missing.
    """
    program = tool("tfc-opt")
    if not program.exists():
        raise FileNotFoundError(
            page(f"{program} is missing, which reads bytecode", fix="reinstall tfc, or use MLIR text")
        )
    done = subprocess.run([program, "-", "--emit-bytecode", "-o", "-"], input=content, capture_output=True, check=False)
    if done.returncode == 0 and done.stdout:
        return done.stdout
    lines = [line.removeprefix("<stdin>: ") for line in done.stderr.decode(errors="replace").splitlines()]
    reason = next((line.split("error: ", 1)[1] for line in lines if "error: " in line), "its reader fails on it")
    raise ValueError(
        page(f"{name} cannot be read: {reason}", fix="write it again, for instance with tfc-opt --emit-bytecode")
    )
