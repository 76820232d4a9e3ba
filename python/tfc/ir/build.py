"""Which build of the compiler this is, and for which processor it makes code: a part of the key of all that is kept."""

import functools
import os
from pathlib import Path

from tfc import _native
from tfc.config import kept
from tfc.ir.lazy import library_paths

# Rooms of which it depends what a trace means, and what is made of it. What others do is in the trace.
_ROOMS = "ir", "ir/dialects", "tracing", "compiler"


@functools.cache
def build() -> bytes:
    """The processor, and what is in the compiler's libraries and in our sources around it. The compiler is not loaded
    for that.
    """
    package = Path(_native.__file__).parent
    sources = [e.path for room in _ROOMS for e in os.scandir(package / room) if e.name.endswith(".py")]
    return _native.processor() + kept.digest_of([*library_paths(), *sorted(sources)])
