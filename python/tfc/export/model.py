"""What an ahead-of-time artefact consists of: plain data, from which headers and manifest are written."""

from __future__ import annotations

from dataclasses import dataclass, field

from tfc.dtypes import DType


@dataclass(frozen=True)
class Buffer:
    """One pointer of an entry point: a tensor argument, a variable or a result."""

    name: str  # a C identifier, unique among the buffers of its role
    dtype: DType
    shape: tuple[int | None, ...]  # None: known at run time
    title: str = ""  # the name in the Python program
    symbols: tuple[str | None, ...] = ()  # names of unknown sizes; equal names are equal sizes
    initial: str = "zeros"  # of a variable: "zeros", or "data"
    initial_shape: tuple[int, ...] | None = None  # of a variable with unknown sizes

    @property
    def is_static(self) -> bool:
        return None not in self.shape

    @property
    def num_elements(self) -> int:
        """The number of elements; only for static shapes."""
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def nbytes(self) -> int:
        """The number of bytes; of a variable with unknown sizes those of its first value."""
        shape = self.shape if self.is_static else self.initial_shape
        count = 1
        for size in shape:
            count *= size
        return count * self.dtype.size

    def takes(self, shape) -> bool:
        """Whether a value may have this shape."""
        return len(shape) == len(self.shape) and all(
            want in (None, got) for want, got in zip(self.shape, shape, strict=True)
        )

    def symbol(self, axis: int) -> str | None:
        """The name of an unknown size."""
        return self.symbols[axis] if axis < len(self.symbols) else None

    def text(self) -> str:
        """``float32[?, 10]``."""
        sizes = [self.symbol(i) or "?" if size is None else str(size) for i, size in enumerate(self.shape)]
        return f"{self.dtype.name}[{', '.join(sizes)}]"


@dataclass(frozen=True)
class EntryPoint:
    """One callable function of the artefact, in the order of the binary interface."""

    name: str  # the C function is <prefix>_<name>, or <prefix> when the names are equal
    symbol: str  # of the packed entry in the object file
    arguments: tuple[Buffer, ...]
    variables: tuple[str, ...]  # names of the artefact's variables that it takes
    results: tuple[Buffer, ...]
    arena_bytes: int
    signature: str = ""  # as Python shows it
    location: str = ""  # file:line of the Python function
    written: tuple[str, ...] = ()  # those of `variables` that it may change


@dataclass(frozen=True)
class Artifact:
    """One object file: entry points that share variables."""

    prefix: str
    entries: tuple[EntryPoint, ...]
    variables: tuple[Buffer, ...] = ()
    offsets: tuple[int | None, ...] = field(default=())  # of the variables in the state; None: sizes may change
    state_bytes: int = 0
    target: str = ""
    cpu: str = ""
    features: str = ""
    initial_offsets: dict = field(default_factory=dict)  # of variables with initial data, in the data of the object
    files: dict = field(default_factory=dict)  # kind -> file name
    threads: int = 1  # that share large loops; 0: as many as there are cores
    versions: tuple[str, ...] = ()  # CPUs beyond `cpu` that entries with vectors have code for, too
    device: dict | None = None  # kernels in it: {"triple", "chip", "format", "kernels", "host"}
    digests: dict = field(default_factory=dict)  # of one read from a manifest: kind of file -> SHA-256

    @property
    def is_sized(self) -> bool:
        """Whether there are variables whose sizes may change."""
        return not all(v.is_static for v in self.variables)

    @property
    def initial_state_symbol(self) -> str:
        return f"{self.prefix}_initial_state"

    def entry(self, name: str | None = None) -> EntryPoint:
        """The entry of that name, or the only one; `KeyError` with the names that there are."""
        if name is None and len(self.entries) == 1:
            return self.entries[0]
        for entry in self.entries:
            if entry.name == name:
                return entry
        raise KeyError(f"there is no entry {name!r}; there are {', '.join(e.name for e in self.entries)}")


def layout(sizes: list[int | None], alignment: int = 64) -> tuple[tuple[int | None, ...], int]:
    """Offsets of parts of these sizes, each aligned, one after the other, and the total number of bytes.

    Parts without a size are elsewhere.
    """
    offsets, end = [], 0
    for size in sizes:
        if size is None:
            offsets.append(None)
            continue
        end = -(-end // alignment) * alignment
        offsets.append(end)
        end += size
    return tuple(offsets), -(-end // alignment) * alignment
