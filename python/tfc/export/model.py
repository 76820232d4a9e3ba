"""What an ahead-of-time artefact consists of: plain data, from which header and manifest are written."""

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
        return self.num_elements * self.dtype.size


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


@dataclass(frozen=True)
class Artifact:
    """One object file: entry points that share variables."""

    prefix: str
    entries: tuple[EntryPoint, ...]
    variables: tuple[Buffer, ...] = ()
    offsets: tuple[int, ...] = field(default=())  # of the variables in the state
    state_bytes: int = 0
    target: str = ""
    cpu: str = ""
    features: str = ""

    @property
    def initial_state_symbol(self) -> str:
        return f"{self.prefix}_initial_state"


def layout(variables: tuple[Buffer, ...], alignment: int = 64) -> tuple[tuple[int, ...], int]:
    """Offsets of variables packed one after the other, each aligned, and the total number of bytes."""
    offsets, end = [], 0
    for variable in variables:
        end = -(-end // alignment) * alignment
        offsets.append(end)
        end += variable.nbytes
    return tuple(offsets), -(-end // alignment) * alignment
