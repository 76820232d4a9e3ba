"""Artefacts in C programs: made, linked and run, on this machine or an emulated one."""

import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tfc.export import compile
from tfc.export.blob import blob_header

STRICT = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic"]


@dataclass(frozen=True)
class Target:
    """A machine: its compiler and what runs its programs."""

    triple: str
    cc: str
    nm: str
    emulator: tuple = ()
    packages: tuple = ()

    def require(self):
        """Skips the test, loudly, where the tools are missing and cannot be installed."""
        missing = self._missing()
        if missing and self.packages:
            _install(self.packages)
            _compiles.cache_clear()
            missing = self._missing()
        if missing:
            reason = f"NOT TESTED for {self.triple}: {', '.join(missing)} missing; install {' '.join(self.packages) or 'gcc'}"
            warnings.warn(reason, stacklevel=2)
            pytest.skip(reason)

    def _missing(self) -> list:
        missing = [tool for tool in (self.cc, self.nm, *self.emulator[:1]) if shutil.which(tool) is None]
        # A compiler may be there without the headers of its libc.
        return missing or ([] if _compiles(self.cc) else [f"the headers of {self.cc}"])


@functools.cache
def _compiles(cc: str) -> bool:
    command = [cc, "-xc", "-fsyntax-only", "-"]
    return (
        subprocess.run(command, input="#include <stdio.h>\n", text=True, capture_output=True, check=False).returncode
        == 0
    )


HOST = Target("", "cc", "nm")
AARCH64 = Target(
    "aarch64-linux-gnu", "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-nm", ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"),
    ("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user"),
)  # fmt: skip
ARMV7 = Target(
    "armv7-linux-gnueabihf", "arm-linux-gnueabihf-gcc", "arm-linux-gnueabihf-nm",
    ("qemu-arm", "-L", "/usr/arm-linux-gnueabihf"), ("gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross", "qemu-user"),
)  # fmt: skip
TARGETS = {"x86": HOST, "aarch64": AARCH64, "armv7": ARMV7}


