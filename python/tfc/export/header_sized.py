"""The part of the header about a state with variables whose sizes may change; see `tfc_sized_state.h`."""

from __future__ import annotations

from tfc.export.blob import blob_header, places
from tfc.export.header_text import c_count, c_type, comment, describe
from tfc.export.model import Artifact, Buffer


def sized_section(artifact: Artifact) -> str:
    """C text."""
    prefix = artifact.prefix
    first = [f"extern const unsigned char {artifact.initial_state_symbol}[];", ""]
    return "\n".join(
        [
            "/* The variables. The caller owns the state; any number of states may live side by side. A variable of",
            f" * unknown size is a pointer and its sizes: {prefix}_init gives it memory of the host, {prefix}_fini",
            " * releases it, and a call that changes its size gives it other memory. */",
            f"typedef struct {prefix}_state {{",
            *_fields(artifact),
            f"}} {prefix}_state;",
            "",
            *(first if artifact.initial_offsets else []),
            _description(artifact),
            *_init(artifact),
            "",
            _functions(prefix),
        ]
    )


def _fields(artifact: Artifact) -> list[str]:
    fields = []
    for variable in artifact.variables:
        fields.append(f"  /* {describe(variable, 'variable')} ({comment(variable.title)}) */")
        if variable.is_static:
            fields.append(f"  TFC_ALIGNED {c_type(variable)} {variable.name}[{c_count(variable)}];")
        else:
            fields += [
                f"  {c_type(variable)} *{variable.name};",
                f"  int64_t {sizes_field(artifact, variable)}[{len(variable.shape)}];",
            ]
    return fields


def sizes_field(artifact: Artifact, variable: Buffer) -> str:
    """The field with the sizes of a variable."""
    taken = {v.name for v in artifact.variables}
    name = f"{variable.name}_shape"
    while name in taken:
        name += "_"
    return name


def _description(artifact: Artifact) -> str:
    prefix = artifact.prefix
    head, checksum_at = blob_header(artifact)
    numbers = "\n".join("  " + ",".join(map(str, head[i : i + 32])) + "," for i in range(0, len(head), 32))
    shapes, parts = [], []
    for number, v in enumerate(artifact.variables):
        field = f"offsetof({prefix}_state, {v.name})"
        if v.is_static:
            parts.append(f"  {{{field}, 0, {v.nbytes}, 0, NULL}},")
            continue
        sizes = ", ".join("-1" if s is None else f"INT64_C({s})" for s in v.shape)
        shapes.append(f"static TFC_UNUSED const int64_t {prefix}_state_shape{number}[] = {{{sizes}}};")
        at = f"offsetof({prefix}_state, {sizes_field(artifact, v)})"
        parts.append(f"  {{{field}, {at}, {v.dtype.size}, {len(v.shape)}, {prefix}_state_shape{number}}},")
    where = places(artifact)
    return "\n".join(
        [
            f"static TFC_UNUSED const unsigned char {prefix}_state_head[{len(head)}] = {{",
            numbers,
            "};",
            f"static TFC_UNUSED const size_t {prefix}_state_places[] = {{{', '.join(map(str, where))}}};",
            *shapes,
            f"static TFC_UNUSED const tfc_sized_part {prefix}_state_parts[] = {{",
            *parts,
            "};",
            f"static TFC_UNUSED const tfc_sized_state {prefix}_state_form = {{",
            f'  "{prefix}_state", {prefix}_state_head, {len(head)}, {checksum_at},',
            f"  {prefix}_state_places, {len(where)},",
            f"  {prefix}_state_parts, {len(artifact.variables)}}};",
            "",
        ]
    )


def _init(artifact: Artifact) -> list[str]:
    prefix = artifact.prefix
    lines = [
        "/* Gives the variables their first values. Returns TFC_OK, or TFC_OUT_OF_MEMORY; then nothing is held. */",
        f"static TFC_UNUSED int32_t {prefix}_init(tfc_host *host, {prefix}_state *state) {{",
        "  tfc_context ctx = tfc_make_context(host, NULL, 0);",
        "  memset(state, 0, sizeof *state);",
    ]
    for number, v in enumerate(artifact.variables):
        offset = artifact.initial_offsets.get(v.name)
        value = None if offset is None else f"{artifact.initial_state_symbol} + {offset}"
        if v.is_static:
            if value is not None and v.nbytes:
                lines.append(f"  memcpy(state->{v.name}, {value}, {v.nbytes});")
            continue
        unknown = [s for s, known in zip(v.initial_shape, v.shape, strict=True) if known is None]
        lines += [
            "  {",
            f"    static const int64_t sizes[] = {{{', '.join(f'INT64_C({s})' for s in unknown)}}};",
            f"    if (!tfc_part_give(&ctx, &{prefix}_state_parts[{number}], state, sizes, {value or 'NULL'})) {{",
            f"      tfc_fini_sized(host, &{prefix}_state_form, state);",
            f'      return tfc_fail(host, TFC_OUT_OF_MEMORY, "no memory for the variable {v.name}", "{prefix}_init");',
            "    }",
            "  }",
        ]
    return [*lines, "  return TFC_OK;", "}"]


def _functions(prefix: str) -> str:
    return f"""/* Releases the memory of the variables; `host` is the one of the calls before. */
static TFC_UNUSED void {prefix}_fini(tfc_host *host, {prefix}_state *state) {{
  tfc_fini_sized(host, &{prefix}_state_form, state);
}}

/* The state as bytes: a safetensors file with one tensor for each variable, a version and a checksum.
 * Python reads and writes the same (tf.export.read_state, write_state, tf.train.load_checkpoint). */
static TFC_UNUSED size_t {prefix}_state_size(const {prefix}_state *state) {{
  return tfc_sized_bytes(&{prefix}_state_form, state);
}}

/* Writes {prefix}_state_size bytes. */
static TFC_UNUSED void {prefix}_save(const {prefix}_state *state, void *bytes) {{
  tfc_save_sized(&{prefix}_state_form, state, bytes);
}}

/* Reads what {prefix}_save or Python wrote, into a state that {prefix}_init has made. On an error (damaged, another
 * layout or version, no memory) the state stays as it is. */
static TFC_UNUSED int32_t {prefix}_load(tfc_host *host, {prefix}_state *state, const void *bytes, size_t num_bytes) {{
  int64_t numbers[sizeof {prefix}_state_places / sizeof {prefix}_state_places[0]];
  void *fresh[sizeof {prefix}_state_parts / sizeof {prefix}_state_parts[0]];
  return tfc_load_sized(host, &{prefix}_state_form, state, bytes, num_bytes, numbers, fresh);
}}
"""
