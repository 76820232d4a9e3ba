"""PTX as data: types, instructions, and the parser of one kernel."""

import re
from dataclasses import dataclass

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


def operands_of(text: str) -> list:
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
                operands_of(operands),
                statement,
            )
        )
    leaders = set(labels.values())
    for i, ins in enumerate(code):
        if ins.op in ("bra", "ret", "exit", "bar", "barrier"):
            leaders.add(i + 1)
    return Kernel(head[1], parameters, registers, shared, max(size, 1), code, labels, leaders)