def _install(packages) -> None:
    """One attempt a machine; for root only, without questions."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    with open(Path(tempfile.gettempdir(), "tfc-test-install.lock"), "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if " ".join(packages) in lock.read():
            return
        lock.write(" ".join(packages) + "\n")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-q", *command], env=environment, capture_output=True, timeout=600, check=False)


def link(folder, objects, source, target=HOST, flags=STRICT, name="main"):
    """The program of a C (or, named .cpp, C++) source and objects."""
    target.require()
    folder = Path(folder)
    (folder / f"{name}.c").write_text(source)
    command = [target.cc, *flags, f"{name}.c", *objects, "-lm", "-o", name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / name


def execute(program, target=HOST, *arguments, cwd=None):
    return subprocess.run(
        [*target.emulator, str(program), *arguments], capture_output=True, text=True, timeout=120, check=False, cwd=cwd
    )


@dataclass
class Outcome:
    """What one call of an entry gave."""

    status: int
    results: list
    message: str = ""
    location: str = ""


_CODES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32",
          "float64", "complex64", "complex128"]  # fmt: skip


def run_calls(folder, functions, calls, target=HOST, prelude="", flags=STRICT, **options):
    """Compiles functions, calls entries of them in a C program, one after the other on one state, through the descriptor interface.

    `calls`: (entry, [numpy arrays]). `prelude`: C text before the header; it may define SETUP, statements that set up `host`.
    Returns (`Outcome`s, the state after them as bytes).
    """
    return run_units(folder, {"unit": (functions, calls)}, target, prelude, flags, **options)["unit"]


def run_units(folder, units, target=HOST, prelude="", flags=STRICT, **options):
    """The same for several artefacts in one program: `units` has (functions, calls) by name, the result what `run_calls` returns."""
    target.require()
    made = {}
    for name, (functions, calls) in units.items():
        made[name] = compile(functions, Path(folder, f"{name}.o"), target=target.triple, **options), calls
    text = [prelude, "#ifndef SETUP", "#define SETUP", "#endif", "#include <stdio.h>"]
    text += [f'#include "{name}.h"' for name in made]
    text += ["static FILE *out;", "static void put(const void *p, size_t n) { if (n) fwrite(p, 1, n, out); }"]
    text += [_unit(name, artifact, calls) for name, (artifact, calls) in made.items()]
    text += [
        "int main(void) {",
        '  out = fopen("out.bin", "wb");',
        *(f"  run_{name}();" for name in made),
        "  return fclose(out);",
        "}",
    ]
    program = link(folder, [f"{name}.o" for name in made], "\n".join(text) + "\n", target, flags)
    done = execute(program, target, cwd=folder)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
    content = _Content(Path(folder, "out.bin").read_bytes())
    return {name: _read(artifact, calls, content) for name, (artifact, calls) in made.items()}


def _unit(name, artifact, calls) -> str:
    state = "&state, " if artifact.variables else ""
    lines = [f"static void run_{name}(void) {{", "  static tfc_host host;"]
    lines += [f"  static {artifact.prefix}_state state;", f"  {artifact.prefix}_init(&state);"] if state else []
    lines.append("  SETUP")
    for entry_name, arrays in calls:
        lines += _call(artifact, artifact.entry(entry_name), arrays, state)
    if state:
        lines += [
            "  {",
            f"    static unsigned char b[{artifact.prefix}_state_bytes];",
            f"    {artifact.prefix}_save(&state, b);",
        ]
        lines += ["    put(b, sizeof b);", "  }"]
    return "\n".join([*lines, "}"])


def _call(artifact, entry, arrays, state) -> list:
    lines = ["  {"]
    for i, array in enumerate(arrays):
        content = np.ascontiguousarray(array).tobytes() or b"\0"
        lines.append(f"    static TFC_ALIGNED unsigned char a{i}[] = {{{','.join(map(str, content))}}};")
        lines.append(f"    static int64_t s{i}[] = {{{','.join(map(str, np.shape(array))) or '0'}}};")
    for i, buffer in enumerate(entry.results):
        if buffer.is_static:
            lines.append(f"    static TFC_ALIGNED unsigned char r{i}[{max(buffer.nbytes, 1)}];")
        shape = ",".join(str(d or 0) for d in buffer.shape) or "0"
        lines.append(f"    static int64_t t{i}[] = {{{shape}}};")
    lines += [
        f"    tfc_tensor_desc in[{max(1, len(arrays))}], res[{max(1, len(entry.results))}];",
        "    int32_t status;",
    ]
    lines += ["    (void)in;", "    (void)res;"]
    fields = ("data", "dtype", "rank", "shape")
    for i, array in enumerate(arrays):
        values = (f"a{i}", _CODES.index(str(array.dtype)), array.ndim, f"s{i}")
        lines += [f"    in[{i}].{f} = {v};" for f, v in zip(fields, values, strict=True)]
    for i, buffer in enumerate(entry.results):
        values = (f"r{i}" if buffer.is_static else "NULL", _CODES.index(buffer.dtype.name), len(buffer.shape), f"t{i}")
        lines += [f"    res[{i}].{f} = {v};" for f, v in zip(fields, values, strict=True)]
    function = artifact.prefix if entry.name == artifact.prefix else f"{artifact.prefix}_{entry.name}"
    lines.append(f"    status = {function}_call(&host, {state}in, {len(arrays)}, res, {len(entry.results)});")
    lines += [
        "    put(&status, 4);",
        "    put(host.message, 256);",
        "    put(host.location, 128);",
        "    if (status == 0) {",
    ]
    for i, buffer in enumerate(entry.results):
        count = "*".join(["(size_t)1", *(f"(size_t)t{i}[{k}]" for k in range(len(buffer.shape)))])
        lines.append(f"      put(t{i}, {8 * len(buffer.shape)});")
        lines.append(f"      put(res[{i}].data, {count} * {buffer.dtype.size});")
        if not buffer.is_static:
            lines.append(f"      tfc_release(&host, res[{i}].data);")
    return [*lines, "    }", "  }"]


class _Content:
    def __init__(self, content: bytes):
        self.content, self.at = content, 0

    def take(self, n: int) -> bytes:
        assert self.at + n <= len(self.content)
        self.at += n
        return self.content[self.at - n : self.at]


def _read(artifact, calls, content):
    outcomes = []
    for name, _ in calls:
        status = int.from_bytes(content.take(4), "little")
        message, location = (content.take(n).split(b"\0")[0].decode() for n in (256, 128))
        results = []
        for buffer in artifact.entry(name).results if status == 0 else ():
            shape = np.frombuffer(content.take(8 * len(buffer.shape)), np.int64)
            data = content.take(int(np.prod(shape)) * buffer.dtype.size)
            results.append(np.frombuffer(data, buffer.dtype.np_dtype).reshape(shape))
        outcomes.append(Outcome(status, results, message if status else "", location if status else ""))
    size = len(blob_header(artifact)[0]) + sum(v.nbytes for v in artifact.variables)
    return outcomes, content.take(size) if artifact.variables else b""


def run_tool(*command) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def undefined_symbols(path, target=HOST) -> set:
    target.require()
    done = subprocess.run([target.nm, "-u", str(path)], capture_output=True, text=True, check=True)
    return {line.split()[-1].split("@")[0] for line in done.stdout.splitlines() if line.split()}
