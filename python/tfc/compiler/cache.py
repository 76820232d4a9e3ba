"""Object code kept on disk: the second process that compiles a function only loads it.

An entry is named after the SHA-256 of everything its content depends on: the build of the compiler, the target, the
options and the module. How entries are kept: `config.kept`.
"""

import hashlib
import io
import json

from tfc.config import kept
from tfc.ir import build

_SUFFIX = ".tfcobj"


def key_of(module, options: dict) -> str:
    """The name of a module's entry."""
    bytecode = io.BytesIO()
    module.operation.write_bytecode(bytecode)
    return digest(bytecode.getbuffer(), options)


def digest(content, options: dict) -> str:
    """The name of what is made of this, with these options, by this build for this processor."""
    made = hashlib.sha256(build())
    made.update(json.dumps(options, sort_keys=True, default=str).encode())
    made.update(content)
    return made.hexdigest()


def read(key: str) -> tuple | None:
    """(description, object) of an entry, or None."""
    content = kept.read(key + _SUFFIX)
    if content is None:
        return None
    size = int.from_bytes(content[:8], "little")
    return content[8 : 8 + size].decode(), content[8 + size :]


def write(key: str, description: str, code: bytes) -> None:
    """Keeps an entry."""
    text = description.encode()
    kept.write(key + _SUFFIX, len(text).to_bytes(8, "little") + text + code)
