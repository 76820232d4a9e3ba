"""The C99 header of an artefact: one `static inline` function for each entry point, and the state as a struct."""

from __future__ import annotations

from importlib import resources

from tfc.export.header_call import descriptor_entry
from tfc.export.header_sized import sizes_field
from tfc.export.header_sizes import Sizes, result_sizes
from tfc.export.header_state import state_section
from tfc.export.header_text import c_string, c_type, comment, describe, dtype_code, function_name
from tfc.export.model import Artifact, Buffer, EntryPoint

# Scratch memory up to this size is on the stack of the caller, above it comes from host->allocate.
STACK_ARENA_BYTES = 32 * 1024


def runtime_header(name: str) -> str:
    """The text of a runtime header ("tfc_rt.h", "tfc_aot.h") that the package carries."""
    return resources.files("tfc").joinpath("include", "tfc-rt", name).read_text()


def _parameters(artifact: Artifact, entry: EntryPoint, sizes: Sizes) -> list[str]:
    result = ["tfc_host *host"]
    if artifact.variables:
        result.append(f"{artifact.prefix}_state *state")
    for buffer in entry.arguments:
        result.append(f"const {c_type(buffer)} *{buffer.name}")
        result += [f"int64_t {name}" for name in sizes.new[buffer.name]]
    for buffer in entry.results:
        if buffer.is_static:
            result.append(f"{c_type(buffer)} *{buffer.name}")
        else:
            result.append(f"{c_type(buffer)} **{buffer.name}")
            result += [f"int64_t *{name}" for name in result_sizes(buffer)]
    return result


def _documentation(artifact: Artifact, entry: EntryPoint) -> str:
    lines = [f"/* {comment(entry.signature)}"] if entry.signature else ["/*"]
    if entry.location:
        lines.append(f" * From {comment(entry.location)}.")
    lines.append(" *   host: services and the last error's text, or NULL for the defaults")
    if artifact.variables:
        used = ", ".join(entry.variables) or "none of it"
        changed = ", ".join(entry.written) or "none"
        lines.append(f" *   state: initialised by {artifact.prefix}_init; uses {used}; changes {changed}")
    lines += [f" *   {describe(b, 'in')}" for b in entry.arguments]
    for buffer in entry.results:
        text = describe(buffer, "out")
        if not buffer.is_static:
            text += "; allocated by the call, release it with tfc_release"
        lines.append(f" *   {text}")
    lines += [
        " * Dense row-major arrays that the caller owns; outputs may not overlap with anything else.",
        " * A pointer to no elements may be NULL. Unknown sizes are checked.",
        " * Returns TFC_OK, or an enum tfc_status, described in *host; then outputs are undefined,",
        " * and the state is what the program had done before the operation that failed. */",
    ]
    return "\n".join(lines)


def _checks(artifact: Artifact, entry: EntryPoint, sizes: Sizes) -> list[str]:
    """Refusal of NULL and of sizes that no array has."""
    name = function_name(artifact, entry)
    where = c_string(entry.location)
    lines = []
    if artifact.variables:
        lines += ["if (!state)", f"  return tfc_refuse(host, {c_string(f'{name}: state is NULL')}, {where});"]
    for variable in artifact.variables:
        if not variable.is_static and variable.name in entry.variables:
            problem = c_string(f"{name}: {variable.name} has no value; call {artifact.prefix}_init first")
            lines += [
                f"if (!state->{variable.name})",
                f"  return tfc_fail(host, TFC_FAILED_PRECONDITION, {problem}, {where});",
            ]
    for buffer in entry.arguments:
        if buffer.is_static:
            if buffer.num_elements:
                problem = c_string(f"{name}: {buffer.name} is NULL")
                lines += [f"if (!{buffer.name})", f"  return tfc_refuse(host, {problem}, {where});"]
            continue
        dims = iter(sizes.of[buffer.name])
        sizes_text = ", ".join(next(dims) if size is None else f"INT64_C({size})" for size in buffer.shape)
        known = ", ".join("-1" if size is None else f"INT64_C({size})" for size in buffer.shape)
        problem = f"{buffer.name}_shape"
        lines += [
            "{",
            f"  static const int64_t expected[] = {{{known}}};",
            f"  int64_t {problem}[{len(buffer.shape)}];",
            "  tfc_tensor_desc given;",
            *(f"  {problem}[{i}] = {text};" for i, text in enumerate(sizes_text.split(", "))),
            f"  given.data = (void *)(uintptr_t){buffer.name};",
            f"  given.dtype = {dtype_code(buffer)};",
            f"  given.rank = {len(buffer.shape)};",
            f"  given.shape = {problem};",
            f"  status = tfc_check_tensor(host, {c_string(name)}, {c_string(buffer.name)}, {where}, &given,",
            f"                            {dtype_code(buffer)}, {len(buffer.shape)}, expected);",
            "  if (status != TFC_OK)",
            "    return status;",
            "}",
        ]
    for buffer in entry.results:
        if buffer.is_static and not buffer.num_elements:
            continue
        pointers = [buffer.name, *([] if buffer.is_static else result_sizes(buffer))]
        test = " || ".join(f"!{p}" for p in pointers)
        problem = c_string(f"{name}: {buffer.name} is NULL")
        lines += [f"if ({test})", f"  return tfc_refuse(host, {problem}, {where});"]
    return lines


