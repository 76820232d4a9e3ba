"""Converted code kept on disk, in the compilation cache: the second process parses nothing.

A conversion depends on the code object, on the text of its file (which function of it that is), the options, Python's
version and ours. All of it is in the key.
"""

import functools
import hashlib
import importlib.util
import marshal
import os
import sys
from dataclasses import dataclass

from tfc.config import kept

from . import source

_SUFFIX = ".tfccode"
# Later versions write an object that is there twice as a reference, if it happens to be the same object.
_PLAIN = 2
_digests: dict = {}  # file name -> (its lines, their digest)


@dataclass(frozen=True)
class Key:
    name: str
    lines: list


def key_of(function, code, options) -> Key | None:
    """What names the conversion of a function; None if it is not to be kept."""
    if kept.usable() is None:
        return None
    lines = source.text_of(code, function.__globals__)
    if not lines:
        return None
    try:
        body = marshal.dumps(code, _PLAIN)
    except ValueError:
        return None
    made = hashlib.sha256(_build())
    said = repr((function.__qualname__, options.recursive, sorted(options.features), len(body)))
    made.update(said.encode())
    made.update(body)
    made.update(_digest(code.co_filename, lines))
    return Key(made.hexdigest(), lines)


def read(key: Key | None):
    """The converted code, or None."""
    content = None if key is None else kept.read(key.name + _SUFFIX)
    if content is None:
        return None
    try:
        return marshal.loads(content)
    except (ValueError, EOFError, TypeError):
        return None


def write(key: Key | None, function, code) -> None:
    """Keeps converted code, if the text that it was made from is the one in the key."""
    if key is not None and source.text_of(function.__code__, function.__globals__) is key.lines:
        kept.write(key.name + _SUFFIX, marshal.dumps(code))


def _digest(filename, lines) -> bytes:
    known = _digests.get(filename)
    if known is None or known[0] is not lines:
        known = _digests[filename] = lines, hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).digest()
    return known[1]


@functools.cache
def _build() -> bytes:
    """This version of Python, and of what converts and is called by converted code."""
    here = os.path.dirname(os.path.abspath(__file__))
    files = kept.digest_of([here, *(os.path.join(here, room) for room in ("operators", "rewrite"))])
    return b"\n".join([sys.version.encode(), importlib.util.MAGIC_NUMBER, files])
