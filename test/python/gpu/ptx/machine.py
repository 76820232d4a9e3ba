"""The machine: runs blocks of threads in numpy, lane by lane of arrays."""

import re

import numpy as np

from .arithmetic import Arithmetic
from .copies import Copies
from .memory import Accesses, Counters, Marks, Memory
from .tensor_cores import TensorCores
from .text import BF16, F16, F32, F64, UNSIGNED, Kernel, PTXError


def launch(kernel: Kernel, grid, threads, arguments, memory: Memory, check=True) -> Counters:
    """Runs all blocks. `arguments`: one number or address for each parameter."""
    counters = Counters()
    per_block = int(np.prod(threads))
    total = int(np.prod(grid))
    marks = [Marks(content.size) for _, content in memory.buffers] if check else None
    loads = [np.zeros(content.size, np.bool_) for _, content in memory.buffers]
    stores = [np.zeros(content.size, np.bool_) for _, content in memory.buffers]
    chunk = max(1, (1 << 15) // per_block)
    for first in range(0, total, chunk):
        blocks = np.arange(first, min(first + chunk, total))
        _Run(kernel, grid, threads, blocks, arguments, memory, counters, marks, loads, stores).go()
    counters.touched_loads = int(sum(x.sum() for x in loads))
    counters.touched_stores = int(sum(x.sum() for x in stores))
    counters.distinct = 32 * sum(
        _sectors(x, begin) for made in (loads, stores) for x, (begin, _) in zip(made, memory.buffers, strict=True)
    )
    return counters


def _sectors(touched, begin) -> int:
    """How many sectors of 32 bytes have a byte that was touched."""
    padded = np.zeros(-(-(begin % 32 + touched.size) // 32) * 32, np.bool_)
    padded[begin % 32 : begin % 32 + touched.size] = touched
    return int(padded.reshape(-1, 32).any(1).sum())


class _Run(Accesses, Copies, Arithmetic, TensorCores):
    """Some blocks of a launch."""

    def __init__(self, kernel, grid, threads, blocks, arguments, memory, counters, marks, loads, stores):
        self.kernel, self.memory, self.counters = kernel, memory, counters
        self.marks, self.loads, self.stores = marks, loads, stores
        per_block = int(np.prod(threads))
        self.count = len(blocks) * per_block
        local = np.tile(np.arange(per_block), len(blocks))
        self.block_of = np.repeat(np.arange(len(blocks)), per_block)
        self.local, self.per_block, self.first = local, per_block, int(blocks[0])
        number = blocks[self.block_of]
        self.special = {
            "%tid.x": local % threads[0], "%tid.y": local // threads[0] % threads[1], "%tid.z": local // (threads[0] * threads[1]),
            "%ctaid.x": number % grid[0], "%ctaid.y": number // grid[0] % grid[1], "%ctaid.z": number // (grid[0] * grid[1]),
            "%laneid": local % 32,
        }  # fmt: skip
        for axis, name in enumerate("xyz"):
            self.special[f"%ntid.{name}"] = np.full(self.count, threads[axis])
            self.special[f"%nctaid.{name}"] = np.full(self.count, grid[axis])
        self.registers = {}
        self.arguments = {n: (v, t) for (n, t), v in zip(kernel.parameters, arguments, strict=True)}
        self.shared = np.zeros((len(blocks), kernel.shared_bytes), np.uint8)
        self.shared_marks = Marks(self.shared.size) if marks is not None else None
        self.epoch = np.zeros(len(blocks), np.int64)
        self.lanes = np.arange(self.count)
        self.copies, self.committed = [], np.zeros(self.count, np.int64)
        self.pc = 0

    def describe(self, lane):
        return f"{int(self.local[lane])} of block {self.first + int(self.block_of[lane])}"

    def fail(self, kind, why):
        raise kind(f"{self.kernel.name}: {why}\n  at {self.kernel.code[self.pc].text}")

    def go(self):
        code, end = self.kernel.code, len(self.kernel.code)
        pcs = np.zeros(self.count, np.int64)
        waiting = np.zeros(self.count, np.bool_)
        with np.errstate(all="ignore"):
            while True:
                ready = np.where(waiting, end, pcs)
                start = int(ready.min())
                if start >= end:
                    if waiting.any():
                        self._release(pcs, waiting, end, stuck=True)
                        continue
                    return
                active = np.flatnonzero(ready == start)
                at, goes_on = start, True
                while goes_on:
                    self.pc, ins = at, code[at]
                    lanes = active
                    if ins.guard:
                        held = self.read(ins.guard, np.bool_)[active]
                        lanes = active[~held if ins.negated else held]
                    at += 1
                    self._count(ins, lanes)
                    if ins.op == "bra":
                        pcs[active] = at
                        pcs[lanes] = self.kernel.labels[ins.operands[0]]
                        break
                    if ins.op in ("ret", "exit"):
                        pcs[active] = at
                        pcs[lanes] = end
                        break
                    if ins.op in ("bar", "barrier"):
                        pcs[active] = at
                        waiting[lanes] = True
                        self._release(pcs, waiting, end)
                        break
                    if lanes.size:
                        self.execute(ins, lanes)
                    if at >= end or at in self.kernel.leaders:
                        pcs[active] = at
                        goes_on = False

    def _release(self, pcs, waiting, end, stuck=False):
        live = (pcs < end) | waiting
        arrived = np.bincount(self.block_of[waiting], minlength=len(self.epoch))
        whole = (arrived == np.bincount(self.block_of[live], minlength=len(self.epoch))) & (arrived > 0)
        if stuck and not whole.any():
            self.fail(PTXError, "a barrier that not all threads of a block reach")
        waiting[whole[self.block_of]] = False
        self.epoch[whole] += 1
        self.counters.barriers += int(whole.sum())

    def _count(self, ins, lanes):
        c = self.counters
        c.instructions += lanes.size
        c.by_op[ins.op] = c.by_op.get(ins.op, 0) + lanes.size
        if (
            ins.parts
            and ins.parts[-1] in ("f16", "bf16", "f32", "f64")
            and ins.op in ("add", "sub", "mul", "fma", "div", "mad")
        ):
            c.flops += lanes.size * (2 if ins.op in ("fma", "mad") else 1)

    # Operands.

    def read(self, text, kind):
        """All lanes of an operand, as a type."""
        if text.startswith("%"):
            if text in self.special:
                return (
                    self.special[text].astype(np.uint32).view(kind)
                    if np.dtype(kind).itemsize == 4
                    else self.special[text].astype(kind)
                )
            return self._register(text).view(kind)
        if text in self.kernel.registers:
            return self._register(text).view(kind)
        if text in self.kernel.shared:
            return np.full(self.count, self.kernel.shared[text], kind)
        if text in ("true", "false"):
            return np.full(self.count, text == "true")
        if found := re.fullmatch(r"0[fF]([0-9a-fA-F]{8})", text):
            value = np.array(int(found[1], 16), np.uint32).view(F32)
        elif found := re.fullmatch(r"0[dD]([0-9a-fA-F]{16})", text):
            value = np.array(int(found[1], 16), np.uint64).view(F64)
        elif found := re.fullmatch(r"0x([0-9a-fA-F]{4})", text) if kind in (F16, BF16) else None:
            return np.full(self.count, np.array(int(found[1], 16), np.uint16).view(kind))
        else:
            number = int(text.rstrip("U"), 0)
            width = np.dtype(kind).itemsize
            return np.full(self.count, np.array(number & ((1 << 8 * width) - 1), UNSIGNED[width]).view(kind))
        if np.dtype(kind).itemsize == value.dtype.itemsize:
            return np.full(self.count, value.view(kind) if kind not in (F32, F64) else value)
        return np.full(self.count, value.astype(kind))

    def _register(self, name):
        found = self.registers.get(name)
        if found is None:
            kind = self.kernel.registers.get(name) or self.kernel.registers[name.rstrip("0123456789")]
            found = self.registers[name] = np.zeros(self.count, kind)
        return found

    def write(self, name, lanes, values):
        """`values`: of all lanes."""
        if name == "_":
            return
        register = self._register(name)
        if values.dtype.itemsize != register.dtype.itemsize:
            wide = np.int64 if values.dtype.kind == "i" else np.uint64
            values = values.astype(wide) if values.dtype.kind in "iu" else values.view(UNSIGNED[values.dtype.itemsize])
            values = values.astype(UNSIGNED[register.dtype.itemsize])
        register[lanes] = values.view(register.dtype)[lanes]

    def execute(self, ins, lanes):
        method = getattr(self, f"_op_{ins.op}", None)
        if method is None:
            self.fail(PTXError, f"the machine does not know {ins.op}")
        method(ins, lanes)
