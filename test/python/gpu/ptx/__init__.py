"""Executes PTX in numpy: the kernels that the compiler makes for NVIDIA devices, on a machine without one.

Every thread of every block is a lane of numpy arrays. Lanes with the lowest program counter go first, one basic block at a time,
so that threads which diverged meet again. Memory is checked: an access outside of all buffers, and two threads that meet in a word
without a barrier between them (one of them writing), are errors. `Counters` says what was executed and moved.

Semantics, fragments of `mma.sync` and `wgmma`, and the layout of matrices in shared memory are those of the PTX ISA 8.x.
"""

from .machine import launch
from .memory import Counters, Memory
from .text import BoundsError, Kernel, PTXError, RaceError, parse

__all__ = ["BoundsError", "Counters", "Kernel", "Memory", "PTXError", "RaceError", "launch", "parse"]
