"""C identifiers for Python names."""

from __future__ import annotations

import re

_KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long "
    "register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    "bool class delete new operator private protected public template this throw try catch namespace using virtual "
    "friend asm export explicit mutable typename true false and or not xor host state ctx status buffers sizes "
    "arena inputs outputs".split()
)


def identifier(text: str, taken: set | None = None) -> str:
    """A C identifier made of a Python name, different from those in ``taken`` (which it joins)."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", text.split(":")[0]) or "_"
    if name[0].isdigit():
        name = "_" + name
    if name in _KEYWORDS:
        name += "_"
    if taken is None:
        return name
    base, number = name, 1
    while name in taken:
        name = f"{base}_{number}"
        number += 1
    taken.add(name)
    return name
