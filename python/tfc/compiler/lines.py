"""From addresses of code in this process to the lines of the user's program."""

import bisect
import json
from dataclasses import dataclass

from tfc.ir import compiler


@dataclass(frozen=True)
class Place:
    """A line of a function; `line` is 0 where the function's code has no lines at all."""

    function: str
    file: str
    line: int

    def __str__(self):
        return f"{self.file}:{self.line}" if self.line else self.function


def _with_lines(rows: list, starts: list) -> list:
    """Rows (offset, file, line) without those of line 0: instructions that LLVM made of two lines belong to none.

    They run beside the code before them, so its line takes them; at the start of a function the first line after it.
    """
    kept, open_, function = [], None, -1
    for offset, file, line in rows:
        within = bisect.bisect_right(starts, offset)
        if within != function:
            open_, function = None, within
        if line:
            kept.append((offset if open_ is None else open_, file, line))
            open_ = None
        elif open_ is None and (not kept or bisect.bisect_right(starts, kept[-1][0]) != function):
            open_ = offset
    return kept


class _Code:
    """The code of one object: where it is, and its line table."""

    def __init__(self, name: str, symbol: str, loaded, content: bytes):
        table = json.loads(compiler.describe_lines(content))
        symbols = table["symbols"]
        self.name = name
        # Functions of the object itself are not found by name.
        self.base = loaded.address(symbol) - next(offset for found, offset, _ in symbols if found == symbol)
        self.end = self.base + max(offset + size for _, offset, size in symbols)
        rows = _with_lines(sorted(table["lines"], key=lambda row: row[0]), sorted(offset for _, offset, _ in symbols))
        self.offsets = [row[0] for row in rows]
        self.rows = rows

    def place(self, address: int) -> Place:
        at = bisect.bisect_right(self.offsets, address - self.base) - 1
        if at < 0:
            return Place(self.name, "", 0)
        return Place(self.name, self.rows[at][1], self.rows[at][2])


_codes: list = []


def remember(name: str, symbol: str, loaded, content: bytes) -> None:
    """Code with a line table, of a function of that name, whose entry is `symbol`."""
    _codes.append(_Code(name, symbol, loaded, content))


def place_of(address: int) -> Place | None:
    """The line of code at an address; None if it is not code of ours that has lines."""
    for code in reversed(_codes):
        if code.base <= address < code.end:
            return code.place(address)
    return None
