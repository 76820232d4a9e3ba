"""Files that are either as they were or as they should be, also after a crash or a loss of power."""

import os
import re
import socket
from pathlib import Path

_CHUNK = 1 << 24


def write_durably(path, *parts: bytes) -> None:
    """Replaces the file `path` by the concatenation of `parts`.

    The bytes go to a temporary file in the same folder, which is flushed to the disk, renamed over `path`, and the
    folder is flushed: at every moment `path` is the old file or the new one, and once this returns it stays the new
    one.

    Raises `OSError`; then `path` is what it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / _temporary_name(path.name)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        try:
            for part in parts:
                _write_all(handle, part)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def _write_all(handle: int, data) -> None:
    rest = memoryview(data).cast("B")
    while rest:
        written = os.write(handle, rest[:_CHUNK])
        rest = rest[written:]


def flush_folder(folder) -> None:
    """Makes the names in a folder (renamed, removed files) last."""
    try:
        handle = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError:  # a system that cannot open folders
        return
    try:
        os.fsync(handle)
    except OSError:  # a file system that cannot flush them
        pass
    finally:
        os.close(handle)


_TEMPORARY = re.compile(r"\..+\.tfc-(?P<host>[^/]+)-(?P<pid>\d+)\.tmp")


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname())


def _temporary_name(name: str) -> str:
    return f".{name}.tfc-{_host()}-{os.getpid()}.tmp"


def remove_abandoned(folder) -> None:
    """Removes temporary files of writers of this machine that do not live any more."""
    folder = Path(folder)
    for path in folder.glob(".*.tmp") if folder.is_dir() else ():
        match = _TEMPORARY.fullmatch(path.name)
        if match is None or match["host"] != _host() or int(match["pid"]) == os.getpid():
            continue
        try:
            os.kill(int(match["pid"]), 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
        except OSError:
            pass