def _body(artifact: Artifact, entry: EntryPoint, sizes: Sizes) -> list[str]:
    pointers: list[str] = []
    values: list[str] = []
    for buffer in entry.arguments:
        pointers.append(f"(void *)(uintptr_t){buffer.name}")
        values += sizes.of[buffer.name]
    first_size: dict[str, int] = {}
    variables = {v.name: v for v in artifact.variables}
    for name in entry.variables:
        variable = variables[name]
        pointers.append(f"state->{name}")
        first_size[name] = len(values)
        sizes_of = "" if variable.is_static else sizes_field(artifact, variable)
        values += [f"state->{sizes_of}[{axis}]" for axis, size in enumerate(variable.shape) if size is None]
    for buffer in entry.results:
        pointers.append(buffer.name if buffer.is_static else "NULL")
        values += ["0"] * len(result_sizes(buffer))
    lines = []
    on_stack = 0 < entry.arena_bytes <= STACK_ARENA_BYTES
    arena = "NULL"
    if on_stack:
        lines.append(f"TFC_ALIGNED unsigned char arena[{entry.arena_bytes}];")
        arena = "arena"
    lines += [
        f"void *buffers[{max(1, len(pointers))}];",
        f"int64_t sizes[{max(1, len(values))}];",
        f"tfc_context ctx = tfc_make_context(host, {arena}, {entry.arena_bytes if on_stack else 0});",
        "int32_t status;",
    ]
    if entry.arena_bytes and not on_stack:
        lines.append("void *arena;")
    if artifact.threads != 1:
        lines += ["if (!ctx.parallel_for)", f"  ctx.parallel_for = {artifact.prefix}_parallel_for;"]
    lines += _checks(artifact, entry, sizes)
    if entry.arena_bytes and not on_stack:
        lines += [
            f"arena = ctx.allocate(&ctx, {entry.arena_bytes});",
            "if (!arena)",
            f'  return tfc_fail(host, TFC_OUT_OF_MEMORY, "no memory for temporaries", {c_string(entry.location)});',
            "ctx.arena = arena;",
            f"ctx.arena_bytes = {entry.arena_bytes};",
        ]
    lines += [f"buffers[{i}] = {text};" for i, text in enumerate(pointers)] or ["buffers[0] = NULL;"]
    lines += [f"sizes[{i}] = {text};" for i, text in enumerate(values)] or ["sizes[0] = 0;"]
    if any(not b.is_static or not b.num_elements for b in entry.arguments):
        # Compiled code may form an address from the pointer of an empty tensor.
        lines += [
            f"if (!buffers[{i}])\n    buffers[{i}] = sizes;"
            for i, b in enumerate(entry.arguments)
            if not b.is_static or not b.num_elements
        ]
    lines.append(f"status = {entry.symbol}(&ctx, buffers, sizes);")
    for number, name in enumerate(entry.variables):
        if not variables[name].is_static:
            at = len(entry.arguments) + number
            lines += _read_variable(artifact, variables[name], f"buffers[{at}]", first_size[name])
    lines += _read_dynamic_results(entry, len(entry.arguments) + len(entry.variables), len(values))
    if entry.arena_bytes and not on_stack:
        lines.append("ctx.deallocate(&ctx, arena);")
    lines.append("return status;")
    return lines


def _read_variable(artifact: Artifact, variable: Buffer, slot: str, at: int) -> list[str]:
    """A variable of another size has other memory; also after an error, for what came before it counts."""
    field = sizes_field(artifact, variable)
    unknown = [axis for axis, size in enumerate(variable.shape) if size is None]
    return [
        f"if ({slot} != (void *)state->{variable.name}) {{",
        f"  ctx.deallocate(&ctx, state->{variable.name});",
        f"  state->{variable.name} = ({c_type(variable)} *){slot};",
        "}",
        *(f"state->{field}[{axis}] = sizes[{at + i}];" for i, axis in enumerate(unknown)),
    ]


