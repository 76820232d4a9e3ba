"""Kernels under Oclgrind, an interpreter of OpenCL that finds races, uninitialized values and accesses outside of buffers.

`kernels` makes the OpenCL flavour of a function's kernels, `run` runs one of them. `Driver` is a CUDA driver without a device
(fake_cuda) whose launches run there, so that whole programs do, with their real host code.
"""

import ctypes
import re
import shutil
import subprocess
from pathlib import Path

import fake_cuda
import numpy as np
from tfc.ir import LOCK, compiler, mlir, run_passes, walk

# As the compiler makes kernels for the device of fake_cuda, but for the exchange of registers, which OpenCL 1.2 lacks.
OPTIONS = {"gpu": "nvptx", "gpu_chip": "sm_70", "gpu_subgroup": 0, "gpu_threads": 256, "gpu_shared": 32768}
WRONG = re.compile(r"data race|Invalid (?:read|write)|Uninitialized|exceeds static|divergence", re.I)


def translator():
    return shutil.which("llvm-spirv-14") or shutil.which("llvm-spirv")


class Kernel:
    """One kernel: its name, its SPIR-V, and the types of its arguments in the launch.

    `sizes`: bytes of each buffer (-1: not known here); None in the place of a scalar. The kernel takes its buffers, then its
    scalars as words of 8 bytes in one more buffer.
    """

    def __init__(self, name, code, types):
        self.name, self.code, self.types = name, code, types
        self.sizes = [_bytes(t) for t in types]


def kernels(concrete, change=None) -> dict:
    """The kernels of a concrete function by number. `change` edits the module of kernels before they are compiled."""
    with LOCK:
        module = concrete._graph.function.clone_module()
        for stage in ("tfc-optimize", "tfc-to-linalg", "tfc-pack", "tfc-bufferization", "tfc-buffers-to-kernels"):
            if stage == "tfc-to-linalg":
                module.operation.attributes["tfc.gpu"] = mlir.UnitAttr.get(module.context)
            compiler.run_pipeline(module, stage, OPTIONS)
        if change is not None:
            change(module)
        types = {}
        for op in walk(module.operation):
            if op.name == "gpu.launch_func":
                name = str(op.attributes["kernel"]).split("::")[0].lstrip("@").strip('"')
                types[name] = [str(o.type) for o in list(op.operands)[6:]]
        run_passes(module, "builtin.module(tfc-gpu-to-spirv{opencl=true})")
        codes = {}
        for op in walk(module.operation):
            if op.name == "gpu.binary":
                codes[mlir.StringAttr(op.attributes["sym_name"]).value] = _object(op.get_asm())
    return {int(name.rsplit("_", 1)[1]): Kernel(name, codes[name], types[name]) for name in codes}


def _bytes(type_):
    found = re.fullmatch(r"memref<(?:(\d+|\?)x)?(\w+?)(\d+)(?:, .*)?>", type_)
    if not found:
        return None
    return -1 if found[1] == "?" else int(found[1] or 1) * max(int(found[3]) // 8, 1)


def _object(text):
    """The bytes of `#gpu.object<..., "...">`, as MLIR escapes them."""
    body = re.search(r'"((?:[^"\\]|\\.)*)">\s*\]', text, re.S)[1]
    made, i = bytearray(), 0
    while i < len(body):
        if body[i] == "\\":
            if body[i + 1] in '\\"':
                made.append(ord(body[i + 1]))
                i += 2
            else:
                made.append(int(body[i + 1 : i + 3], 16))
                i += 3
        else:
            made += body[i].encode()
            i += 1
    return bytes(made)


CHECKS = ("--data-races", "--uninitialized")
RACES = CHECKS[:1]


def run(kernel: Kernel, grid, block, values, folder: Path, checks=CHECKS):
    """(what is reported, the buffers afterwards). `values`: the bytes of each buffer."""
    (folder / "k.spv").write_bytes(kernel.code)
    command = [translator(), "-r", "--spirv-target-env=CL2.0", "k.spv", "-o", "k.bc"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    size = lambda numbers: " ".join(map(str, numbers))
    lines = ["k.bc", kernel.name, size(g * b for g, b in zip(grid, block, strict=True)), size(block), ""]
    for value in values:
        lines += [f"<size={len(value)} uchar dump>", size(value)]
    (folder / "k.sim").write_text("\n".join(lines) + "\n")
    command = ["oclgrind-kernel", *checks, "--max-errors", "200", "k.sim"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    report = done.stderr + "".join(line + "\n" for line in done.stdout.splitlines() if WRONG.search(line))
    dumped = re.split(r"Argument '", done.stdout)[1:]
    return report, [np.array(re.findall(r"\] = (\d+)", part), np.uint8) for part in dumped]


def without_barriers(module):
    """Takes every barrier out of the kernels."""
    for op in [op for op in walk(module.operation) if op.name == "gpu.barrier"]:
        op.erase()


class Driver(fake_cuda.Driver):
    """`kernels` is what to run, by number; `reports`: of every launch, what Oclgrind says."""

    def __init__(self, path, folder):
        super().__init__(path)
        self.kernels, self.folder, self.reports, self.checks = {}, folder, [], CHECKS

    def _launch(self, code, name, grid, block, params):
        try:
            kernel = self.kernels[int(name.decode().rsplit("_", 1)[1])]
            memory = self._memory().buffers
            buffers, words = [], []
            for i, bytes_ in enumerate(kernel.sizes):
                if bytes_ is None:
                    width = {"index": 8, "i1": 1}.get(kernel.types[i]) or int(re.sub(r"\D", "", kernel.types[i])) // 8
                    words.append(np.frombuffer(ctypes.string_at(params[i], width).ljust(8, b"\0"), np.uint8))
                    continue
                address = ctypes.c_uint64.from_address(params[i]).value
                begin, content = next((b, c) for b, c in memory if b <= address < b + c.size)
                part = content[address - begin :]
                buffers.append(part if bytes_ < 0 else part[:bytes_])
            given = [*buffers, np.concatenate(words)] if words else buffers
            report, after = run(kernel, tuple(grid[:3]), tuple(block[:3]), given, self.folder, self.checks)
            self.reports.append((name.decode(), report))
            for buffer, content in zip(buffers, after, strict=False):
                if content.size == buffer.size:
                    buffer[:] = content
        except Exception as e:  # across C there is no exception
            self.errors.append(f"{type(e).__name__}: {e}")
