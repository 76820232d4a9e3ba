"""`tf.config.compilation_cache`: object code kept on disk between processes.

On by default, in `tfc/` below the user's cache directory (`$XDG_CACHE_HOME`, else `~/.cache`). The environment variable
`TFC_CACHE_DIR` names another directory; `TFC_CACHE_DIR=` (empty) or `off` means none.
"""

import os
import sys
from pathlib import Path

_OFF = ("", "off", "0")
_values = {"directory": None, "max_bytes": 512 * 2**20, "max_age_days": 60.0}


def directory() -> Path | None:
    """Where entries are kept; None if none are."""
    return _values["directory"]


def set_directory(path: str | os.PathLike | None) -> None:
    """Keeps entries in another directory, which is made with mode 0700; None switches the cache off.

    A cache is code: whoever can write the directory can run code as you.
    """
    _values["directory"] = None if path is None else Path(path).expanduser().absolute()


def max_bytes() -> int:
    """The size beyond which the least recently used entries go."""
    return _values["max_bytes"]


def max_age_days() -> float:
    """How long an entry may be unused."""
    return _values["max_age_days"]


def set_limits(max_bytes: int | None = None, max_age_days: float | None = None) -> None:
    """Changes the limits that are given; `ValueError` for a negative one."""
    for name, value in (("max_bytes", max_bytes), ("max_age_days", max_age_days)):
        if value is None:
            continue
        if value < 0:
            raise ValueError(f"{name} is not negative, got {value}")
        _values[name] = value


def _default() -> Path | None:
    chosen = os.environ.get("TFC_CACHE_DIR")
    if chosen is not None:
        return None if chosen.lower() in _OFF else Path(chosen).expanduser().absolute()
    try:
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "tfc"
        # A relative path is to be ignored, says the specification of base directories.
        base = os.environ.get("XDG_CACHE_HOME", "")
        return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "tfc"
    except RuntimeError:  # no home
        return None


_values["directory"] = _default()
