"""Object code kept on disk: the second process that compiles a function only loads it.

An entry is one file, named after the SHA-256 of everything its content depends on: the build of the compiler, the
target, the options and the module. Entries are written to a file of their own and renamed, so that readers never see
half of one; what is truncated, damaged or foreign is a miss. Whoever can write the directory can run code as its users:
it is created with mode 0700, and not used if others could write it.
"""

import contextlib
import functools
import hashlib
import io
import json
import logging
import os
import stat
import sys
import tempfile
import time
from pathlib import Path

from tfc.config import compilation_cache as settings
from tfc.ir import compiler, library_paths

_LOGGER = logging.getLogger("tfc")
_MAGIC = b"tfc object 1\n"
_SUFFIX = ".tfcobj"
# How often, in writes, the directory is looked through for what is too old or too much.
_SWEEP_EVERY = 16
_writes = 0


def key_of(module, options: dict) -> str:
    """The name of a module's entry."""
    bytecode = io.BytesIO()
    module.operation.write_bytecode(bytecode)
    digest = hashlib.sha256(_build())
    digest.update(json.dumps(options, sort_keys=True, default=str).encode())
    digest.update(bytecode.getbuffer())
    return digest.hexdigest()


@functools.cache
def _build() -> bytes:
    """What code depends on besides the module: libraries by size and time, and the processor."""
    parts = list(compiler.host())
    for path in library_paths():
        info = os.stat(path)
        parts.append(f"{Path(path).name} {info.st_size} {info.st_mtime_ns}")
    return "\n".join(parts).encode()


def read(key: str) -> tuple | None:
    """(description, object) of an entry, or None."""
    directory = _usable()
    if directory is None:
        return None
    path = directory / (key + _SUFFIX)
    try:
        content = path.read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + 32
    if content[: len(_MAGIC)] != _MAGIC or hashlib.sha256(content[head:]).digest() != content[len(_MAGIC) : head]:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # the age of an entry is that of its last use
    size = int.from_bytes(content[head : head + 8], "little")
    return content[head + 8 : head + 8 + size].decode(), content[head + 8 + size :]


def write(key: str, description: str, code: bytes) -> None:
    """Keeps an entry. Problems are logged, and else of no consequence."""
    directory = _usable()
    if directory is None:
        return
    text = description.encode()
    payload = len(text).to_bytes(8, "little") + text + code
    try:
        handle, name = tempfile.mkstemp(prefix="new-", dir=directory)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(payload).digest() + payload)
            os.replace(name, directory / (key + _SUFFIX))
        except BaseException:
            os.unlink(name)
            raise
    except OSError as e:
        _LOGGER.info("the compilation cache in %s could not be written: %s", directory, e)
        return
    global _writes
    _writes += 1
    if _writes % _SWEEP_EVERY == 1:
        sweep()


def sweep() -> None:
    """Removes entries that nobody used for too long, and the least recently used ones beyond the limit of bytes."""
    directory = _usable()
    if directory is None:
        return
    found = []
    for path in directory.iterdir():
        try:
            info = path.stat()
        except OSError:
            continue
        ours = path.suffix == _SUFFIX
        # A file that a process left half written.
        abandoned = path.name.startswith("new-") and info.st_mtime < time.time() - 3600
        if abandoned or (ours and info.st_mtime < time.time() - settings.max_age_days() * 86400):
            _remove(path)
        elif ours:
            found.append((info.st_mtime, info.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= settings.max_bytes():
            break
        _remove(path)
        total -= size


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # another process was faster
        path.unlink()


def _usable() -> Path | None:
    """The directory, made if need be; None if there is to be no cache, or it is not safe."""
    directory = settings.directory()
    return None if directory is None else _checked(directory)


@functools.lru_cache(maxsize=8)
def _checked(directory: Path) -> Path | None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = directory.stat()
    except OSError as e:
        _LOGGER.info("no compilation cache: %s", e)
        return None
    if sys.platform != "win32" and (info.st_uid != os.getuid() or info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
        _LOGGER.warning("no compilation cache: %s belongs to somebody else, or others may write it", directory)
        return None
    return directory
