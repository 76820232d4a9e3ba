"""Functions to object files, libraries or text, with a C header and a manifest."""

from __future__ import annotations

import platform
from pathlib import Path

from tfc.compiler import compile_module
from tfc.dtypes import DTYPES
from tfc.errors import InvalidArgumentError, page
from tfc.export import files
from tfc.export.cxx_class import cxx_class_header
from tfc.export.device import describe_device, device_target, runtime_source
from tfc.export.header import header
from tfc.export.model import Artifact, Buffer, EntryPoint, layout
from tfc.export.naming import identifier
from tfc.export.program import Entry, Program, from_functions, from_module, functions_of
from tfc.ir import export_bytes

# What x86-64 code is made for by default: every machine, and those since 2013 that have AVX2 and FMA.
VERSIONS = ("generic", "x86-64-v3")
_DUMPS = {"asm": "asm", "llvm": "llvm-ir-optimized"}


def compile(
    functions,
    output,
    *,
    prefix: str | None = None,
    target: str = "",
    cpu: str = "",
    features: str = "",
    emit=None,
    opt_level: int = 2,
    opt_size: bool = False,
    strict_fp: bool = False,
    threads: int = 1,
    cxx_class: str | None = None,
    linker: str | None = None,
    sanitize: str | None = None,
    host_target: str = "",
    device_format: str = "",
) -> Artifact:
    """Writes ahead-of-time code of functions, with a header and a manifest beside it.

    Args:
        functions: a concrete function, or a `tf.function` with an `input_signature` or traces (each is an entry); a
            list or a dict (by entry name) of them; a `tf.Module` or a loaded saved model: all of its functions that
            say what they take. Variables that they share are one field of the state.
        output: the file to write; ``x.o`` comes with ``x.h`` and ``x.json``, and files for pkg-config and CMake.
        prefix: begins every C name; by default the file's name without its suffix.
        target: an LLVM target triple; by default this machine's. ``nvptx64-nvidia-cuda`` (`cpu`: ``sm_80``, ...) and
            ``spirv-unknown-vulkan``: code for this machine, or `host_target`, that launches kernels, which are in the
            object.
            The runtime that loads the driver comes as ``tfc_gpu.c`` beside an object, and is part of a library.
        cpu, features: as LLVM names them. ``cpu="native"`` is this machine's, "generic" the target's baseline. An
            entry that is called on a CPU without them returns TFC_UNIMPLEMENTED. Several CPUs, from the plainest to the
            best ("generic,x86-64-v3"): the code is there once for each, and entries run the best that the machine has;
            those without vectors are there once. By default the baseline, and on x86-64, unless `opt_size` or
            `features` are given, also x86-64-v3.
        emit: "object", "archive", "shared", "asm", "llvm" or "mlir", or a list of such; by default what the suffix of
            `output` (.o, .a, .so, .s, .ll, .mlir) says.
        opt_level, opt_size: 0 to 3; whether small code is worth more than fast code.
        strict_fp: neither fuse multiplications with additions nor reorder sums: every target then computes the same.
        threads: how many share large loops (0: as many as there are cores), in programs that give no
            ``host->parallel_for``. One by default: then the code has no parallel loops.
        cxx_class: also write ``x.hpp`` with a C++ class of this name (``ns::Name``) around the one entry, with the
        members that
            LLVM's `ReleaseModeModelRunner` and users of tfcompile expect.
        linker: the program that makes a shared library, by default the target's C compiler, or lld.
        sanitize: "address": instrument the code for AddressSanitizer.
        host_target: the triple of the machine that a GPU is in.
        device_format: of kernels for NVIDIA devices: "ptx" (the default), or "cubin", which needs `ptxas`.

    Returns:
        A description of what was written.

    Raises:
        InvalidArgumentError: a target, option or function that cannot be.
        UnimplementedError: a function that the compiler cannot compile.
        OSError: the files cannot be written, or there is no linker; then none is.
    """
    prefix = identifier(prefix or Path(output).name.split(".")[0])
    return compile_program(
        from_functions(functions_of(functions), prefix), output, prefix=prefix, target=target, cpu=cpu,
        features=features, emit=emit, opt_level=opt_level, opt_size=opt_size, strict_fp=strict_fp, threads=threads,
        cxx_class=cxx_class, linker=linker, sanitize=sanitize, host_target=host_target, device_format=device_format,
    )  # fmt: skip


def compile_mlir(module, output, *, prefix: str | None = None, **options) -> Artifact:
    """The same for a module of the tfc dialect (`mlir.ir.Module`); see `compile` for the options.

    Entries are the functions with the attribute ``tfc.entry``. Arguments of resource type are variables, named by
    ``tfc.name``, with the first value ``tfc.initial``.
    """
    prefix = identifier(prefix or Path(output).name.split(".")[0])
    return compile_program(from_module(module, prefix), output, prefix=prefix, **options)


