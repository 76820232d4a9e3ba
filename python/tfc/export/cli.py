"""``tfc-compile``: Python functions, modules, saved models and MLIR to object files and libraries."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tfc.export.compile import compile, compile_mlir
from tfc.export.files import SUFFIXES
from tfc.export.sources import Source, Sources, parse_source, read_mlir
from tfc.export.specs import parse_arguments

_EPILOG = """\
examples:
  tfc-compile model.py:step --spec 'float32[?,10]' -o build/step.o
  tfc-compile 'train=model.py:Model.train(float32[32,4], int32[32])' model.py:Model.read -o build/model.a
  tfc-compile saved_model_folder -o build/model.so --target aarch64-linux-gnu --cpu cortex-a72
  tfc-compile step.mlir -o build/step.s
  tfc-compile model.py:step --spec 'float32[64,64]' -o build/step.o --target nvptx64-nvidia-cuda --cpu sm_90
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tfc-compile",
        description="Compile tensor functions ahead of time, to code that needs libc and libm only.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "sources", nargs="+", metavar="[ENTRY=]PATH[:NAME[(SPECS)]]",
        help="FILE.py:FUNCTION, FILE.py:OBJECT (a tf.Module: all its functions), FILE.py:OBJECT.METHOD, FILE.mlir, or "
        "the folder of a saved model; functions of one command share their variables",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, help="the file to write; a .h and a .json come with it")
    parser.add_argument(
        "--spec", action="append", default=[], metavar="[NAME:]DTYPE[DIMS]",
        help="one for each argument, in order; ? is an unknown size, a name an unknown size that is the same wherever "
        "it stands; NAME=VALUE gives a Python value",
    )  # fmt: skip
    parser.add_argument("--prefix", help="begins every C name, default the output's name")
    parser.add_argument("--target", default="", help="LLVM triple, for example aarch64-linux-gnu")
    parser.add_argument(
        "--cpu", default="", metavar="CPU[,BETTER...]",
        help="LLVM CPU name, or native; with several, from the plainest to the best, code for each and a choice at run "
        "time; default the target's baseline (generic), for x86-64 generic,x86-64-v3",
    )  # fmt: skip
    parser.add_argument("--host-target", default="", metavar="TRIPLE", help="of the machine, if --target is a GPU")
    parser.add_argument("--device-format", default="", choices=["ptx", "cubin"], help="of kernels for NVIDIA devices")
    parser.add_argument("--features", default="", help="LLVM features, for example +avx2,+fma")
    parser.add_argument("--emit", help=f"{', '.join(SUFFIXES)}, or several with commas; default by the output's suffix")
    parser.add_argument("-O", dest="opt_level", type=int, choices=range(4), default=2)
    parser.add_argument("--opt-size", action="store_true", help="prefer small code")
    parser.add_argument("--strict-fp", action="store_true", help="no fused multiply-adds, no sums in another order")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="share large loops; 0: among all cores")
    parser.add_argument("--cxx-class", metavar="[NS::]NAME", help="also write a C++ class (.hpp) around the one entry")
    parser.add_argument("--linker", help="makes shared libraries; default the target's C compiler, or lld")
    parser.add_argument("--sanitize", choices=["address"], help="instrument memory accesses")
    parser.add_argument("-q", "--quiet", action="store_true")
    return parser


def run(arguments: list[str]) -> None:
    """Compiles as the command line says; raises on errors."""
    options = _parser().parse_args(arguments)
    start = time.perf_counter()
    sources = [parse_source(text) for text in options.sources]
    kinds = {kind: getattr(options, kind) for kind in ("prefix", "target", "cpu", "features", "emit", "opt_level")}
    more = ("opt_size", "strict_fp", "threads", "cxx_class", "linker", "sanitize", "host_target", "device_format")
    kinds |= {kind: getattr(options, kind) for kind in more}
    if sources[0].path.suffix in (".mlir", ".mlirbc"):
        if len(sources) > 1:
            raise ValueError("an .mlir file is compiled alone")
        output = options.output or Path(sources[0].path.with_suffix(".o").name)
        artifact = compile_mlir(read_mlir(sources[0].path), output, **kinds)
    else:
        functions = _functions(sources, parse_arguments(",".join(options.spec)))
        output = options.output or Path(f"{next(iter(functions))}{SUFFIXES.get(options.emit, '.o')}")
        artifact = compile(functions, output, **kinds)
    if not options.quiet:
        folder = output.parent
        first, *rest = artifact.files.values()
        size = (folder / first).stat().st_size
        seconds = time.perf_counter() - start
        print(f"{folder / first} ({size} bytes, {artifact.target}), {', '.join(rest)} in {seconds:.1f} s")


def _functions(sources: list[Source], specs: tuple[list, dict]) -> dict:
    loader = Sources(specs)
    functions: dict = {}
    for source in sources:
        for name, found in loader.functions(source).items():
            if name in functions:
                raise ValueError(f"two entries have the name {name}: give one another, as in {name}2={source.path}:...")
            functions[name] = found
    return functions


def main() -> None:
    try:
        run(sys.argv[1:])
    except BrokenPipeError:
        raise
    except Exception as error:  # a command line shows the message, not our stack
        sys.exit(f"tfc-compile: {type(error).__name__}: {error}")
