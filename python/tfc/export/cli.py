"""``tfc-compile``: a Python function to an object file."""

from __future__ import annotations

import argparse
import runpy
import sys
import time
from pathlib import Path

from tfc.errors import page
from tfc.export.compile import EMITS, compile
from tfc.export.specs import parse_spec
from tfc.function import ConcreteFunction, PolymorphicFunction, function


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tfc-compile", description="Compile Python tensor functions ahead of time.")
    parser.add_argument("functions", nargs="+", metavar="FILE.py:NAME", help="functions; NAME may be object.method")
    parser.add_argument("-o", "--output", type=Path, help="the file to write, default NAME.o; a .h and a .json come with it")
    parser.add_argument(
        "--spec", action="append", default=[], metavar="[NAME:]DTYPE[DIMS]",
        help="one for each argument, in order; ? is an unknown size. Several functions: FUNCTION.NAME:DTYPE[DIMS] is not needed "
        "where input_signature says it",
    )  # fmt: skip
    parser.add_argument("--prefix", help="begins every C name, default the output's name")
    parser.add_argument("--target", default="", help="LLVM triple, for example aarch64-linux-gnu")
    parser.add_argument("--cpu", default="", help="LLVM CPU name, or native")
    parser.add_argument("--features", default="", help="LLVM features, for example +avx2,+fma")
    parser.add_argument("--emit", choices=sorted(EMITS), default="object")
    parser.add_argument("-O", dest="opt_level", type=int, choices=range(4), default=2)
    parser.add_argument("-q", "--quiet", action="store_true")
    return parser


def _load(spec: str, loaded: dict):
    path, _, name = spec.rpartition(":")
    if not path or not name:
        raise ValueError(page(f"cannot read {spec!r}", want="FILE.py:NAME", got=spec))
    if path not in loaded:
        if not Path(path).is_file():
            raise FileNotFoundError(page(f"there is no file {path}", got=spec))
        sys.path.insert(0, str(Path(path).resolve().parent))
        loaded[path] = runpy.run_path(path)
    head, *rest = name.split(".")
    if head not in loaded[path]:
        names = sorted(k for k, v in loaded[path].items() if isinstance(v, (PolymorphicFunction, ConcreteFunction)))
        raise ValueError(page(f"{path} does not define {head!r}", want=", ".join(names) or "a tf.function", got=head))
    found = loaded[path][head]
    for attribute in rest:
        found = getattr(found, attribute)
    return rest[-1] if rest else head, found


def _concrete(name: str, found, specs: list) -> ConcreteFunction:
    if isinstance(found, ConcreteFunction):
        return found
    if not isinstance(found, PolymorphicFunction):
        if not callable(found):
            raise TypeError(page(f"{name} is not a function", got=repr(found)))
        found = function(found)
    if found.input_signature is not None and specs:
        raise ValueError(page(f"{name} has an input_signature: it says what the arguments are", fix="leave --spec out"))
    try:
        return found.get_concrete_function(*(() if found.input_signature is not None else specs))
    except TypeError as e:
        raise TypeError(page(f"{name}: {e}", fix="give one --spec for each argument")) from None


def run(arguments: list[str]) -> None:
    """Compiles as the command line says; raises on errors."""
    options = _parser().parse_args(arguments)
    start = time.perf_counter()
    specs = [parse_spec(s) for s in options.spec]
    loaded: dict = {}
    functions = {}
    for spec in options.functions:
        name, found = _load(spec, loaded)
        functions[name] = _concrete(name, found, specs)
    output = options.output or Path(f"{next(iter(functions))}{EMITS[options.emit]}")
    artifact = compile(
        functions,
        output,
        prefix=options.prefix,
        target=options.target,
        cpu=options.cpu,
        features=options.features,
        emit=options.emit,
        opt_level=options.opt_level,
    )
    if not options.quiet:
        print(
            f"{output} ({output.stat().st_size} bytes, {artifact.target}), {output.with_suffix('.h').name}, "
            f"{output.with_suffix('.json').name} in {time.perf_counter() - start:.1f} s"
        )


def main() -> None:
    try:
        run(sys.argv[1:])
    except BrokenPipeError:
        raise
    except Exception as error:  # a command line shows the message, not our stack
        sys.exit(f"tfc-compile: {type(error).__name__}: {error}")
