"""``tfc-run``: runs an artefact or an MLIR file with inputs from the command line."""

from __future__ import annotations

import argparse
import ast
import re
import sys
import time
from pathlib import Path

import numpy as np

from tfc.dtypes import as_dtype
from tfc.errors import page
from tfc.export.loader import LoadedArtifact, LoadedEntry, load
from tfc.export.mlir_code import load_mlir
from tfc.export.model import Buffer
from tfc.export.sources import read_mlir

_FILLS = ("zeros", "ones", "rand", "randn", "iota")
_SHAPED = re.compile(r"(?P<dims>\d+(?:x\d+)*)x(?P<dtype>[a-z]+\d*)(?:=(?P<fill>.+))?", re.S)
_SHORT = {"f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64", "i1": "bool"}
_SHORT |= {f"{k}{n}": f"{v}{n}" for k, v in (("i", "int"), ("u", "uint"), ("ui", "uint")) for n in (8, 16, 32, 64)}

_EPILOG = """\
inputs, in order or as NAME=...:
  2.5   [1,2,3]   [[1,2],[3,4]]    numbers, of the argument's dtype
  x.npy                            a file
  4x8xf32=rand                     a shape and a dtype, filled with rand, randn, zeros, ones, iota or a number
  rand  zeros  iota  ones          the same for arguments of known shape
examples:
  tfc-run build/step.so --input x=4x8xf32=rand --benchmark
  tfc-run build/counter.so --entry step --input 3 --repeat 5 --save-state state.safetensors
  tfc-run step.mlir --input '[1,2]' --output out.npy
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tfc-run",
        description="Run what tfc-compile wrote (.so, .o, .json), or an .mlir file.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("artefact", type=Path, help="the file; the manifest (.json) of a .so or .o stands beside it")
    parser.add_argument("--entry", help="which function, if there are several")
    parser.add_argument("--input", action="append", default=[], metavar="[NAME=]VALUE", help="see below")
    parser.add_argument(
        "--output", action="append", default=[], metavar="[NAME=]FILE.npy", help="saves a result instead of printing it"
    )
    parser.add_argument("--state", type=Path, help="the variables' values before, a file that --save-state or C wrote")
    parser.add_argument("--save-state", type=Path, help="writes the variables' values after")
    parser.add_argument("--repeat", type=int, default=1, help="calls it so many times; the last results are shown")
    parser.add_argument("--benchmark", action="store_true", help="measures calls instead of showing results")
    parser.add_argument("--seed", type=int, default=0, help="of random inputs")
    parser.add_argument(
        "--no-verify", action="store_true", help="runs a library that was changed after it was compiled"
    )
    parser.add_argument("--list", action="store_true", help="shows entries, variables and target, and runs nothing")
    return parser


def run(arguments: list[str]) -> None:
    """Does what the command line says; raises on errors."""
    options = _parser().parse_args(arguments)
    if not options.artefact.is_file():
        raise FileNotFoundError(page(f"there is no file {options.artefact}"))
    mlir = options.artefact.suffix in (".mlir", ".mlirbc")
    loaded = load_mlir(read_mlir(options.artefact)) if mlir else load(options.artefact, verify=not options.no_verify)
    if options.list:
        _show(loaded)
        return
    try:
        entry = loaded.entries[loaded.artifact.entry(options.entry).name]
    except KeyError as e:
        raise ValueError(e.args[0]) from None
    if options.state is not None:
        loaded.state.load(options.state)
    values = _inputs(entry, options.input, np.random.default_rng(options.seed))
    if options.benchmark:
        _benchmark(entry, values)
    else:
        results = None
        for _ in range(max(1, options.repeat)):
            results = entry(**values)
        _write(entry, results, options.output)
    if options.save_state is not None:
        loaded.state.save(options.save_state)


def _show(loaded: LoadedArtifact) -> None:
    artifact = loaded.artifact
    target = (artifact.target, artifact.cpu, artifact.features, *artifact.versions)
    print(f"{artifact.prefix} for {' '.join(filter(None, target))}")
    for entry in artifact.entries:
        print(f"entry {entry.name}: {entry.signature}")
        for role, buffers in (("in ", entry.arguments), ("out", entry.results)):
            for buffer in buffers:
                print(f"  {role} {buffer.name}: {buffer.text()}")
    for variable in artifact.variables:
        print(f"variable {variable.name}: {variable.text()}")


# Inputs.


def _inputs(entry: LoadedEntry, texts: list[str], random) -> dict:
    buffers = entry.entry.arguments
    names = {name: b for b in buffers for name in (b.title, b.name)}
    values: dict = {}
    for text in texts:
        head, equals, rest = text.partition("=")
        if equals and head in names:
            buffer, text = names[head], rest
        else:
            buffer = next((b for b in buffers if b.name not in values), None)
            if buffer is None:
                raise ValueError(page(f"too many inputs: {text}", want=f"{len(buffers)} of {entry.entry.signature}"))
        if buffer.name in values:
            raise ValueError(f"two inputs for {buffer.name}")
        values[buffer.name] = parse_input(text, buffer, random)
    missing = [f"{b.name}: {b.text()}" for b in buffers if b.name not in values]
    if missing:
        raise ValueError(page(f"inputs are missing for {', '.join(missing)}", fix=f"--input {buffers[0].name}=..."))
    return values


def parse_input(text: str, buffer: Buffer, random) -> np.ndarray:
    """The array that the text of an input means for an argument."""
    text = text.strip().removeprefix("@")
    if text.endswith(".npy"):
        array = np.load(text, allow_pickle=False)
        void = array.dtype.kind == "V" and array.dtype.itemsize == buffer.dtype.size
        return array.view(buffer.dtype.np_dtype) if void else array
    shaped = _SHAPED.fullmatch(text)
    if shaped is not None:
        shape = tuple(int(d) for d in shaped["dims"].split("x"))
        dtype = as_dtype(_SHORT.get(shaped["dtype"], shaped["dtype"]))
        return _filled(shape, dtype, shaped["fill"] or "zeros", random)
    if text in _FILLS:
        if not buffer.is_static:
            raise ValueError(
                page(f"{buffer.name} has unknown sizes: {buffer.text()}", fix=f"{buffer.name}=4x8xf32={text}")
            )
        return _filled(buffer.shape, buffer.dtype, text, random)
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise ValueError(
            page(f"cannot read the input {text!r}", want="a number, a list, a .npy file, or 4x8xf32=rand")
        ) from None
    return np.array(value, buffer.dtype.np_dtype)


def _filled(shape, dtype, fill: str, random) -> np.ndarray:
    if fill == "rand":
        made = (
            random.integers(0, 2 if dtype.is_bool else 100, shape)
            if dtype.is_integer or dtype.is_bool
            else random.random(shape)
        )
    elif fill == "randn":
        made = random.standard_normal(shape)
    elif fill == "iota":
        made = np.arange(int(np.prod(shape))).reshape(shape)
    elif fill in ("zeros", "ones"):
        made = np.full(shape, int(fill == "ones"))
    else:
        made = np.full(shape, ast.literal_eval(fill))
    return np.asarray(made).astype(dtype.np_dtype)


# Results.


def _write(entry: LoadedEntry, results, outputs: list[str]) -> None:
    buffers = entry.entry.results
    results = () if results is None else results if isinstance(results, tuple) else (results,)
    files: dict[str, str] = {}
    for number, text in enumerate(outputs):
        name, equals, path = text.partition("=")
        buffer = next((b for b in buffers if name in (b.name, b.title)), None) if equals else None
        if buffer is None:
            if equals or number >= len(buffers):
                raise ValueError(page(f"there is no result for {text}", want=", ".join(b.name for b in buffers)))
            buffer, path = buffers[number], text
        files[buffer.name] = path
    for buffer, result in zip(buffers, results, strict=True):
        array = np.asarray(result)
        if buffer.name in files:
            np.save(files[buffer.name], array, allow_pickle=False)
        else:
            print(f"{buffer.name}: {buffer.dtype.name}{list(array.shape)} = {np.array2string(array, threshold=200)}")


def _benchmark(entry: LoadedEntry, values: dict, seconds: float = 1.0) -> None:
    tensors = entry.prepare(values)
    entry.call_prepared(tensors)
    count, taken = 1, 0.0
    while taken < 0.05:
        count *= 2
        taken = _time(entry, tensors, count)
    runs = [_time(entry, tensors, count) / count for _ in range(max(3, min(20, int(seconds / taken))))]
    unit, scale = next(
        (u, s) for u, s in (("ns", 1e9), ("us", 1e6), ("ms", 1e3), ("s", 1)) if min(runs) * s < 1000 or u == "s"
    )
    median = sorted(runs)[len(runs) // 2]
    shown = f"{min(runs) * scale:.3g} {unit} a call (median {median * scale:.3g}"
    print(f"{entry.entry.name}: {shown}, {len(runs)} runs of {count} calls)")


def _time(entry, tensors, count) -> float:
    start = time.perf_counter()
    for _ in range(count):
        entry.call_prepared(tensors)
    return time.perf_counter() - start


def main() -> None:
    try:
        run(sys.argv[1:])
    except BrokenPipeError:
        raise
    except Exception as error:  # a command line shows the message, not our stack
        sys.exit(f"tfc-run: {type(error).__name__}: {error}")
