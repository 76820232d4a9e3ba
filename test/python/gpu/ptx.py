"""Executes PTX in numpy: the kernels that the compiler makes for NVIDIA devices, on a machine without one.

Every thread of every block is a lane of numpy arrays. Lanes with the lowest program counter go first, one basic block at a time,
so that threads which diverged meet again. Memory is checked: an access outside of all buffers, and two threads that meet in a word
without a barrier between them (one of them writing), are errors. `Counters` says what was executed and moved.

Semantics, fragments of `mma.sync` and `wgmma`, and the layout of matrices in shared memory are those of the PTX ISA 8.x.
"""

import re
from dataclasses import dataclass, field

import ml_dtypes
import numpy as np

F16, F32, F64, BF16 = np.float16, np.float32, np.float64, ml_dtypes.bfloat16
TYPES = {
    "b8": np.uint8, "u8": np.uint8, "s8": np.int8, "b16": np.uint16, "u16": np.uint16, "s16": np.int16, "f16": F16, "bf16": BF16,
    "b32": np.uint32, "u32": np.uint32, "s32": np.int32, "f32": F32, "b64": np.uint64, "u64": np.uint64, "s64": np.int64, "f64": F64,
    "pred": np.bool_,
}  # fmt: skip
UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


class PTXError(Exception):
    """The kernel is wrong, or uses what this machine does not know."""


class RaceError(PTXError):
    """Two threads meet in memory, one of them writing, without a barrier between them."""


class BoundsError(PTXError):
    """An access outside of every buffer."""


@dataclass
class Instruction:
    guard: str
    negated: bool
    op: str
    parts: tuple  # of the name, between dots
    operands: list
    text: str


@dataclass
class Kernel:
    name: str
    parameters: list  # (name, numpy type)
    registers: dict  # prefix -> numpy type
    shared: dict  # name -> offset
    shared_bytes: int
    code: list
    labels: dict
    leaders: set


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
    shared: int = 0
    barriers: int = 0


# Reading the text.


def _operands(text: str) -> list:
    found, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "{[") - (c in "}]")
        if c == "," and not depth:
            found.append(text[start:i].strip())
            start = i + 1
    last = text[start:].strip()
    return [*found, last] if last else found


