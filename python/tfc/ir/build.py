"""Which build of the compiler this is, and for which processor it makes code: a part of the key of all that is kept."""

import functools

from tfc.config import kept
from tfc.ir.lazy import compiler, library_paths


@functools.cache
def build() -> bytes:
    """The processor, and the libraries by size and time."""
    return "\n".join(compiler.host()).encode() + b"\n" + kept.stamp(library_paths())
