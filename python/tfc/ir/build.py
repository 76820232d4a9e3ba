"""Which build of the compiler this is, and for which processor it makes code: a part of the key of all that is kept."""

import functools
import os

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
    package = os.path.dirname(_native.__file__)
    return _native.processor() + kept.digest_of([*library_paths(), *(os.path.join(package, room) for room in _ROOMS)])