def parse(text: str) -> Kernel:
    """The one kernel of a module."""
    text = re.sub(r"//[^\n]*", "", text)
    head = re.search(r"\.entry\s+(\w+)\s*\((.*?)\)(.*?)\{", text, re.S)
    if not head:
        raise PTXError("no kernel")
    parameters = []
    for entry in filter(str.strip, head[2].split(",")):
        kind = re.search(r"\.param\s+\.(\w+)", entry)[1]
        parameters.append((entry.split()[-1], TYPES[kind]))
    body = text[head.end() : text.rindex("}")]
    outside = text[: head.start()]
    shared, size = {}, 0
    for align, kind, name, count in re.findall(
        r"\.shared\s+\.align\s+(\d+)\s+\.(\w+)\s+([\w$]+)(?:\[(\d+)\])?\s*;", outside + body
    ):
        size = -(-size // int(align)) * int(align)
        shared[name] = size
        size += int(count or 1) * np.dtype(TYPES[kind]).itemsize
    registers, code, labels = {}, [], {}
    for statement in body.split(";"):
        while found := re.match(r"\s*(?:[{}]|([$\w]+):(?!:))", statement):
            if found[1]:
                labels[found[1]] = len(code)
            statement = statement[found.end() :]
        statement = " ".join(statement.split())
        if not statement or statement.startswith((".shared", ".loc", ".file", ".pragma")):
            continue
        if declared := re.match(r"\.reg \.(\w+) (.*)", statement):
            for name in declared[2].split(","):
                registers[re.sub(r"<\d+>", "", name).strip()] = TYPES[declared[1]]
            continue
        guard = re.match(r"@(!?)([%\w]+)\s+", statement)
        rest = statement[guard.end() :] if guard else statement
        op, _, operands = rest.partition(" ")
        name = op.split(".")[0]
        code.append(
            Instruction(
                guard[2] if guard else "",
                bool(guard and guard[1]),
                name,
                tuple(op.split(".")[1:]),
                _operands(operands),
                statement,
            )
        )
    leaders = set(labels.values())
    for i, ins in enumerate(code):
        if ins.op in ("bra", "ret", "exit", "bar", "barrier"):
            leaders.add(i + 1)
    return Kernel(head[1], parameters, registers, shared, max(size, 1), code, labels, leaders)


# Memory.


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


class _Marks:
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


def launch(kernel: Kernel, grid, threads, arguments, memory: Memory, check=True) -> Counters:
    """Runs all blocks. `arguments`: one number or address for each parameter."""
    counters = Counters()
    per_block = int(np.prod(threads))
    total = int(np.prod(grid))
    marks = [_Marks(content.size) for _, content in memory.buffers] if check else None
    loads = [np.zeros(content.size, np.bool_) for _, content in memory.buffers]
    stores = [np.zeros(content.size, np.bool_) for _, content in memory.buffers]
    chunk = max(1, (1 << 15) // per_block)
    for first in range(0, total, chunk):
        blocks = np.arange(first, min(first + chunk, total))
        _Run(kernel, grid, threads, blocks, arguments, memory, counters, marks, loads, stores).go()
    counters.touched_loads = int(sum(x.sum() for x in loads))
    counters.touched_stores = int(sum(x.sum() for x in stores))
    return counters


class _Run:
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
        self.shared_marks = _Marks(self.shared.size) if marks is not None else None
        self.epoch = np.zeros(len(blocks), np.int64)
        self.lanes = np.arange(self.count)
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

    # Memory.

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

    def _place(self, space, addresses, width, lanes, writes):
        """The bytes of a memory, and where accesses of these lanes are in it."""
        if addresses.size and (addresses % width).any():
            self.fail(PTXError, f"an access of {width} bytes that is not aligned")
        if space == "shared":
            if (addresses < 0).any() or (addresses + width > self.kernel.shared_bytes).any():
                self.fail(BoundsError, "outside of shared memory")
            where = self.block_of[lanes] * self.kernel.shared_bytes + addresses
            if self.shared_marks is not None:
                self.shared_marks.check(self, where, width, lanes, writes)
            self.counters.shared += lanes.size * width
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
        warps = (self.block_of[lanes].astype(np.int64) * self.per_block + self.local[lanes]) // 32
        self.counters.sectors += np.unique(warps * (1 << 40) + addresses // 32).size
        if writes:
            self.counters.stored += lanes.size * width
        else:
            self.counters.loaded += lanes.size * width
        return content, where

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
        names = _operands(register[1:-1]) if register.startswith("{") else [register]
        for i, name in enumerate(names):
            content, where = self._place(space, addresses + i * width, width, lanes, not loads)
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

    # Instructions.

    def execute(self, ins, lanes):
        method = getattr(self, f"_op_{ins.op}", None)
        if method is None:
            self.fail(PTXError, f"the machine does not know {ins.op}")
        method(ins, lanes)

    def _op_ld(self, ins, lanes):
        self._memory(ins, lanes)

    _op_st = _op_ld

    def _kind(self, ins):
        return TYPES[ins.parts[-1]]

    def _sources(self, ins, kind=None):
        kind = kind or self._kind(ins)
        return [self._widened(o, kind) for o in ins.operands[1:]]

    def _widened(self, text, kind):
        """An operand; registers may be wider than the instruction's type."""
        if text.startswith("%") and text not in self.special:
            register = self._register(text)
            if register.dtype.itemsize > np.dtype(kind).itemsize and register.dtype != np.bool_:
                return register.astype(UNSIGNED[np.dtype(kind).itemsize]).view(kind)
        return self.read(text, kind)

    def _op_mov(self, ins, lanes):
        to, source = ins.operands
        kind = self._kind(ins)
        if to.startswith("{"):
            names = _operands(to[1:-1])
            parts = (
                self.read(source, kind).view(UNSIGNED[np.dtype(kind).itemsize // len(names)]).reshape(self.count, -1)
            )
            for i, name in enumerate(names):
                self.write(name, lanes, np.ascontiguousarray(parts[:, i]))
        elif source.startswith("{"):
            names = _operands(source[1:-1])
            width = np.dtype(kind).itemsize // len(names)
            parts = [self._widened(n, UNSIGNED[width]) for n in names]
            self.write(
                to, lanes, np.ascontiguousarray(np.stack(parts, 1)).view(UNSIGNED[np.dtype(kind).itemsize])[:, 0]
            )
        else:
            self.write(to, lanes, self.read(source, kind))

    def _op_cvta(self, ins, lanes):
        self.write(ins.operands[0], lanes, self.read(ins.operands[1], np.uint64))

    def _arithmetic(self, ins, lanes, function):
        self.write(ins.operands[0], lanes, np.asarray(function(*self._sources(ins))).astype(self._kind(ins)))

    def _op_add(self, ins, lanes):
        self._arithmetic(ins, lanes, np.add)

    def _op_sub(self, ins, lanes):
        self._arithmetic(ins, lanes, np.subtract)

    def _op_mul(self, ins, lanes):
        if "wide" in ins.parts:
            kind = self._kind(ins)
            double = {np.uint16: np.uint32, np.int16: np.int32, np.uint32: np.uint64, np.int32: np.int64}[kind]
            x, y = self._sources(ins)
            self.write(ins.operands[0], lanes, x.astype(double) * y.astype(double))
        elif "hi" in ins.parts:
            x, y = self._sources(ins)
            width = 8 * x.dtype.itemsize
            made = [(int(a) * int(b)) >> width for a, b in zip(x, y, strict=True)]
            self.write(ins.operands[0], lanes, np.array([m & ((1 << width) - 1) for m in made], UNSIGNED[width // 8]))
        else:
            self._arithmetic(ins, lanes, np.multiply)

    def _op_mad(self, ins, lanes):
        if "wide" in ins.parts:
            kind = self._kind(ins)
            double = {np.uint32: np.uint64, np.int32: np.int64, np.uint16: np.uint32, np.int16: np.int32}[kind]
            x, y = (self._widened(o, kind).astype(double) for o in ins.operands[1:3])
            self.write(ins.operands[0], lanes, x * y + self.read(ins.operands[3], double))
        else:
            self._arithmetic(ins, lanes, lambda x, y, z: x * y + z)

    def _op_fma(self, ins, lanes):
        wide = F64 if self._kind(ins) is F32 else np.longdouble if self._kind(ins) is F64 else F32
        self._arithmetic(ins, lanes, lambda x, y, z: x.astype(wide) * y.astype(wide) + z.astype(wide))

    def _op_div(self, ins, lanes):
        def divide(x, y):
            if x.dtype.kind not in "iu":
                return x / y
            safe = np.where(y == 0, 1, y).astype(y.dtype)
            return np.where(x < 0, -(-x // safe), x // safe) if x.dtype.kind == "i" else x // safe

        self._arithmetic(ins, lanes, divide)

    def _op_rem(self, ins, lanes):
        self._arithmetic(ins, lanes, lambda x, y: np.fmod(x, np.where(y == 0, 1, y).astype(y.dtype)))

    def _op_min(self, ins, lanes):
        self._arithmetic(ins, lanes, np.minimum if "NaN" in ins.parts else np.fmin)

    def _op_max(self, ins, lanes):
        self._arithmetic(ins, lanes, np.maximum if "NaN" in ins.parts else np.fmax)

    def _op_abs(self, ins, lanes):
        self._arithmetic(ins, lanes, np.abs)

    def _op_neg(self, ins, lanes):
        self._arithmetic(ins, lanes, np.negative)

    def _op_rcp(self, ins, lanes):
        self._arithmetic(ins, lanes, lambda x: 1 / x)

    def _op_sqrt(self, ins, lanes):
        self._arithmetic(ins, lanes, np.sqrt)

    def _op_rsqrt(self, ins, lanes):
        self._arithmetic(ins, lanes, lambda x: 1 / np.sqrt(x.astype(F64)))

    def _op_ex2(self, ins, lanes):
        self._arithmetic(ins, lanes, np.exp2)

    def _op_lg2(self, ins, lanes):
        self._arithmetic(ins, lanes, np.log2)

    def _op_sin(self, ins, lanes):
        self._arithmetic(ins, lanes, np.sin)

    def _op_cos(self, ins, lanes):
        self._arithmetic(ins, lanes, np.cos)

    def _op_tanh(self, ins, lanes):
        self._arithmetic(ins, lanes, np.tanh)

    def _op_copysign(self, ins, lanes):
        # PTX: the sign of the first operand.
        self._arithmetic(ins, lanes, lambda sign, x: np.copysign(x, sign))

    def _bits(self, ins, lanes, function):
        kind = np.bool_ if ins.parts[-1] == "pred" else self._kind(ins)
        self.write(ins.operands[0], lanes, function(*self._sources(ins, kind)))

    def _op_and(self, ins, lanes):
        self._bits(ins, lanes, np.bitwise_and)

    def _op_or(self, ins, lanes):
        self._bits(ins, lanes, np.bitwise_or)

    def _op_xor(self, ins, lanes):
        self._bits(ins, lanes, np.bitwise_xor)

    def _op_not(self, ins, lanes):
        self._bits(ins, lanes, np.invert)

    def _shift(self, ins, lanes, function):
        kind = self._kind(ins)
        x, by = self._widened(ins.operands[1], kind), self.read(ins.operands[2], np.uint32)
        width = 8 * np.dtype(kind).itemsize
        far = by >= width
        made = function(x, np.where(far, 0, by).astype(kind))
        beyond = np.where(x < 0, -1, 0).astype(kind) if ins.op == "shr" and x.dtype.kind == "i" else np.zeros_like(x)
        self.write(ins.operands[0], lanes, np.where(far, beyond, made))

    def _op_shl(self, ins, lanes):
        self._shift(ins, lanes, np.left_shift)

    def _op_shr(self, ins, lanes):
        self._shift(ins, lanes, np.right_shift)

    def _op_bfe(self, ins, lanes):
        kind = self._kind(ins)
        if np.dtype(kind).kind != "u":
            self.fail(PTXError, "the machine does not know signed bfe")
        x = self.read(ins.operands[1], kind)
        start, length = (self.read(o, np.uint32).astype(kind) for o in ins.operands[2:4])
        self.write(ins.operands[0], lanes, (x >> start & ((kind(1) << length) - kind(1))).astype(kind))

    def _op_clz(self, ins, lanes):
        x = self.read(ins.operands[1], self._kind(ins))
        self.write(ins.operands[0], lanes, np.array([8 * x.dtype.itemsize - int(v).bit_length() for v in x], np.uint32))

    def _op_popc(self, ins, lanes):
        self.write(
            ins.operands[0],
            lanes,
            np.array([int(v).bit_count() for v in self.read(ins.operands[1], self._kind(ins))], np.uint32),
        )

    def _op_prmt(self, ins, lanes):
        a, b, choice = (self.read(o, np.uint32) for o in ins.operands[1:4])
        both = a.astype(np.uint64) | b.astype(np.uint64) << np.uint64(32)
        made = np.zeros(self.count, np.uint32)
        for i in range(4):
            nibble = choice >> np.uint32(4 * i) & np.uint32(15)
            byte = (both >> (8 * (nibble & 7)).astype(np.uint64) & np.uint64(255)).astype(np.uint32)
            byte = np.where(nibble & 8, np.where(byte & 128, 255, 0), byte).astype(np.uint32)
            made |= byte << np.uint32(8 * i)
        self.write(ins.operands[0], lanes, made)

    def _op_selp(self, ins, lanes):
        kind = self._kind(ins)
        x, y = (self._widened(o, kind) for o in ins.operands[1:3])
        self.write(ins.operands[0], lanes, np.where(self.read(ins.operands[3], np.bool_), x, y))

    def _op_setp(self, ins, lanes):
        x, y = (self._widened(o, self._kind(ins)) for o in ins.operands[1:3])
        name = ins.parts[0]
        neither = np.isnan(x) | np.isnan(y) if self._kind(ins) in (F16, BF16, F32, F64) else np.zeros(self.count, bool)
        order = {"lo": "lt", "ls": "le", "hi": "gt", "hs": "ge"}.get(name, name)
        if order in ("num", "nan"):
            made = neither if order == "nan" else ~neither
        else:
            compare = {
                "eq": np.equal,
                "ne": np.not_equal,
                "lt": np.less,
                "le": np.less_equal,
                "gt": np.greater,
                "ge": np.greater_equal,
            }
            unordered = order.endswith("u") and order[:-1] in compare
            made = compare[order[:-1] if unordered else order](x, y)
            made = made | neither if unordered else made & ~neither
        for more in ins.parts[1:-1]:
            if more in ("and", "or", "xor"):
                made = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}[more](
                    made, self.read(ins.operands[3], np.bool_)
                )
        self.write(ins.operands[0], lanes, made)

    def _op_cvt(self, ins, lanes):
        to_name, from_name = ins.parts[-2], ins.parts[-1]
        if to_name == "tf32":
            bits = self.read(ins.operands[1], np.uint32)
            rounded = (bits.astype(np.uint64) + 0x1000).astype(np.uint32) & np.uint32(0xFFFFE000)
            self.write(ins.operands[0], lanes, np.where(np.isnan(bits.view(F32)), np.uint32(0x7FFFFFFF), rounded))
            return
        to, source = TYPES[to_name], TYPES[from_name]
        x = self._widened(ins.operands[1], source)
        if to in (F16, BF16, F32, F64) or source in (F16, BF16, F32, F64):
            rounding = next((p for p in ins.parts if p in ("rni", "rzi", "rmi", "rpi", "rn", "rz")), "rn")
            if rounding in ("rni", "rzi", "rmi", "rpi"):
                x = {"rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}[rounding](x.astype(F64)).astype(
                    F64
                )
            if to not in (F16, BF16, F32, F64):
                limits = np.iinfo(to)
                x = np.where(np.isnan(x), 0, np.clip(x, float(limits.min), float(limits.max)))
                made = np.array([min(max(int(v), limits.min), limits.max) for v in x], to)
            else:
                made = x.astype(to)
        else:
            made = x.astype(to)
        self.write(ins.operands[0], lanes, made)

    def _op_shfl(self, ins, lanes):
        to = ins.operands[0].split("|")[0]
        value, by = self.read(ins.operands[1], np.uint32), self.read(ins.operands[2], np.uint32).astype(np.int64)
        lane = self.local % 32
        mode = ins.parts[1]
        if mode != "bfly":
            self.fail(PTXError, f"the machine does not know shfl.{mode}")
        source = self.lanes - lane + (lane ^ by)
        if not np.isin(source[lanes], lanes).all():
            self.fail(PTXError, "a shuffle from a thread that does not take part")
        self.write(to, lanes, value[source])

    # Tensor cores.

    def _element(self, name, packed):
        """A register's elements as f32: two halves, or one rounded to tf32."""
        bits = self.read(name, np.uint32)
        if packed is F32:
            return (bits & np.uint32(0xFFFFE000)).view(F32)[:, None]
        return bits.view(packed).reshape(self.count, 2).astype(F32)

    def _op_mma(self, ins, lanes):
        shape = next(p for p in ins.parts if re.fullmatch(r"m16n8k\d+", p))
        depth = int(shape[6:])
        packed = {"f16": F16, "bf16": BF16, "tf32": F32}[ins.parts[-2]]
        if lanes.size % 32 or (lanes.reshape(-1, 32) % 32 != np.arange(32)).any():
            self.fail(PTXError, "mma.sync of a warp that is not whole")
        d, a, b, c = (_operands(o[1:-1]) for o in ins.operands)
        group, member = np.arange(32) // 4, np.arange(32) % 4
        pack = 1 if packed is F32 else 2
        warps = lanes.size // 32
        left, right = np.zeros((warps, 16, depth), F32), np.zeros((warps, depth, 8), F32)
        for i, name in enumerate(a):
            values = self._element(name, packed)[lanes].reshape(warps, 32, pack)
            for j in range(pack):
                left[:, group + 8 * (i % 2), member * pack + j + i // 2 * (depth // 2)] = values[:, :, j]
        for i, name in enumerate(b):
            values = self._element(name, packed)[lanes].reshape(warps, 32, pack)
            for j in range(pack):
                right[:, member * pack + j + i * (depth // 2), group] = values[:, :, j]
        product = left @ right
        for i, (to, added) in enumerate(zip(d, c, strict=True)):
            values = np.zeros(self.count, F32)
            part = product[:, group + 8 * (i // 2), 2 * member + i % 2]
            values[lanes] = self.read(added, F32)[lanes] + part.reshape(-1)
            self.write(to, lanes, values)
        self.counters.tensor_flops += warps * 2 * 16 * 8 * depth

    def _matrix(self, descriptor, rows, depth, kind, block):
        """Core matrices of shared memory, without swizzling, the sum's direction first."""
        unit = lambda low: (int(descriptor) >> low & 0x3FFF) * 16
        start, along_sum, along_rows = unit(0), unit(16), unit(32)
        reach = 16 // np.dtype(kind).itemsize
        r, k = np.arange(rows)[:, None], np.arange(depth)[None, :]
        offset = start + r // 8 * along_rows + k // reach * along_sum + r % 8 * 16 + k % reach * np.dtype(kind).itemsize
        if int(offset.max()) + np.dtype(kind).itemsize > self.kernel.shared_bytes:
            self.fail(BoundsError, "a matrix outside of shared memory")
        at = offset[:, :, None] + np.arange(np.dtype(kind).itemsize)
        return np.ascontiguousarray(self.shared[block][at]).view(kind)[:, :, 0].astype(F32)

    def _op_wgmma(self, ins, lanes):
        if ins.parts[0] != "mma_async":
            return  # fences: the machine does everything at once
        shape = re.fullmatch(r"m64n(\d+)k(\d+)", next(p for p in ins.parts if p.startswith("m64")))
        columns, depth = int(shape[1]), int(shape[2])
        kind = {"f16": F16, "bf16": BF16, "tf32": F32}[ins.parts[-1]]
        sums = _operands(ins.operands[0][1:-1])
        if (
            [o for o in ins.operands[4:] if o not in ("1", "0")]
            or ins.operands[4:6] != ["1", "1"]
            or "1" in ins.operands[6:]
        ):
            self.fail(PTXError, "wgmma with scales or transposed operands")
        a, b = (self.read(o, np.uint64) for o in ins.operands[1:3])
        keeps = self.read(ins.operands[3], np.bool_)
        local = np.arange(128)
        row = local // 32 * 16 + local % 32 // 4
        values = {name: self.read(name, F32).copy() for name in sums}
        for block in np.unique(self.block_of[lanes]):
            mine = lanes[self.block_of[lanes] == block]
            if mine.size != 128:
                self.fail(PTXError, "wgmma of a warpgroup that is not whole")
            left = self._matrix(a[mine[0]], 64, depth, kind, block)
            right = self._matrix(b[mine[0]], columns, depth, kind, block)
            if kind is F32:
                left, right = ((x.view(np.uint32) & np.uint32(0xFFFFE000)).view(F32) for x in (left, right))
            product = left @ right.T
            for i, name in enumerate(sums):
                column = i // 4 * 8 + local % 4 * 2 + i % 2
                part = product[row + i % 4 // 2 * 8, column]
                values[name][mine] = np.where(keeps[mine], values[name][mine], 0) + part
            self.counters.tensor_flops += 2 * 64 * columns * depth
        for name in sums:
            self.write(name, lanes, values[name])

    def _op_fence(self, ins, lanes):
        pass