def compile_program(
    program: Program, output, *, prefix, target="", cpu="", features="", emit=None, opt_level=2, opt_size=False,
    strict_fp=False, threads=1, cxx_class=None, linker=None, sanitize=None, host_target="", device_format="",
) -> Artifact:  # fmt: skip
    """Compiles a program and writes the files."""
    output = Path(output)
    kinds = files.kinds_of(output, emit)
    device = device_target(target, cpu, device_format)
    if device is not None:
        target, cpu = host_target, "generic"  # one version: what takes time is in the kernels
    elif host_target:
        raise InvalidArgumentError(
            None, None, page("a host target goes with a GPU as the target", want="nvptx64-nvidia-cuda", got=target)
        )
    if threads < 0:
        raise InvalidArgumentError(None, None, page("a number of threads is 0 or more", got=threads))
    if sanitize not in (None, "address"):
        raise InvalidArgumentError(None, None, page(f"there is no sanitizer {sanitize!r}", want="address"))
    data, initial_offsets = program.initial_data()
    if data:
        export_bytes(program.module, f"{prefix}_initial_state", data)
    code = compile_module(
        program.module,
        triple=target,
        cpu=cpu or _default_cpu(target, features, opt_size),
        features=features,
        opt_level=opt_level,
        opt_size=opt_size,
        contract=not strict_fp,
        reassociate=not strict_fp,
        parallel=threads != 1,
        check_cpu=True,
        sanitize_address=sanitize == "address",
        dumps=[_DUMPS[kind] for kind in kinds if kind in _DUMPS],
        device=device.compile_options if device is not None else None,
    )
    offsets, total = layout([v.nbytes if v.is_static else None for v in program.variables])
    first, *others = code.target["cpu"].split(",")
    artifact = Artifact(
        prefix,
        describe_entries(program, code),
        tuple(program.variables),
        offsets,
        total,
        code.target["triple"],
        first,
        code.target["features"],
        initial_offsets,
        files.names(output, kinds, cxx_class is not None, device is not None),
        threads,
        tuple(others),
        describe_device(device, code.device) if device is not None else None,
    )
    content = {
        "object": code.content,
        **{kind: code.texts[dump].encode() for kind, dump in _DUMPS.items() if kind in kinds},
    }
    if "mlir" in kinds:
        content["mlir"] = program.module.operation.get_asm(enable_debug_info=True).encode()
    content["header"] = header(artifact).encode()
    if device is not None:
        content["runtime"] = runtime_source(device).encode()
    if cxx_class is not None:
        content["class"] = cxx_class_header(artifact, cxx_class).encode()
    files.write(artifact, output.parent, kinds, content, linker)
    return artifact


def _default_cpu(target: str, features: str, opt_size: bool) -> str:
    """The baseline, for an object may run on another machine than this; on x86-64 also code for what most have."""
    x86 = (target or platform.machine()).startswith(("x86_64", "amd64", "AMD64"))
    return ",".join(VERSIONS) if x86 and not features and not opt_size else "generic"


def describe_entries(program: Program, code) -> tuple[EntryPoint, ...]:
    """The entries of a program, with what the compiler says about them."""
    # Calls with kernels take memory for temporaries from the device.
    on_device = code.device is not None and code.device.kernels
    return tuple(_entry(entry, code.entries[entry.symbol], not on_device) for entry in program.entries)


def _entry(entry: Entry, described: dict, has_arena: bool) -> EntryPoint:
    taken: set = set()
    arguments, results = [], []
    titles = iter(zip(entry.arguments, entry.symbols, strict=True))
    result_names = iter(entry.results)
    written, variables = [], iter(entry.variables)
    for buffer in described["buffers"]:
        shape = tuple(None if d < 0 else d for d in buffer["shape"])
        dtype = DTYPES[buffer["dtype"]]
        if buffer["kind"] == "argument":
            title, symbols = next(titles)
            arguments.append(Buffer(identifier(title, taken), dtype, shape, title, tuple(symbols)))
        elif buffer["kind"] == "result":
            title = next(result_names)
            results.append(Buffer(identifier(title, taken), dtype, shape, title))
        else:
            name = next(variables)
            if buffer["written"]:
                written.append(name)
    return EntryPoint(
        entry.name,
        entry.symbol,
        tuple(arguments),
        tuple(entry.variables),
        tuple(results),
        int(described["arena_bytes"]) if has_arena else 0,
        entry.signature,
        entry.location,
        tuple(written),
    )
