"""Files of the compilation cache: what one process has worked out, for the next ones.

An entry is one file, whose name says everything that its content depends on (a SHA-256). Entries are written to a file
of their own and renamed, so that readers never see half of one; what is truncated, damaged or foreign is a miss.
Whoever can write the directory can run code as its users: it is created with mode 0700, and not used if others could
write it.
"""

import contextlib
import functools
import hashlib
import logging
import os
import stat
import struct
import sys
import tempfile
import time
from pathlib import Path

from tfc import _native
from tfc.config import compilation_cache as settings

_LOGGER = logging.getLogger("tfc")
#: Object code; converted Python code; traces; digests of files.
SUFFIXES = (".tfcobj", ".tfccode", ".tfctrace", ".tfcbuild")
#: What is being written. The directory may hold files of others: only these names are ours.
_NEW = ".tfcnew"
_MAGIC = b"tfc kept 4\n"
# How often the directory is looked through for what is too old or too much: in writes of a process, and in seconds for
# all processes, by the time of a file.
_WRITES, _SECONDS = 64, 3600
_SWEPT = "swept"
# How digests of files are made.
_SOURCES = b"sources 1"
# When this process began, and what only it has.
_STARTED, _OWN = time.time_ns(), os.urandom(32)
_writes = 0


def read(name: str) -> bytes | None:
    """What was kept under a name (with its suffix), or None."""
    directory = usable()
    if directory is None:
        return None
    path = os.path.join(directory, name)
    try:
        # What is no file, like a pipe, is not waited for.
        with open(path, "rb", opener=lambda path, flags: os.open(path, flags | getattr(os, "O_NONBLOCK", 0))) as file:
            about = os.fstat(file.fileno())
            if not _is_ours(about) or not stat.S_ISREG(about.st_mode):
                return None
            content = file.read()
    except OSError:
        return None
    head = len(_MAGIC) + 32
    payload = memoryview(content)[head:]
    if content[: len(_MAGIC)] != _MAGIC or _digest_of(name, payload) != content[len(_MAGIC) : head]:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # the age of an entry is that of its last use
    return bytes(payload)


def _digest_of(name: str, payload) -> bytes:
    """What says that a file holds what was written under this name: one that was renamed is another's."""
    made = hashlib.sha256(name.encode())
    made.update(payload)
    return made.digest()


def write(name: str, payload: bytes) -> None:
    """Keeps an entry. Problems are logged, and else of no consequence."""
    directory = usable()
    if directory is None:
        return
    try:
        handle, made = tempfile.mkstemp(suffix=_NEW, dir=directory)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + _digest_of(name, payload) + payload)
            os.replace(made, directory / name)
        except BaseException:
            os.unlink(made)
            raise
    except OSError as e:
        _LOGGER.info("the compilation cache in %s could not be written: %s", directory, e)
        return
    global _writes
    _writes += 1
    if _writes % _WRITES == 0 or _is_due(directory / _SWEPT):
        sweep()


def _is_due(mark: Path) -> bool:
    """Whether nobody has looked for long; from now on somebody has."""
    try:
        if mark.stat().st_mtime > time.time() - _SECONDS:
            return False
    except OSError:
        pass
    with contextlib.suppress(OSError):
        mark.touch(mode=0o600)
    return True


def sweep() -> None:
    """Removes entries that nobody used for too long, and the least recently used ones beyond the limit of bytes."""
    directory = usable()
    if directory is None:
        return
    found = []
    try:
        paths = list(directory.iterdir())
    except OSError as e:
        _LOGGER.info("the compilation cache in %s could not be looked through: %s", directory, e)
        return
    for path in paths:
        try:
            info = path.stat()
        except OSError:
            continue
        ours = path.suffix in SUFFIXES
        # A file that a process left half written.
        abandoned = path.suffix == _NEW and info.st_mtime < time.time() - 3600
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


def usable() -> Path | None:
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
    if not _is_ours(info):
        _LOGGER.warning("no compilation cache: %s belongs to somebody else, or others may write it", directory)
        return None
    return directory


def _is_ours(info) -> bool:
    """Whether nobody else can have written a file or a directory. (What others left in a directory that they could
    write once stays theirs.)
    """
    return sys.platform == "win32" or (info.st_uid == os.getuid() and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def digest_of(paths: list) -> bytes:
    """A digest of the content of files (of folders: of the .py files in them), by their names. It is kept under what
    the system says of them, among it when they were changed last, which no program can set: files are read once.

    Files that were changed since this process began may not be what it has loaded: then it is one of a kind.
    """
    states, latest = _native.file_states(paths)
    if latest > _STARTED:
        return _OWN
    name = hashlib.sha256(_SOURCES + states).hexdigest() + ".tfcbuild"
    found = read(name)
    if found is None:
        files = [file for path in paths for file in (_sources_in(path) if os.path.isdir(path) else [path])]
        found = hashlib.sha256(b"".join(map(_content_digest, files))).digest()
        if _native.file_states(paths)[0] == states:
            write(name, found)
    return found


def _sources_in(folder) -> list:
    return sorted(entry.path for entry in os.scandir(folder) if entry.name.endswith(".py"))


def _content_digest(path) -> bytes:
    """The name of a file, and what its linker says of its content, or a digest of that."""
    made = hashlib.sha256(os.path.basename(path).encode())
    with open(path, "rb") as file:
        noted = _build_id(file)
        if noted is None:
            file.seek(0)
            while piece := file.read(1 << 20):
                made.update(piece)
        else:
            made.update(noted)
    return made.digest()


def _build_id(file) -> bytes | None:
    """The build id in a shared library for ELF machines of 64 bits: hashing hundreds of megabytes takes long."""
    head = file.read(64)
    if len(head) < 64 or head[:6] != b"\x7fELF\2\1":
        return None
    (start,), (size, count) = struct.unpack_from("<Q", head, 32), struct.unpack_from("<HH", head, 54)
    for at in range(count):
        file.seek(start + at * size)
        entry = file.read(56)
        if len(entry) < 56 or struct.unpack_from("<I", entry)[0] != 4:  # notes
            continue
        file.seek(struct.unpack_from("<Q", entry, 8)[0])
        notes = file.read(min(struct.unpack_from("<Q", entry, 32)[0], 1 << 16))
        at_note = 0
        while at_note + 12 <= len(notes):
            name, content, kind = struct.unpack_from("<III", notes, at_note)
            begin = at_note + 12 + (name + 3) // 4 * 4
            if kind == 3 and notes[at_note + 12 : at_note + 16] == b"GNU\0" and content >= 8:
                return notes[begin : begin + content]
            at_note = begin + (content + 3) // 4 * 4
    return None
