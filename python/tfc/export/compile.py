"""Concrete functions to an object file with a C header and a manifest."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import numpy as np

from tfc.compiler import compile_module
from tfc.dtypes import as_dtype
from tfc.errors import InvalidArgumentError, page
from tfc.export.header import header
from tfc.export.manifest import manifest
from tfc.export.model import Artifact, Buffer, EntryPoint, layout
from tfc.function import ConcreteFunction
from tfc.ir import assemble

# What `emit` may name, with the suffix of the file.
EMITS = {"object": ".o", "asm": ".s", "llvm": ".ll", "mlir": ".mlir"}
_DUMPS = {"asm": "asm", "llvm": "llvm-ir-optimized"}
_KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long register restrict "
    "return short signed sizeof static struct switch typedef union unsigned void volatile while bool class delete new operator "
    "private protected public template this throw try catch namespace using virtual friend host state ctx status buffers sizes "
    "arena".split()
)


def identifier(text: str, taken: set | None = None) -> str:
    """A C identifier made of a Python name, different from those in ``taken`` (which it joins)."""
    name = re.sub(r"\W", "_", text.split(":")[0]) or "_"
    if name[0].isdigit():
        name = "_" + name
    if name in _KEYWORDS:
        name += "_"
    if taken is None:
        return name
    base, number = name, 1
    while name in taken:
        name = f"{base}_{number}"
        number += 1
    taken.add(name)
    return name


def compile(
    functions,
    output,
    *,
    prefix: str | None = None,
    target: str = "",
    cpu: str = "",
    features: str = "",
    emit: str = "object",
    opt_level: int = 2,
) -> Artifact:
    """Writes ahead-of-time code of concrete functions, with a header and a manifest beside it.

    Args:
        functions: a ``ConcreteFunction``, a list of them, or a dict from entry names to them. Variables that they share
            are one field of the state.
        output: the file to write; ``x.o`` comes with ``x.h`` and ``x.json``.
        prefix: begins every C name; by default the file's name without its suffix.
        target: an LLVM target triple; by default this machine's.
        cpu, features: as LLVM names them; by default the target's baseline. ``cpu="native"`` is this machine's.
        emit: "object", "asm", "llvm" or "mlir".

    Returns:
        A description of what was written.

    Raises:
        InvalidArgumentError: a target, option or function that cannot be.
        UnimplementedError: a function that the compiler cannot compile.
        OSError: the files cannot be written; then none is.
    """
    if emit not in EMITS:
        raise InvalidArgumentError(
            None, None, page(f"there is no output kind {emit!r}", want=", ".join(EMITS), got=repr(emit))
        )
    output = Path(output)
    prefix = identifier(prefix or output.stem)
    cpu = cpu or "generic"  # the baseline: an object may run on another machine than this
    entries = _named(functions)
    state = _State(entries)
    symbols = {name: f"{prefix}_{name}_entry" if name != prefix else f"{prefix}_entry" for name in entries}
    parts = [(c._graph.function, symbols[name], _constants(c)) for name, c in entries.items()]
    module = assemble(parts, {f"{prefix}_initial_state": state.content} if state.buffers else {})
    if emit == "mlir":
        code = compile_module(module, triple=target, cpu=cpu, features=features)
        content = module.operation.get_asm(enable_debug_info=True).encode()
    else:
        dumps = [_DUMPS[emit]] if emit in _DUMPS else []
        code = compile_module(
            module, triple=target, cpu=cpu, features=features, opt_level=opt_level, dumps=dumps
        )
        content = code.texts[dumps[0]].encode() if dumps else code.content
    artifact = Artifact(
        prefix,
        tuple(_entry(name, c, symbols[name], code.entries[symbols[name]], state) for name, c in entries.items()),
        tuple(state.buffers),
        state.offsets,
        state.total,
        code.target.get("triple", target),
        code.target.get("cpu", cpu),
        code.target.get("features", features),
    )
    header_name = output.with_suffix(".h").name
    files = {emit: output.name, "header": header_name}
    _write(
        {
            output: content,
            output.with_suffix(".h"): header(artifact, header_name).encode(),
            output.with_suffix(".json"): manifest(artifact, files).encode(),
        }
    )
    return artifact


def _named(functions) -> dict[str, ConcreteFunction]:
    if isinstance(functions, ConcreteFunction):
        functions = [functions]
    if not isinstance(functions, dict):
        taken: set = set()
        functions = {identifier(_plain_name(f), taken): f for f in functions}
    if not functions:
        raise InvalidArgumentError(None, None, page("nothing to compile", want="at least one concrete function"))
    for name, function in functions.items():
        if not isinstance(function, ConcreteFunction):
            raise TypeError(
                page(
                    f"entry {name!r} is not a concrete function",
                    want="a ConcreteFunction",
                    got=repr(function),
                    fix="call get_concrete_function(*specs) of the tf.function",
                )
            )
        if identifier(name) != name:
            raise ValueError(page(f"entry name {name!r} is not a C identifier", fix=f"use {identifier(name)!r}"))
    return functions


def _plain_name(concrete) -> str:
    return getattr(concrete, "_name", None) or "entry"


def _constants(concrete) -> dict[int, np.ndarray]:
    """Captured tensors by argument number: they are frozen into the code."""
    first = len(concrete._graph.inputs)
    return {first + i: t._view() for i, t in enumerate(concrete._graph.captured)}


class _State:
    """The variables of all entries, each once, and their values now."""

    def __init__(self, entries: dict[str, ConcreteFunction]):
        self.names: dict[int, str] = {}
        self.buffers: list[Buffer] = []
        self._variables: list = []
        taken: set = set()
        for concrete in entries.values():
            for variable in _variables(concrete):
                if id(variable) in self.names:
                    continue
                title = getattr(variable, "name", "variable")
                name = self.names[id(variable)] = identifier(title, taken)
                shape = tuple(variable.shape_tuple) if variable.shape_tuple is not None else None
                if shape is None or None in shape:
                    raise InvalidArgumentError(
                        None,
                        None,
                        page(
                            f"variable {title} has unknown sizes: it cannot be a field of the state",
                            want="a variable of static shape",
                            got=f"shape {variable.shape}",
                            fix="create it without shape=",
                        ),
                    )
                self.buffers.append(Buffer(name, variable.dtype, shape, title))
                self._variables.append(variable)
        self.offsets, self.total = layout(tuple(self.buffers))

    @property
    def content(self) -> bytes:
        """The values as they lie in the initial state."""
        content = bytearray(self.total)
        for variable, offset in zip(self._variables, self.offsets, strict=True):
            data = np.ascontiguousarray(variable.numpy()).tobytes()
            content[offset : offset + len(data)] = data
        return bytes(content)


def _variables(concrete) -> list:
    if concrete._graph.variable_inputs:
        raise InvalidArgumentError(
            None,
            None,
            page(
                f"{_plain_name(concrete)} takes a variable as an argument, which has no C type",
                want="variables captured by closure or attribute",
                fix="capture the variable instead of passing it",
            ),
        )
    return concrete.live_variables()


def _entry(name: str, concrete, symbol: str, described: dict, state: _State) -> EntryPoint:
    taken: set = set()
    arguments, results = [], []
    titles = iter([t.op_name for t in concrete._graph.inputs])
    result_names = iter(_result_names(concrete))
    for buffer in described["buffers"]:
        shape = tuple(None if d < 0 else d for d in buffer["shape"])
        dtype = as_dtype(buffer["dtype"])
        if buffer["kind"] == "argument":
            title = next(titles)
            arguments.append(Buffer(identifier(title, taken), dtype, shape, title))
        elif buffer["kind"] == "result":
            title = next(result_names)
            results.append(Buffer(identifier(title, taken), dtype, shape, title))
    return EntryPoint(
        name,
        symbol,
        tuple(arguments),
        tuple(state.names[id(v)] for v in _variables(concrete)),
        tuple(results),
        int(described["arena_bytes"]),
        f"{name}{concrete.pretty_printed_signature(verbose=False)}",
        _location(concrete),
    )


def _result_names(concrete) -> list[str]:
    count = len(concrete._graph.outputs)
    return ["out"] if count == 1 else [f"out{i}" for i in range(count)]


def _location(concrete) -> str:
    code = getattr(getattr(concrete, "python_function", None), "__code__", None)
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}" if code else ""


def _write(files: dict[Path, bytes]) -> None:
    """Writes all files or none: each to a temporary file first, renamed when all are there."""
    written: list[tuple[str, Path]] = []
    try:
        for path, content in files.items():
            handle, temporary = _temporary(path)
            written.append((temporary, path))
            with os.fdopen(handle, "wb") as f:
                f.write(content)
            os.chmod(temporary, 0o644)
        for temporary, path in written:
            os.replace(temporary, path)
    finally:
        for temporary, _ in written:
            if os.path.exists(temporary):
                os.unlink(temporary)


def _temporary(path: Path):
    """An open file beside `path`; errors name `path`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as e:
        raise type(e)(e.errno, f"cannot write ({e.strerror})", str(path)) from None
