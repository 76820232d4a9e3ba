"""The C99 header of an artefact: one `static inline` function for each entry point, and the state as a struct."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from tfc.export.model import Artifact, Buffer, EntryPoint

# C types of the elements, by dtype name. Halves are their bits, complex numbers pairs.
C_TYPES = {
    "bool": "uint8_t",
    "int8": "int8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "uint8": "uint8_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
    "uint64": "uint64_t",
    "float16": "uint16_t",
    "bfloat16": "uint16_t",
    "float32": "float",
    "float64": "double",
    "complex64": "float",
    "complex128": "double",
}
# Scratch memory up to this size is on the stack of the caller, above it comes from host->allocate.
STACK_ARENA_BYTES = 32 * 1024


def runtime_header(name: str) -> str:
    """The text of a runtime header ("tfc_rt.h", "tfc_aot.h") that the package carries."""
    return resources.files("tfc").joinpath("include", "tfc-rt", name).read_text()


def _c_type(buffer: Buffer) -> str:
    return C_TYPES[buffer.dtype.name]


def _c_count(buffer: Buffer) -> int:
    """Array elements in C: complex numbers take two; an empty array is not legal C."""
    return max(1, buffer.num_elements * (2 if buffer.dtype.is_complex else 1))


def _comment(text: str) -> str:
    return text.replace("*/", "* /").replace("\n", " ")


def _describe(buffer: Buffer, role: str) -> str:
    shape = ", ".join("?" if size is None else str(size) for size in buffer.shape)
    special = {
        "bool": ", 0 or 1 each",
        "float16": ", the bits of IEEE halves",
        "bfloat16": ", the upper 16 bits of floats",
        "complex64": ", pairs (real, imaginary)",
        "complex128": ", pairs (real, imaginary)",
    }.get(buffer.dtype.name, "")
    return _comment(f"{role} {buffer.name}: {buffer.dtype.name}[{shape}]{special}")


def _dim_names(buffer: Buffer) -> list[str]:
    return [f"{buffer.name}_dim{i}" for i, size in enumerate(buffer.shape) if size is None]


def _function_name(artifact: Artifact, entry: EntryPoint) -> str:
    return artifact.prefix if entry.name == artifact.prefix else f"{artifact.prefix}_{entry.name}"


def _parameters(artifact: Artifact, entry: EntryPoint) -> list[str]:
    result = ["tfc_host *host"]
    if artifact.variables:
        result.append(f"{artifact.prefix}_state *state")
    for buffer in entry.arguments:
        result.append(f"const {_c_type(buffer)} *{buffer.name}")
        result += [f"int64_t {name}" for name in _dim_names(buffer)]
    for buffer in entry.results:
        if buffer.is_static:
            result.append(f"{_c_type(buffer)} *{buffer.name}")
        else:
            result.append(f"{_c_type(buffer)} **{buffer.name}")
            result += [f"int64_t *{name}" for name in _dim_names(buffer)]
    return result


def _documentation(artifact: Artifact, entry: EntryPoint) -> str:
    lines = [f"/* {_comment(entry.signature)}"] if entry.signature else ["/*"]
    if entry.location:
        lines.append(f" * From {_comment(entry.location)}.")
    lines.append(" *   host: services and the last error's text, or NULL for the defaults")
    if artifact.variables:
        used = ", ".join(entry.variables) or "none of it"
        lines.append(f" *   state: initialised by {artifact.prefix}_init; uses {used}")
    lines += [f" *   {_describe(b, 'in')}" for b in entry.arguments]
    for buffer in entry.results:
        text = _describe(buffer, "out")
        if not buffer.is_static:
            text += "; allocated by the call, release it with tfc_release"
        lines.append(f" *   {text}")
    lines.append(" * Dense row-major arrays that the caller owns; outputs may not overlap with anything else.")
    lines.append(" * Returns TFC_OK, or an enum tfc_status; then outputs are undefined. */")
    return "\n".join(lines)


def _body(artifact: Artifact, entry: EntryPoint) -> list[str]:
    offsets = dict(zip([v.name for v in artifact.variables], range(len(artifact.variables)), strict=True))
    pointers: list[str] = []
    sizes: list[str] = []
    for buffer in entry.arguments:
        pointers.append(f"(void *)(uintptr_t){buffer.name}")
        sizes += _dim_names(buffer)
    for name in entry.variables:
        assert name in offsets
        pointers.append(f"state->{name}")
    for buffer in entry.results:
        pointers.append(buffer.name if buffer.is_static else "NULL")
        sizes += ["0"] * len(_dim_names(buffer))
    lines = []
    on_stack = 0 < entry.arena_bytes <= STACK_ARENA_BYTES
    arena = "NULL"
    if on_stack:
        lines.append(f"TFC_ALIGNED unsigned char arena[{entry.arena_bytes}];")
        arena = "arena"
    lines += [
        f"void *buffers[{max(1, len(pointers))}];",
        f"int64_t sizes[{max(1, len(sizes))}];",
        f"tfc_context ctx = tfc_make_context(host, {arena}, {entry.arena_bytes if on_stack else 0});",
        "int32_t status;",
    ]
    if entry.arena_bytes and not on_stack:
        lines += [
            f"void *arena = ctx.allocate(&ctx, {entry.arena_bytes});",
            "if (!arena) {",
            "  if (ctx.report)",
            '    ctx.report(&ctx, TFC_OUT_OF_MEMORY, "no memory for temporaries", "", 0, 0, NULL);',
            "  return TFC_OUT_OF_MEMORY;",
            "}",
            "ctx.arena = arena;",
            f"ctx.arena_bytes = {entry.arena_bytes};",
        ]
    lines += [f"buffers[{i}] = {text};" for i, text in enumerate(pointers)] or ["buffers[0] = NULL;"]
    lines += [f"sizes[{i}] = {text};" for i, text in enumerate(sizes)] or ["sizes[0] = 0;"]
    if artifact.variables and not entry.variables:
        lines.append("(void)state;")
    lines.append(f"status = {entry.symbol}(&ctx, buffers, sizes);")
    lines += _read_dynamic_results(entry, len(entry.arguments) + len(entry.variables), sizes)
    if entry.arena_bytes and not on_stack:
        lines.append("ctx.deallocate(&ctx, arena);")
    lines.append("return status;")
    return lines


def _read_dynamic_results(entry: EntryPoint, first: int, sizes: list[str]) -> list[str]:
    at = len(sizes) - sum(len(_dim_names(b)) for b in entry.results)
    lines = []
    for i, buffer in enumerate(entry.results):
        if buffer.is_static:
            continue
        slot = f"buffers[{first + i}]"
        lines.append(f"*{buffer.name} = ({_c_type(buffer)} *)(status == TFC_OK ? {slot} : NULL);")
        lines += [
            "if (status != TFC_OK)",
            f"  ctx.deallocate(&ctx, {slot});",
        ]
        for name in _dim_names(buffer):
            lines.append(f"*{name} = sizes[{at}];")
            at += 1
    return lines


def _entry(artifact: Artifact, entry: EntryPoint) -> str:
    name = _function_name(artifact, entry)
    head = f"static TFC_UNUSED int32_t {name}("
    parameters = (",\n" + " " * len(head)).join(_parameters(artifact, entry))
    body = "\n".join("  " + line for line in _body(artifact, entry))
    return (
        f"extern int32_t {entry.symbol}(tfc_context *ctx, void **buffers, int64_t *sizes);\n\n"
        f"{_documentation(artifact, entry)}\n{head}{parameters}) {{\n{body}\n}}\n"
    )


def _state(artifact: Artifact) -> str:
    if not artifact.variables:
        return ""
    prefix = artifact.prefix
    fields = []
    for variable in artifact.variables:
        fields.append(f"  /* {_describe(variable, 'variable')} ({_comment(variable.title)}) */")
        fields.append(f"  TFC_ALIGNED {_c_type(variable)} {variable.name}[{_c_count(variable)}];")
    copies = [
        f"  memcpy(state->{v.name}, {artifact.initial_state_symbol} + {offset}, {v.nbytes});"
        for v, offset in zip(artifact.variables, artifact.offsets, strict=True)
        if v.nbytes
    ]
    return "\n".join(
        [
            "/* The variables. The caller owns the state; any number of states may live side by side. */",
            f"typedef struct {prefix}_state {{",
            *fields,
            f"}} {prefix}_state;",
            "",
            f"extern const unsigned char {artifact.initial_state_symbol}[];",
            "",
            "/* Gives the variables their initial values. */",
            f"static TFC_UNUSED void {prefix}_init({prefix}_state *state) {{",
            *copies,
            "}",
            "",
        ]
    )


def header(artifact: Artifact, file_name: str) -> str:
    """The text of the header ``file_name`` for an artefact; includes the runtime headers' text, so it stands alone."""
    guard = "".join(c if c.isalnum() else "_" for c in Path(file_name).name).upper()
    names = ", ".join(_function_name(artifact, e) for e in artifact.entries)
    dynamic = any(not b.is_static for e in artifact.entries for b in e.results)
    parts = [
        f"/* {file_name} - generated by tfc: {names}. Link with the object file of the same name, and libm.",
        f" * Target: {artifact.target} {artifact.cpu} {artifact.features}".rstrip() + " */",
        f"#ifndef TFC_GENERATED_{guard}",
        f"#define TFC_GENERATED_{guard}",
        "",
        runtime_header("tfc_rt.h"),
        runtime_header("tfc_aot.h"),
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        _state(artifact),
        *(_entry(artifact, entry) for entry in artifact.entries),
    ]
    if dynamic:
        parts += [
            "#ifndef TFC_RELEASE",
            "#define TFC_RELEASE",
            "/* Releases a result that a call has allocated; `host` is the one of that call. */",
            "static TFC_UNUSED void tfc_release(tfc_host *host, void *result) {",
            "  tfc_context ctx = tfc_make_context(host, NULL, 0);",
            "  ctx.deallocate(&ctx, result);",
            "}",
            "#endif",
            "",
        ]
    parts += ["#ifdef __cplusplus", "}", "#endif", "", f"#endif /* TFC_GENERATED_{guard} */", ""]
    return "\n".join(parts)
