"""Code in this process: linked by the compiler, loaded without it."""

from tfc._native import LoadedCode
from tfc.ir import compiler


def link(content: bytes) -> bytes:
    """The image of an object file, or of an archive of them. Raises `CompileError`."""
    return compiler.link(content)


def load(content: bytes) -> LoadedCode:
    """The code of an object file, or of an archive of them: `.address(symbol)`. `CompileError` if it cannot be linked,
    `OSError` if not loaded.
    """
    return LoadedCode(link(content))
