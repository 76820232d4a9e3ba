"""Object code kept on disk: the second process that compiles a function only loads it.

An entry is named after the SHA-256 of everything its content depends on: the build of the compiler, the target, the
options and the module. How entries are kept: `config.kept`.
"""

import hashlib
import io
import json
import struct

from tfc.config import kept
from tfc.ir import build

_SUFFIX = ".tfcobj"
# Of the description, of the image.
_SIZES = struct.Struct("<QQ")


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
    """(description, image, object) of an entry, or None. The object is empty unless it was given to `write`."""
    content = kept.read(key + _SUFFIX)
    if content is None or len(content) < _SIZES.size:
        return None
    text, image = _SIZES.unpack_from(content)
    at = _SIZES.size
    parts = content[at : at + text], content[at + text : at + text + image], content[at + text + image :]
    return parts[0].decode(), *parts[1:]


def write(key: str, description: str, image: bytes, content: bytes = b"") -> None:
    """Keeps an entry: what the compiler says of the code, the linked code, and the object if others need that."""
    text = description.encode()
    kept.write(key + _SUFFIX, _SIZES.pack(len(text), len(image)) + text + image + content)
