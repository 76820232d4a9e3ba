"""Memory of the machine: buffers, who touched which byte since when, and what the accesses of a warp cost."""

from dataclasses import dataclass, field

import numpy as np

from .text import TYPES, UNSIGNED, BoundsError, PTXError, RaceError, operands_of


@dataclass
class Counters:
    """What one launch did; numbers of threads are added up."""

    instructions: int = 0
    by_op: dict = field(default_factory=dict)
    flops: int = 0
    tensor_flops: int = 0
    loaded: int = 0  # bytes that threads asked for, of global memory
    stored: int = 0
    touched_loads: int = 0  # distinct bytes of those
    touched_stores: int = 0
    sectors: int = 0  # of 32 bytes, that warps asked for
    distinct: int = 0  # bytes in distinct sectors, read and written: what comes from memory if a cache keeps the rest
    shared: int = 0  # bytes that threads asked for, of shared memory
    shared_passes: int = 0  # of warps through the banks of shared memory
    conflicts: int = 0  # passes that would not be there if no two words were of one bank
    async_bytes: int = 0  # copied to shared memory past the registers
    barriers: int = 0


class Memory:
    """Buffers by address. `check` finds races."""

    def __init__(self):
        self.buffers = []  # (address, bytes as an array)
        self._next = 1 << 20

    def add(self, array, address=None) -> int:
        """A buffer around the bytes of an array; its address."""
        content = array.reshape(-1).view(np.uint8)
        if address is None:
            address = self._next
            self._next += -(-content.size // 4096) * 4096 + 4096
        self.buffers.append((address, content))
        return address


class Marks:
    """Who touched each byte of a memory, since when."""

    def __init__(self, size):
        shape = size
        self.writer = np.full(shape, -1, np.int64)
        self.reader = np.full(shape, -1, np.int64)
        self.write_epoch = np.zeros(shape, np.int64)
        self.read_epoch = np.zeros(shape, np.int64)

    def check(self, run, where, width, lanes, writes):
        # Of wider accesses, every second byte: halves are the smallest parts that kernels mix with others.
        step = 2 if width > 1 else 1
        places = (where[:, None] + np.arange(0, width, step)[None, :]).ravel()
        who = np.repeat(lanes, width // step)
        block, epoch = run.block_of[who], run.epoch[run.block_of[who]]

        def meets(other, since):
            apart = (other >= 0) & (other != who)
            return apart & ((run.block_of[other] != block) | (since == epoch))

        bad = meets(self.writer[places], self.write_epoch[places])
        if writes:
            bad |= meets(self.reader[places], self.read_epoch[places])
            self.writer[places], self.write_epoch[places] = who, epoch
            bad |= self.writer[places] != who  # two lanes of one instruction
        else:
            self.reader[places], self.read_epoch[places] = who, epoch
        if bad.any():
            at = int(np.argmax(bad))
            run.fail(RaceError, f"thread {run.describe(who[at])} meets another one in byte {int(places[at])}")


class Accesses:
    """Loads and stores of the threads of a run."""

    def _address(self, text):
        """The addresses of `[base+offset]`."""
        base, _, offset = text[1:-1].replace(" ", "").partition("+")
        if base in self.kernel.shared:
            start = np.full(self.count, self.kernel.shared[base], np.int64)
        elif base.startswith("%"):
            register = self._register(base)
            start = register.astype(np.int64)
        else:
            start = np.full(self.count, int(base, 0), np.int64)
        return start + int(offset or "0", 0)

    def _place(self, space, addresses, width, lanes, writes, costs=True):
        """The bytes of a memory, and where accesses of these lanes are in it. `costs`: not part of a wider access."""
        if addresses.size and (addresses % width).any():
            self.fail(PTXError, f"an access of {width} bytes that is not aligned")
        if space == "shared":
            if (addresses < 0).any() or (addresses + width > self.kernel.shared_bytes).any():
                self.fail(BoundsError, "outside of shared memory")
            where = self.block_of[lanes] * self.kernel.shared_bytes + addresses
            if self.shared_marks is not None:
                self.shared_marks.check(self, where, width, lanes, writes)
            self.counters.shared += lanes.size * width
            if costs:
                self._count_passes(addresses, width, lanes)
            return self.shared.reshape(-1), where
        number = next((i for i, (b, c) in enumerate(self.memory.buffers) if b <= addresses[0] < b + c.size), None)
        if number is None:
            self.fail(BoundsError, f"thread {self.describe(lanes[0])} reaches no buffer at {int(addresses[0]):#x}")
        begin, content = self.memory.buffers[number]
        where = addresses - begin
        outside = (where < 0) | (where + width > content.size)
        if outside.any():
            at = int(np.argmax(outside))
            self.fail(
                BoundsError, f"thread {self.describe(lanes[at])}: byte {int(where[at])} of a buffer of {content.size}"
            )
        if self.marks is not None:
            self.marks[number].check(self, where, width, lanes, writes)
        touched = self.stores[number] if writes else self.loads[number]
        for i in range(width):
            touched[where + i] = True
        if costs:
            self._count_sectors(addresses, width, lanes)
        if writes:
            self.counters.stored += lanes.size * width
        else:
            self.counters.loaded += lanes.size * width
        return content, where

    def _count_sectors(self, addresses, width, lanes):
        """What a warp asks for at once, in sectors of 32 bytes."""
        warps = (self.block_of[lanes].astype(np.int64) * self.per_block + self.local[lanes]) // 32
        ends = np.concatenate([addresses // 32, (addresses + width - 1) // 32])
        self.counters.sectors += np.unique(np.tile(warps, 2) * (1 << 40) + ends).size

    def _count_passes(self, addresses, width, lanes):
        """Shared memory has 32 banks of words of 4 bytes: in one pass a warp gets one word of each, and 128 bytes at most."""
        together = 32 * 4 // max(width, 4)  # threads that a pass could serve
        turns = (self.block_of[lanes].astype(np.int64) * self.per_block + self.local[lanes]) // together
        words = turns * (1 << 20) + addresses // 4
        words = np.unique(np.concatenate([words + i for i in range(max(width // 4, 1))]))
        banks, deep = np.unique(words // (1 << 20) * 32 + words % 32, return_counts=True)
        turn, first = np.unique(banks // 32, return_index=True)
        passes = int(np.maximum.reduceat(deep, first).sum()) if turn.size else 0
        self.counters.shared_passes += passes
        self.counters.conflicts += passes - turn.size

    def _memory(self, ins, lanes):
        space = next(
            (p.split("::")[0] for p in ins.parts if p.split("::")[0] in ("param", "global", "shared")), "global"
        )
        kind = TYPES[ins.parts[-1]]
        width = np.dtype(kind).itemsize
        loads = ins.op == "ld"
        register, place = ins.operands if loads else ins.operands[::-1]
        if space == "param":
            value, _ = self.arguments[place[1:-1].split("+")[0]]
            self.write(register, lanes, np.full(self.count, np.array(value).astype(kind)))
            return
        addresses = self._address(place)[lanes]
        names = operands_of(register[1:-1]) if register.startswith("{") else [register]
        whole = width * len(names)
        if len(names) > 1:
            (self._count_passes if space == "shared" else self._count_sectors)(addresses, whole, lanes)
        for i, name in enumerate(names):
            content, where = self._place(space, addresses + i * width, width, lanes, not loads, len(names) == 1)
            at = where[:, None] + np.arange(width)[None, :]
            if loads:
                values = np.zeros(self.count, kind)
                values[lanes] = np.ascontiguousarray(content[at]).view(kind)[:, 0]
                self.write(name, lanes, values)
            else:
                values = self.read(name, kind) if self._width(name, width) == width else self._narrow(name, kind)
                content[at] = np.ascontiguousarray(values[lanes]).view(np.uint8).reshape(-1, width)

    def _width(self, name, otherwise):
        return self._register(name).dtype.itemsize if name.startswith("%") else otherwise

    def _narrow(self, name, kind):
        return self._register(name).astype(UNSIGNED[np.dtype(kind).itemsize]).view(kind)

    def _op_ld(self, ins, lanes):
        self._memory(ins, lanes)

    _op_st = _op_ld