def _read_dynamic_results(entry: EntryPoint, first: int, num_sizes: int) -> list[str]:
    at = num_sizes - sum(len(result_sizes(b)) for b in entry.results)
    lines = []
    for i, buffer in enumerate(entry.results):
        if buffer.is_static:
            continue
        slot = f"buffers[{first + i}]"
        lines.append(f"*{buffer.name} = ({c_type(buffer)} *)(status == TFC_OK ? {slot} : NULL);")
        lines += [
            "if (status != TFC_OK)",
            f"  ctx.deallocate(&ctx, {slot});",
        ]
        for name in result_sizes(buffer):
            lines.append(f"*{name} = status == TFC_OK ? sizes[{at}] : 0;")
            at += 1
    return lines


def _entry(artifact: Artifact, entry: EntryPoint) -> str:
    name = function_name(artifact, entry)
    sizes = Sizes(entry)
    head = f"static TFC_UNUSED int32_t {name}("
    parameters = (",\n" + " " * len(head)).join(_parameters(artifact, entry, sizes))
    body = "\n".join("  " + line for line in _body(artifact, entry, sizes))
    return (
        f"extern int32_t {entry.symbol}(tfc_context *ctx, void **buffers, int64_t *sizes);\n\n"
        f"{_documentation(artifact, entry)}\n{head}{parameters}) {{\n{body}\n}}\n\n"
        f"{descriptor_entry(artifact, entry)}\n"
    )


_RELEASE = """#ifndef TFC_RELEASE
#define TFC_RELEASE
/* Releases a result that a call has allocated; `host` is the one of that call. */
static TFC_UNUSED void tfc_release(tfc_host *host, void *result) {
  tfc_context ctx = tfc_make_context(host, NULL, 0);
  ctx.deallocate(&ctx, result);
}
#endif
"""


def _threads(artifact: Artifact) -> list[str]:
    """The pool of an artefact that was compiled for several threads."""
    if artifact.threads == 1:
        return []
    head = f"static TFC_UNUSED int32_t {artifact.prefix}_parallel_for("
    return [
        runtime_header("tfc_threads.h"),
        f"{head}tfc_context *ctx, int64_t begin, int64_t end, int64_t grain,",
        " " * len(head) + "tfc_loop_body body, void *env) {",
        f"  return tfc_pool_run({artifact.threads}, ctx, begin, end, grain, body, env);",
        "}",
        "",
    ]


def _device_notes(artifact: Artifact) -> list[str]:
    """What a program has to know of an artefact with kernels."""
    if artifact.device is None:
        return []
    count, host = len(artifact.device["kernels"]), len(artifact.device["host"])
    driver = "libcuda.so.1" if artifact.device["triple"].startswith("nvptx") else "libvulkan.so.1"
    how = "the archive and the shared library contain it" if "runtime" not in artifact.files else "compile it, too"
    return [
        f" * {count} kernels for {artifact.device['triple']} {artifact.device['chip']}".rstrip()
        + f", {host} operations on the host (see the manifest).",
        f" * They run through the device runtime (tfc_gpu.c: {how}), which loads {driver} when the first kernel",
        " * runs: link with -ldl -lpthread. Without a driver or a device, calls return TFC_FAILED_PRECONDITION and say",
        " * what was looked for.",
    ]


def header(artifact: Artifact) -> str:
    """The text of the header; includes the runtime headers' text, so it stands alone."""
    file_name = artifact.files["header"]
    guard = "".join(c if c.isalnum() else "_" for c in f"{artifact.prefix}_{file_name}").upper()
    names = ", ".join(function_name(artifact, e) for e in artifact.entries)
    parts = [
        f"/* {file_name} - generated by tfc: {names}. Link with the object file of the same name, and libm.",
        " * Target: " + " ".join(filter(None, (artifact.target, artifact.cpu, artifact.features))),
        *(
            [f" * and, where the CPU is one, faster code for {', '.join(artifact.versions)}"]
            if artifact.versions
            else []
        ),
        *_device_notes(artifact),
        " */",
        f"#ifndef TFC_GENERATED_{guard}",
        f"#define TFC_GENERATED_{guard}",
        "",
        runtime_header("tfc_rt.h"),
        runtime_header("tfc_aot.h"),
        *([runtime_header("tfc_sized_state.h")] if artifact.is_sized else []),
        "#if TFC_ABI_VERSION != 1",
        f'#error "{file_name} was generated for another version of tfc than a header that was included before"',
        "#endif",
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        _RELEASE,
        *_threads(artifact),
        state_section(artifact),
        *(_entry(artifact, entry) for entry in artifact.entries),
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        f"#endif /* TFC_GENERATED_{guard} */",
        "",
    ]
    return "\n".join(parts)
