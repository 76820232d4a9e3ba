"""The C expressions of unknown sizes."""

from __future__ import annotations

from tfc.export.model import Buffer, EntryPoint


class Sizes:
    """The C expressions of the unknown sizes of an entry's arguments: a size with a name is one parameter."""

    def __init__(self, entry: EntryPoint):
        self._taken = {b.name for b in (*entry.arguments, *entry.results)}
        self._symbols: dict[str, str] = {}
        self.of: dict[str, list[str]] = {}
        self.new: dict[str, list[str]] = {}  # those that are first met in a buffer
        for buffer in entry.arguments:
            self.of[buffer.name], self.new[buffer.name] = [], []
            for axis, size in enumerate(buffer.shape):
                if size is None:
                    self._add(buffer, axis)

    def _add(self, buffer: Buffer, axis: int) -> None:
        symbol = buffer.symbol(axis)
        known = self._symbols.get(symbol) if symbol else None
        if known is None:
            known = f"{buffer.name}_dim{axis}" if symbol is None or symbol in self._taken else symbol
            if symbol:
                self._symbols[symbol] = known
            self.new[buffer.name].append(known)
        self.of[buffer.name].append(known)


def result_sizes(buffer: Buffer) -> list[str]:
    return [f"{buffer.name}_dim{i}" for i, size in enumerate(buffer.shape) if size is None]
